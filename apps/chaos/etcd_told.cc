// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_told.h"

#include <algorithm>
#include <utility>

#include "bowline/etcd/convert.h"
#include "bowline/kv/interval.h"

namespace bowline::chaos {
namespace {

using etcdserverpb::WatchCreateRequest;
using etcdserverpb::WatchResponse;
using Step = WatchStep::Kind;

constexpr std::int64_t nobody = -1;

bool has(const WatchCreateRequest& request, WatchCreateRequest::FilterType filter) {
  return std::ranges::find(request.filters(), static_cast<int>(filter)) != request.filters().end();
}

}  // namespace

EtcdTold::EtcdTold(const EtcdPast& past, const std::vector<Compaction>& compactions)
    : past_(past), compactions_(compactions) {}

std::string EtcdTold::fault(const WatchStory& story, std::int64_t through) {
  watchers_.clear();
  left_off_.clear();
  for (const WatchStep& step : story.steps) {
    std::string wrong;
    if (step.kind == Step::said) wrong = said(step);
    if (step.kind == Step::heard) wrong = heard(step);
    if (step.kind == Step::broke) left_off_.merge(std::exchange(watchers_, {}));
    if (!wrong.empty())
      return story.name + " at member " + std::to_string(step.member + 1) + " [" +
             std::to_string(step.at) + "] " + wrong + " (I16)";
  }
  for (const auto& [id, watcher] : watchers_) {
    if (through == 0 || watcher.is_unwanted) continue;
    const std::size_t next = next_of(watcher);
    if (!watcher.is_created || next < past_.first_of(through + 1))
      return story.name + ": watcher " + std::to_string(id) + " was not told of " +
             (watcher.is_created ? name_of(past_.writes()[next].main) : "its beginning") + " (I16)";
  }
  return {};
}

// Who goes on has to ask for what it does not know yet: that is for the test to get right.
std::string EtcdTold::said(const WatchStep& step) {
  etcdserverpb::WatchRequest request;
  request.ParseFromString(step.message);
  if (request.has_cancel_request()) {
    const auto found = watchers_.find(request.cancel_request().watch_id());
    if (found != watchers_.end()) found->second.is_unwanted = true;
  }
  if (!request.has_create_request()) return {};
  Watcher watcher{.request = request.create_request()};
  const std::int64_t id = watcher.request.watch_id();
  if (auto before = left_off_.extract(id)) {
    const Watcher& was = before.mapped();
    const std::int64_t next = was.known > 0 ? was.known + 1 : was.request.start_revision();
    if (watcher.request.start_revision() != next) return "goes on where it had not left off";
    watcher.is_resumed = true;
    ++resumed_;
  }
  watchers_[id] = std::move(watcher);
  return {};
}

std::string EtcdTold::heard(const WatchStep& step) {
  WatchResponse response;
  if (!response.ParseFromString(step.message)) return "is told what is no message";
  const std::int64_t id = response.watch_id();
  if (id == nobody && !response.created() && !response.canceled() && response.events().empty()) {
    for (auto& [number, watcher] : watchers_)
      if (watcher.is_created)
        if (std::string wrong = progressed(watcher, response.header().revision()); !wrong.empty())
          return wrong;
    return {};
  }
  const auto found = watchers_.find(id);
  if (found == watchers_.end()) return "is told something for no watcher of it";
  Watcher& watcher = found->second;
  if (response.created()) return created(watcher, response);
  if (!watcher.is_created) return "is told something before its watcher is there";
  if (response.canceled()) return ended(id, response, step.at);
  if (!response.events().empty()) return told(watcher, response, step.at);
  if (!watcher.request.progress_notify()) return "is told of progress, and did not want it";
  return progressed(watcher, response.header().revision());
}

std::string EtcdTold::created(Watcher& watcher, const WatchResponse& response) {
  if (watcher.is_created || response.canceled()) return "has its watcher twice, or it ends at once";
  watcher.is_created = true;
  std::int64_t start = watcher.request.start_revision();
  if (start == 0) start = response.header().revision() + 1;
  watcher.request.set_start_revision(start);
  watcher.known = start - 1;
  watcher.next = past_.first_of(start);
  return {};
}

bool EtcdTold::wants(const Watcher& watcher, const kv::model::Write& write) const {
  if (has(watcher.request, write.now ? WatchCreateRequest::NOPUT : WatchCreateRequest::NODELETE))
    return false;
  return kv::Interval{watcher.request.key(), watcher.request.range_end()}.contains(write.key);
}

std::size_t EtcdTold::next_of(const Watcher& watcher) const {
  const auto& writes = past_.writes();
  std::size_t next = watcher.next;
  while (next < writes.size() && !wants(watcher, writes[next])) ++next;
  return next;
}

std::int64_t EtcdTold::most_compacted(Moment moment) const {
  std::int64_t most = 0;
  for (const Compaction& one : compactions_)
    if (one.called < moment) most = std::max(most, one.revision);
  return most;
}

// What was there before may be missing if it may be compacted.
bool EtcdTold::is_expected(const Watcher& watcher, const mvccpb::Event& event,
                           const kv::model::Write& write, Moment at) const {
  kv::Event wanted{.kind = write.now ? kv::Event::Kind::put : kv::Event::Kind::erase,
                   .sub = write.sub,
                   .item = {.key = write.key, .value = {}, .mod_revision = write.main},
                   .before = std::nullopt};
  if (write.now) wanted.item = kv::model::item_of(write.key, *write.now);
  const bool is_new = write.now && write.now->create == write.main;
  const kv::model::Value* const before = past_.at(write.main - 1, write.key);
  const auto is_it = [&] {
    mvccpb::Event message;
    etcd::fill(message, wanted);
    return message.SerializeAsString() == event.SerializeAsString();
  };
  if (!watcher.request.prev_kv() || is_new || before == nullptr) return is_it();
  if (!event.has_prev_kv() && write.main - 1 < most_compacted(at)) return is_it();
  wanted.before = kv::model::item_of(write.key, *before);
  return is_it();
}

std::string EtcdTold::told(Watcher& watcher, const WatchResponse& response, Moment at) {
  const auto& writes = past_.writes();
  if (response.fragment() && !watcher.request.fragment()) return "is told a part of a revision";
  std::int64_t last = 0;
  for (const mvccpb::Event& event : response.events()) {
    ++events_;
    last = event.kv().mod_revision();
    const std::size_t next = next_of(watcher);
    if (next == writes.size() || !is_expected(watcher, event, writes[next], at))
      return "is told of " + name_of(last) + ", and what comes next is " +
             (next == writes.size() ? "nothing" : name_of(writes[next].main));
    watcher.next = next + 1;
  }
  if (response.header().revision() < last) return "is told of what is after the header's revision";
  watcher.in_revision = response.fragment();
  watcher.known = std::max(watcher.known, response.fragment() ? last - 1 : last);
  const std::size_t next = next_of(watcher);
  if (!response.fragment() && next < writes.size() && writes[next].main == last)
    return "is told " + name_of(last) + " in two pieces";
  return {};
}

std::string EtcdTold::progressed(Watcher& watcher, std::int64_t revision) {
  ++progress_;
  const std::size_t next = next_of(watcher);
  if (watcher.in_revision ||
      (next < past_.writes().size() && past_.writes()[next].main <= revision))
    return "is told that it knows all through " + name_of(revision) + ", and was not told of " +
           name_of(past_.writes()[next].main);
  watcher.known = std::max(watcher.known, revision);
  return {};
}

std::string EtcdTold::ended(std::int64_t id, const WatchResponse& response, Moment at) {
  const Watcher watcher = watchers_.extract(id).mapped();
  const std::int64_t compacted = response.compact_revision();
  if (compacted == 0)
    return watcher.is_unwanted ? "" : "ends, and nobody wanted that: " + response.cancel_reason();
  ++compacted_;
  if (compacted > most_compacted(at)) return "ends for what nobody compacted";
  if (watcher.known + 1 >= compacted) return "ends at what is compacted, and needs nothing of it";
  if (watcher.in_revision) return "ends within a revision";
  return {};
}

}  // namespace bowline::chaos
