// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/network.h"

#include <algorithm>
#include <variant>

#include "bowline/sim/hash.h"

namespace bowline::sim {

Network::Network(Decisions& decisions, const Climate& climate, std::uint32_t nodes)
    : climate_(climate), nodes_(nodes) {
  links_.reserve(std::size_t{nodes} * nodes);
  for (std::uint32_t from = 0; from < nodes; ++from)
    for (std::uint32_t to = 0; to < nodes; ++to)
      links_.emplace_back(Chance(decisions, {.part = Part::link,
                                             .a = static_cast<std::uint8_t>(from),
                                             .b = static_cast<std::uint8_t>(to)}));
}

Time Network::arrival(Link& link, Time now) {
  Duration takes = climate_.latency_floor;
  if (link.exactly.count() >= 0) {
    takes = link.exactly;
  } else if (!link.calm) {
    takes += link.chance.exponential("latency", climate_.latency) + link.slower;
    if (link.chance.happens("spike", climate_.spike_ppm))
      takes += link.chance.exponential("spike by", climate_.spike);
  }
  Time at = std::max(now + takes, link.clogged_until);
  if (climate_.in_order) at = std::max(at, link.last_arrival + Duration(1));
  link.last_arrival = std::max(link.last_arrival, at);
  return at;
}

Fate Network::send(NodeId from, NodeId to, Time now) {
  Link& l = link(from, to);
  Fate fate;
  const std::uint64_t lost_ppm = l.calm ? 0 : climate_.lost_ppm + l.lost_ppm;
  if (l.cuts > 0 || l.chance.happens("lost", lost_ppm)) {
    fate.lost = true;
  } else {
    fate.add(arrival(l, now));
  }
  if (l.calm) return fate;
  if (l.chance.happens("doubled", climate_.doubled_ppm) && !fate.lost) fate.add(arrival(l, now));
  // Even one that was lost may have been held up somewhere all the while.
  if (l.chance.happens("late", climate_.late_ppm))
    fate.add(now + climate_.latency_floor + l.chance.exponential("late by", climate_.late));
  return fate;
}

void Network::remove_cut(NodeId from, NodeId to) {
  Link& l = link(from, to);
  if (l.cuts > 0) --l.cuts;
}

void Network::heal(NodeId from, NodeId to) {
  Link& l = link(from, to);
  l.cuts = 0;
  l.lost_ppm = 0;
  l.slower = Duration(0);
  l.clogged_until = {};
  l.last_arrival = {};
}

void Network::clog(NodeId from, NodeId to, Time until) {
  Link& l = link(from, to);
  l.clogged_until = std::max(l.clogged_until, until);
}

void Network::add_storm(NodeId from, NodeId to, std::uint32_t lost_ppm, Duration slower) {
  Link& l = link(from, to);
  l.lost_ppm += lost_ppm;
  l.slower += slower;
}

void Network::remove_storm(NodeId from, NodeId to, std::uint32_t lost_ppm, Duration slower) {
  Link& l = link(from, to);
  l.lost_ppm -= std::min(l.lost_ppm, lost_ppm);
  l.slower -= std::min(l.slower, slower);
}

void Network::set_latency(NodeId from, NodeId to, Duration latency) {
  link(from, to).exactly = latency;
}

namespace {

// Length and checksum of a frame, the group, the term, and what it is. The cluster, the version and
// the lives at both ends are told once, when a connection opens.
constexpr std::uint64_t head_bytes = 4 + 4 + 8 + 8 + 1;

std::uint64_t weigh(const raft::Batch& entries) {
  std::uint64_t bytes = 0;
  for (const raft::Entry& entry : entries) bytes += 21 + entry.payload.size();
  return bytes;
}

struct Weigh {
  std::uint64_t operator()(const raft::AppendRequest& body) const {
    return 34 + weigh(body.entries);
  }
  std::uint64_t operator()(const raft::AppendReply&) const { return 41; }
  std::uint64_t operator()(const raft::EntriesReply& body) const { return weigh(body.entries); }
  std::uint64_t operator()(const raft::EntriesRequest& body) const {
    return 16 * body.wanted.size();
  }
  std::uint64_t operator()(const raft::SnapshotOffer& body) const {
    const std::size_t members =
        body.base.membership == nullptr ? 0 : body.base.membership->members.size();
    return 40 + 32 * members;
  }
  std::uint64_t operator()(const auto&) const { return 32; }
};

struct Fingerprint {
  std::uint64_t hash;
  void add(std::uint64_t value) { hash = mixed(hash, value); }
  void add(LogId id) {
    add(id.term.value);
    add(id.index.value);
  }
  void operator()(const raft::VoteRequest& body) {
    add(body.last);
    add(body.campaign.value);
    add((body.pre ? 1U : 0U) | (body.transfer ? 2U : 0U));
  }
  void operator()(const raft::VoteReply& body) {
    add(body.campaign.value);
    add((body.pre ? 1U : 0U) | (body.granted ? 2U : 0U));
    add(static_cast<std::uint64_t>(body.denial));
  }
  void operator()(const raft::AppendRequest& body) {
    add(body.prev);
    add(body.commit.value);
    add(body.round.value);
    add(body.entries.size());
    if (!body.entries.empty()) add(body.entries.back().id);
  }
  void operator()(const raft::AppendReply& body) {
    add(body.round.value);
    add(body.match.value);
    add(body.refused.value);
    add(body.hint);
    add((body.matched ? 1U : 0U) | (body.full ? 2U : 0U) | (body.installing ? 4U : 0U));
  }
  void operator()(const raft::SnapshotOffer& body) {
    add(body.base.id);
    add(body.commit.value);
    add(body.round.value);
  }
  void operator()(const raft::TimeoutNow&) {}
  void operator()(const raft::ReadRequest& body) { add(body.id.value); }
  void operator()(const raft::ReadReply& body) {
    add(body.id.value);
    add(body.index.value + (body.granted ? 1U : 0U));
  }
  void operator()(const raft::EntriesRequest& body) {
    add(body.wanted.size());
    if (!body.wanted.empty()) add(body.wanted.front());
  }
  void operator()(const raft::EntriesReply& body) {
    add(body.entries.size());
    if (!body.entries.empty()) add(body.entries.front().id);
  }
};

}  // namespace

std::uint64_t weight(const raft::Message& message) {
  return head_bytes + std::visit(Weigh{}, message.body);
}

std::uint64_t fingerprint(const raft::Message& message) {
  Fingerprint print{mixed(message.term.value, message.body.index())};
  std::visit(print, message.body);
  return print.hash;
}

}  // namespace bowline::sim
