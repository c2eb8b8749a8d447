// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_known.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "apps/chaos/etcd_trial.h"
#include "bowline/kv/item.h"

namespace bowline::chaos {
namespace {

// A header, and the time in which it was made. A word to a watcher comes whenever it likes: it is
// only known that it was made before it came.
struct Header {
  Moment called = 0;
  Moment ended = 0;
  std::uint64_t member = 0;
  std::uint64_t term = 0;
  std::int64_t revision = 0;
};
using Headers = std::map<std::pair<std::size_t, std::uint64_t>, std::vector<Header>>;

Headers headers_of(const EtcdHistory& history) {
  Headers headers;
  for (const EtcdCall& call : history.calls)
    if (const auto header = header_in(call))
      headers[{call.member, call.life}].push_back(
          {call.called, call.ended, header->member_id(), header->raft_term(), header->revision()});
  for (const WatchStory& story : history.stories)
    for (const WatchStep& step : story.steps) {
      if (step.kind != WatchStep::Kind::heard) continue;
      etcdserverpb::WatchResponse response;
      response.ParseFromString(step.message);
      headers[{step.member, step.life}].push_back({0, step.at, response.header().member_id(),
                                                   response.header().raft_term(),
                                                   response.header().revision()});
    }
  return headers;
}

std::string fault_of(std::vector<Header> headers) {
  std::vector<Header> by_end = headers;
  std::ranges::sort(headers, {}, &Header::called);
  std::ranges::sort(by_end, {}, &Header::ended);
  std::int64_t revision = 0;
  std::uint64_t term = 0;
  auto ended = by_end.begin();
  for (const Header& header : headers) {
    for (; ended != by_end.end() && ended->ended < header.called; ++ended) {
      revision = std::max(revision, ended->revision);
      term = std::max(term, ended->term);
    }
    if (header.member != headers.front().member) return "answers with the id of another one";
    if (header.called == 0) continue;
    if (header.term < term) return "goes back to term " + std::to_string(header.term);
    if (header.revision < revision)
      return "goes back from revision " + std::to_string(revision) + " to " +
             std::to_string(header.revision);
  }
  return {};
}

}  // namespace

EtcdKnown::EtcdKnown(const EtcdHistory& history) {
  for (const auto& [who, headers] : headers_of(history))
    for (const Header& header : headers) sights_.push_back({header.ended, header.revision, 0});
  std::ranges::sort(sights_, {}, &Sight::at);
  std::int64_t newest = kv::first_revision;
  for (Sight& sight : sights_) sight.newest = newest = std::max(newest, sight.revision);
}

std::int64_t EtcdKnown::before(Moment moment) const {
  const auto after = std::ranges::lower_bound(sights_, moment, {}, &Sight::at);
  return after == sights_.begin() ? kv::first_revision : std::prev(after)->newest;
}

Moment EtcdKnown::first(std::int64_t revision) const {
  const auto found = std::ranges::lower_bound(sights_, revision, {}, &Sight::newest);
  return found == sights_.end() ? std::numeric_limits<Moment>::max() : found->at;
}

std::string header_fault(const EtcdHistory& history) {
  for (const auto& [who, headers] : headers_of(history))
    if (const std::string fault = fault_of(headers); !fault.empty())
      return "member " + std::to_string(who.first + 1) + " " + fault + " (I23)";
  return {};
}

}  // namespace bowline::chaos
