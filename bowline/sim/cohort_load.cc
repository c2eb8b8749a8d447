// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/cohort_load.h"

#include <chrono>
#include <utility>
#include <vector>

#include "bowline/sim/hash.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t at_once = 3;
constexpr std::uint64_t a_pause_every = 20;

std::uint64_t payload_bytes(Prng& prng) {
  const std::uint64_t kind = prng.below(100);
  if (kind < 70) return 16 + prng.below(300);
  if (kind < 90) return 300 + prng.below(2700);
  return 4200 + prng.below(7000);  // more than a block
}

}  // namespace

CohortLoad::CohortLoad(Cohort& cohort, std::uint64_t seed, std::uint64_t operations)
    : cohort_(cohort), seed_(seed), operations_(operations) {
  cohort_.told = [this](NodeId node, const raft::Effect& effect) { heard(node, effect); };
}

bool CohortLoad::run(std::uint64_t operations) {
  const std::uint64_t goal = over_ + operations;
  return cohort_.run_until(
      [&] {
        turn();
        return over_ >= goal || done();
      },
      600s);
}

void CohortLoad::turn() {
  expire();
  if (asked_ >= operations_ || open_.size() >= at_once || cohort_.now() < next_) return;
  const NodeId leader = cohort_.leader();
  if (!leader) return find_leader();
  ask(leader);
}

void CohortLoad::find_leader() {
  if (cohort_.now() < next_try_) return;
  next_try_ = cohort_.now() + 20ms;
  cohort_.hurry();
}

void CohortLoad::expire() {
  std::vector<Ticket> late;
  for (const auto& [ticket, open] : open_)
    if (cohort_.now() >= open.until || cohort_.core(open.node) == nullptr) late.push_back(ticket);
  for (const Ticket ticket : late) close(ticket);
}

void CohortLoad::close(Ticket ticket) {
  if (open_.erase(ticket) > 0) ++over_;
}

Ticket CohortLoad::open(NodeId node, std::uint64_t count) {
  const Ticket ticket{++tickets_};
  open_[ticket] = {.node = node, .until = cohort_.now() + 3s, .first = {}, .count = count};
  return ticket;
}

void CohortLoad::ask(NodeId leader) {
  Prng prng(mixed(seed_, ++asked_));
  next_ = cohort_.now() + Duration(static_cast<std::int64_t>(prng.below(400'000)));
  if (asked_ % a_pause_every == 0) next_ = cohort_.now() + 40ms;  // a mark is written meanwhile
  const std::uint64_t kind = prng.below(100);
  if (changes_ && kind < 4) return cohort_.give(leader, raft::Transfer{open(leader, 0), {}});
  if (changes_ && kind < 8) return reconfigure(prng, leader);
  propose(prng, leader);
}

void CohortLoad::propose(Prng& prng, NodeId leader) {
  const std::uint64_t count = prng.chance(80) ? 1 : 2 + prng.below(3);
  std::vector<Bytes> commands;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string name = std::to_string(asked_) + "." + std::to_string(i) + " ";
    const auto fill = static_cast<char>('a' + asked_ % 26);
    commands.push_back(Bytes::own(name + std::string(payload_bytes(prng), fill)));
  }
  const Ticket ticket = open(leader, count);
  cohort_.give(leader, raft::Propose{ticket, std::move(commands), {}});
}

// The last of several nodes becomes a learner, and a voter again; priorities change.
void CohortLoad::reconfigure(Prng& prng, NodeId leader) {
  std::vector<raft::Wanted> wanted;
  if (prng.chance(50)) learner_ = !learner_;
  for (std::uint64_t id = 1; id <= cohort_.nodes(); ++id) {
    const bool learns = id == 3 && learner_;
    wanted.push_back({.id = {id},
                      .standing = learns ? raft::Standing::learner : raft::Standing::voter,
                      .priority = static_cast<std::uint8_t>(90 + prng.below(20)),
                      .address = {},
                      .metadata = {}});
  }
  cohort_.give(leader, raft::Reconfigure{open(leader, 1), std::move(wanted), {}});
}

void CohortLoad::heard(NodeId, const raft::Effect& effect) {
  if (const auto* in = std::get_if<raft::Admitted>(&effect)) {
    if (const auto at = open_.find(in->ticket); at != open_.end()) at->second.first = in->first;
  } else if (const auto* refused = std::get_if<raft::Refused>(&effect)) {
    close(refused->ticket);
  } else if (const auto* decided = std::get_if<raft::Decided>(&effect)) {
    const auto at = open_.find(decided->ticket);
    if (at == open_.end()) return;
    const Open open = at->second;
    if (decided->outcome == raft::Outcome::committed && open.first.index)
      for (std::uint64_t i = 0; i < open.count; ++i)
        cohort_.record.acknowledged.push_back({open.first.term, open.first.index + i});
    close(decided->ticket);
  }
}

}  // namespace bowline::sim
