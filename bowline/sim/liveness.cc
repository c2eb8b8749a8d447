// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/liveness.h"

#include <algorithm>
#include <utility>

#include "bowline/sim/host_bounds.h"
#include "bowline/sim/members.h"
#include "bowline/sim/side_groups.h"

namespace bowline::sim {

using namespace std::chrono_literals;

Liveness::Liveness(World& world, Weather& weather, Workload& workload, Decisions& decisions)
    : world_(world),
      weather_(weather),
      workload_(workload),
      chance_(decisions, {.part = Part::calm}),
      election_(world.plan().options.election / 8 * 9) {}

void Liveness::run() {
  if (!choose()) return;
  heal();
  works();
}

bool Liveness::works() {
  return first_write() && first_read() && level() && settles() && stays() && wakes() && ends() &&
         outlives_its_leader();
}

// A lease that ends by itself is one command more, so all answers are in when the play is over; and
// what that had to read may have been rotten, see stays().
bool Liveness::ends() {
  if (world_.play() == nullptr)
    return answers_all() && calls_end() && side_groups_work() && rests();
  if (!calls_end()) return false;
  if (!world_.run_until([&] { return leads_well(); }, election_ * 10))
    return fail("the leader is gone again");
  return answers_all() && side_groups_work() && rests();
}

bool Liveness::fail(const std::string& what) {
  if (!world_.violation() && !leads_well() && excused()) return false;
  std::string who;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (well(NodeId{i})) who += " " + std::to_string(i);
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(world_.now() - healed_);
  world_.violated({"I22", what + ", " + std::to_string(since.count()) +
                              " ms after the weather; the nodes" + who + " are well"});
  return false;
}

// What was possible at first may have become impossible: the last voter that may lead at all was
// taken out by a change that was in flight, or lacks what another has that may not.
bool Liveness::excused() {
  if (viable(well_)) return false;
  excuse_ = why_not(well_);
  return true;
}

bool Liveness::leads_well() const {
  const NodeId leader = world_.leader();
  return leader && well(leader);
}

// What was written before goes first. With the smallest of windows each entry takes a round trip of
// its own, and a sync.
Duration Liveness::backlog() const {
  const raft::Core& leader = *world_.core(world_.leader());
  return (leader.outline().last().index.value - leader.commit().value) * 50ms;
}

// A leader counts once it has committed something new.
bool Liveness::first_write() { return writes(healed_ + election_ * (10 + patience())); }

bool Liveness::writes(Time last) {
  bool is_first = true;
  while (!world_.violation()) {
    const Duration left = last - world_.now();
    if (left <= Duration(0) || !world_.run_until([&] { return leads_well(); }, left))
      return fail("there is no leader that commits");
    const Time elected = world_.now();
    if (std::exchange(is_first, false)) last = last + backlog();
    const Ticket ticket =
        world_.propose(world_.leader(), Bytes::own("calm " + std::to_string(++tried_)));
    world_.wait_for(ticket, election_ * 2);
    if (world_.request(ticket).committed()) {
      leader_after_ = elected - healed_;
      written_ = world_.request(ticket).first;
      return true;
    }
    world_.run(20ms);
  }
  return false;
}

bool Liveness::first_read() {
  const Time last = world_.now() + election_ * 4;
  while (!world_.violation() && world_.now() < last) {
    if (leads_well()) {
      const Ticket ticket = world_.read(world_.leader());
      world_.wait_for(ticket, election_ * 2);
      if (world_.request(ticket).state == Request::State::served) return true;
    }
    world_.run(50ms);
  }
  return fail("no read is served");
}

// A member of the group as the leader knows it, in the life that the group means.
bool Liveness::follows_group(NodeId id) const {
  if (!well(id) || !world_.up(id) || world_.core(id)->stopped()) return false;
  const NodeId leader = world_.leader();
  if (!leader) return false;
  const raft::Membership& membership = *world_.core(leader)->memberships().latest().membership;
  const raft::Member* member = membership.find(id);
  return member != nullptr && !lost(world_, *member);
}

// What whoever lacks most takes to get it, entry by entry as in backlog().
Duration Liveness::behind() const {
  Index least = written_.index;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (follows_group(NodeId{i}))
      least = std::min(least, world_.site(NodeId{i})->machine.applied.index);
  return (written_.index.value - least.value) * 50ms;
}

bool Liveness::level() {
  const auto all_have_it = [&] {
    for (std::uint64_t i = 1; i <= world_.sites(); ++i)
      if (follows_group(NodeId{i}) &&
          world_.site(NodeId{i})->machine.applied.index < written_.index)
        return false;
    return leads_well();
  };
  if (!world_.run_until(all_have_it, std::min(election_ * 20 + behind(), election_ * 60)))
    return fail("not all that are well have the write at " + std::to_string(written_.index.value));
  level_after_ = world_.now() - healed_;
  return true;
}

// Changes of the membership that can finish do so.
bool Liveness::settles() {
  const auto settled = [&] {
    const NodeId leader = world_.leader();
    return leader && world_.core(leader)->memberships().latest().membership->settled();
  };
  world_.run_until(settled, election_ * 10);
  world_.run(election_ * 3);
  return leads_well() || world_.run_until([&] { return leads_well(); }, election_ * 5) ||
         fail("the leader is gone again");
}

bool Liveness::stays() {
  // In a whole node something is read in the calm, too: what leases that end have to send, or what
  // lies in the way of another group's writes. Then a leader may find only now that its log has
  // rotted, and hands over. Each may do that once.
  const std::uint64_t most = world_.plan().whole ? world_.sites() : 1;
  for (std::uint64_t i = 0; i < most; ++i) {
    const NodeId leader = world_.leader();
    const Term term = world_.core(leader)->term();
    const std::uint64_t before = world_.counters().messages;
    const bool changed = world_.run_until(
        [&] { return world_.leader() != leader || world_.core(leader)->term() != term; },
        election_ * 20);
    if (world_.violation()) return false;
    if (!changed) return keeps_quiet(before);
    if (!world_.core(leader)->damage().any()) break;
    if (!world_.run_until([&] { return leads_well(); }, election_ * 10)) break;
  }
  return fail("the leader changes in calm weather");
}

// There was nothing to do for 20 timeouts: heartbeats and their answers, and now and then a
// question of somebody who is cut off. Half as much again is allowed.
bool Liveness::keeps_quiet(std::uint64_t before) {
  if (world_.play() != nullptr) return true;  // leases end
  const Duration every = world_.plan().options.heartbeat_every();
  const auto heartbeats = static_cast<std::uint64_t>(election_ * 20 / every) * 9 / 8;
  const raft::Core& leader = *world_.core(world_.leader());
  const std::uint64_t members = leader.memberships().latest().membership->members.size();
  std::uint64_t cut_off = 0;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (!well(NodeId{i}) && world_.up(NodeId{i})) ++cut_off;
  // Each campaign asks each member, twice at most, and gets an answer.
  const std::uint64_t most = 3 * members * heartbeats + 4 * cut_off * members * 20 + 50;
  const std::uint64_t sent = world_.counters().messages - before;
  return sent <= most || fail(std::to_string(sent) + " messages went when there was nothing to do");
}

// Whoever sends a call again and again learns in the end what became of it.
bool Liveness::calls_end() {
  if (Play* const play = world_.play()) {
    const std::string missing =
        play->settle([this](NodeId id) { return follows_group(id); }, election_);
    return missing.empty() || fail(missing);
  }
  if (!world_.plan().whole || workload_.patrons().settle(election_ * 20)) return true;
  return fail(std::to_string(workload_.patrons().calls()) + " calls have no verdict");
}

// Not for the first time, which is the one that counts.
bool Liveness::works_again(std::int64_t timeouts) {
  const Duration leader_after = leader_after_;
  const Duration level_after = level_after_;
  const bool works = writes(world_.now() + election_ * (timeouts + patience())) && level();
  leader_after_ = leader_after;
  level_after_ = level_after;
  return works;
}

// Who has slept since writes as before.
bool Liveness::wakes() {
  const raft::Options& options = world_.plan().options;
  if (options.hibernate_after == Duration{0}) return true;
  world_.run(options.hibernate_after + election_ * 2);
  return works_again(5);
}

// All sleep, and nobody wants anything. Then the leader's node is gone: those who are left have to
// notice by themselves.
bool Liveness::outlives_its_leader() {
  const raft::Options& options = world_.plan().options;
  if (options.hibernate_after == Duration{0}) return true;
  world_.run(options.hibernate_after + election_ * 2);
  const NodeId leader = world_.leader();
  const std::uint64_t rest = leader ? well_ & ~(1ULL << leader.value) : 0;
  if (world_.violation() || !viable(rest)) return true;
  world_.crash(leader, chance_.below("how the leader ends", 2) == 0 ? Crash::kill : Crash::power);
  well_ = rest;
  if (!viable(rest)) return true;  // it had what nobody else has on a disk
  return works_again(14);
}

// A change that waits for one who is gone may wait for ever, and so may who asked for it.
bool Liveness::is_changing() const {
  return !world_.core(world_.leader())->memberships().latest().membership->settled();
}

bool Liveness::answers_all() {
  const bool changing = is_changing();
  for (std::uint64_t i = 1; i <= world_.requests(); ++i) {
    const Request& request = world_.request(Ticket{i});
    if (!request.open() || !well(request.node)) continue;
    if (world_.site(request.node)->given_up) continue;
    if (request.kind == Request::Kind::change && changing) continue;
    // Out of the group before its machine was that far: it never will be.
    const bool waits = request.state == Request::State::allowed ||
                       (world_.plan().whole && request.kind == Request::Kind::read);
    if (waits && !follows_group(request.node)) continue;
    if (world_.now() - request.begun < election_ * 15) continue;
    return fail("request " + std::to_string(i) + " at node " + std::to_string(request.node.value) +
                " was never answered");
  }
  const NodeId leader = world_.leader();
  const Machine& machine = world_.site(leader)->machine;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) {
    const Machine& other = world_.site(NodeId{i})->machine;
    if (!follows_group(NodeId{i})) continue;
    if (other.applied != machine.applied || other.digest != machine.digest)
      return fail("node " + std::to_string(i) + " has not the leader's state");
  }
  return true;
}

bool Liveness::side_groups_work() {
  if (world_.side_groups() == nullptr) return true;
  const std::string missing =
      world_.side_groups()->settle([this](NodeId id) { return well(id); }, election_);
  return missing.empty() || fail(missing);
}

// What a whole node still has to do, or has kept of what was to be done.
std::string Liveness::busy_with(NodeId id) const {
  if (!world_.up(id) || !leads_well()) return {};
  std::vector<NodeId> peers;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (well(NodeId{i})) peers.push_back({i});
  Whole& whole = *world_.node(id).whole;
  std::string left = left_over(whole.shard(), whole.replica(), peers);
  if (left.empty() && follows_group(id) && !is_changing()) left = waits_still(whole.replica());
  return left;
}

// Nobody wants anything any more. Heartbeats go on, and what other groups do; but each node has
// moments in which it has nothing to do, and nothing is left of what it was asked for (I19).
bool Liveness::rests() {
  if (!world_.plan().whole) return true;
  std::uint64_t busy = well_;
  const auto all_rested = [&] {
    for (std::uint64_t i = 1; i <= world_.sites(); ++i)
      if ((busy >> i & 1) != 0 && busy_with(NodeId{i}).empty()) busy &= ~(1ULL << i);
    return busy == 0;
  };
  if (world_.run_until(all_rested, election_ * 20)) return true;
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (const std::string what = busy_with(NodeId{i}); (busy >> i & 1) != 0 && !what.empty())
      world_.violated({"I19", "node " + std::to_string(i) + " never rests: " + what});
  return !world_.violation();
}

}  // namespace bowline::sim
