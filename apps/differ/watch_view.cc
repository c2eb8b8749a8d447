// SPDX-License-Identifier: Apache-2.0
#include "apps/differ/watch_view.h"

#include <algorithm>
#include <utility>

#include "bowline/kv/interval.h"

namespace bowline::differ {
namespace {

using etcdserverpb::WatchCreateRequest;
using etcdserverpb::WatchResponse;

constexpr std::string_view first_key("\0", 1);

bool has(const WatchCreateRequest& request, int filter) {
  return std::ranges::find(request.filters(), filter) != request.filters().end();
}

}  // namespace

std::int64_t Watched::start() const {
  return request.start_revision() == 0 ? created_at + 1 : request.start_revision();
}

bool Watched::began_in_the_present() const {
  return request.start_revision() == 0 || request.start_revision() > created_at;
}

bool Watched::wants(const mvccpb::Event& event) const {
  const bool is_put = event.type() == mvccpb::Event::PUT;
  if (is_put ? has(request, WatchCreateRequest::NOPUT) : has(request, WatchCreateRequest::NODELETE))
    return false;
  const kv::Interval keys{request.key().empty() ? first_key : std::string_view(request.key()),
                          request.range_end()};
  return event.kv().mod_revision() >= start() && keys.contains(event.kv().key());
}

void WatchView::asked(const WatchCreateRequest& request, std::int64_t compacted) {
  asked_.push_back(request);
  compacted_.push_back(compacted);
}

Watched* WatchView::live(std::int64_t id) {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : &watches[found->second];
}

bool WatchView::is_up_to_date(std::int64_t revision) const {
  return !live_.empty() && std::ranges::all_of(live_, [&](const auto& one) {
    return watches[one.second].request.start_revision() <= revision;
  });
}

void WatchView::heard(const std::string& message, const Names& names) {
  bytes += message.size();
  WatchResponse response;
  if (!response.ParseFromString(message) || response.SerializeAsString() != message) {
    fault = "these bytes are not what they mean: " + text(response);
    return;
  }
  mark_leases(response, names);
  response.mutable_header()->set_raft_term(0);
  std::string marked = response.SerializeAsString();
  if (response.created()) return take_created(response, std::move(marked));
  if (response.canceled()) return take_canceled(response, std::move(marked));
  if (response.events().empty()) return take_progress(response, std::move(marked));
  take_events(response, std::move(marked));
}

void WatchView::take_created(const WatchResponse& response, std::string marked) {
  created.push_back(std::move(marked));
  if (created.size() > asked_.size()) {
    fault = "a watch begins that nobody asked for: " + text(response);
    return;
  }
  if (response.canceled()) return;
  Watched& watch = watches.emplace_back();
  watch.request = asked_[created.size() - 1];
  watch.compacted_then = compacted_[created.size() - 1];
  watch.created_at = response.header().revision();
  live_[response.watch_id()] = watches.size() - 1;
}

void WatchView::take_canceled(const WatchResponse& response, std::string marked) {
  Watched* const watch = live(response.watch_id());
  if (watch == nullptr && ended_.erase(response.watch_id()) != 0)
    return twice.push_back(std::move(marked));
  if (watch == nullptr) {
    fault = "a watch ends that was not there: " + text(response);
    return;
  }
  watch->canceled = std::move(marked);
  watch->compact_revision = response.compact_revision();
  live_.erase(response.watch_id());
  if (response.compact_revision() != 0) ended_.insert(response.watch_id());
}

void WatchView::take_progress(const WatchResponse& response, std::string marked) {
  progress.push_back(std::move(marked));
  for (const auto& [id, at] : live_)
    if (response.watch_id() == -1 || response.watch_id() == id)
      watches[at].told_through = response.header().revision();
}

std::string WatchView::progress_at(std::int64_t revision) const {
  for (const std::string& one : progress) {
    WatchResponse response;
    if (response.ParseFromString(one) && response.header().revision() == revision) return one;
  }
  return {};
}

// Whatever the server: in order, each revision whole, and none ahead of the header.
void WatchView::take_events(const WatchResponse& response, std::string marked) {
  Watched* const watch = live(response.watch_id());
  if (watch == nullptr) {
    fault = "events of a watch that is not there: " + text(response);
    return;
  }
  const std::int64_t first = response.events(0).kv().mod_revision();
  const std::int64_t before = watch->events.empty() ? 0 : watch->events.back().kv().mod_revision();
  const bool goes_on = first == before && watch->request.fragment();
  if (first <= before && !goes_on) fault = "a revision twice, or out of order: " + text(response);
  if (first <= watch->told_through) fault = "events from before a progress: " + text(response);
  for (const mvccpb::Event& event : response.events()) watch->events.push_back(event);
  if (watch->events.back().kv().mod_revision() > response.header().revision())
    fault = "events ahead of the header: " + text(response);
  watch->responses.push_back(std::move(marked));
}

}  // namespace bowline::differ
