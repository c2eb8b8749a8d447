// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/workload.h"

#include <algorithm>

#include "bowline/base/prng.h"
#include "bowline/sim/members.h"

namespace bowline::sim {
namespace {

using raft::Member;
using raft::Standing;
using raft::Wanted;

std::vector<Wanted> as_wanted(const raft::Membership& membership) {
  std::vector<Wanted> wanted;
  for (const Member& member : membership.members)
    if (member.goal != Standing::none)
      wanted.push_back({.id = member.id, .standing = member.goal, .priority = member.priority});
  return wanted;
}

bool names(const std::vector<Wanted>& wanted, NodeId id) {
  return std::ranges::find(wanted, id, &Wanted::id) != wanted.end();
}

void leave_out(std::vector<Wanted>& wanted, NodeId id) {
  std::erase_if(wanted, [&](const Wanted& one) { return one.id == id; });
}

std::vector<NodeId> strangers(const std::vector<Wanted>& wanted, std::uint64_t count) {
  std::vector<NodeId> found;
  for (std::uint64_t i = 1; i <= count; ++i)
    if (!names(wanted, NodeId{i})) found.push_back(NodeId{i});
  return found;
}

void add_one(std::vector<Wanted>& wanted, std::uint64_t count, Standing standing, Prng& prng) {
  const std::vector<NodeId> free = strangers(wanted, count);
  if (free.empty()) return;
  wanted.push_back({.id = free[prng.below(free.size())], .standing = standing});
}

// A wish of an operator, from what is now.
void alter(std::vector<Wanted>& wanted, std::uint64_t count, Prng& prng) {
  if (wanted.empty()) return;
  const std::size_t one = prng.below(wanted.size());
  switch (prng.below(8)) {
    case 0: return add_one(wanted, count, Standing::voter, prng);
    case 1: return add_one(wanted, count, Standing::learner, prng);
    case 2: return leave_out(wanted, wanted[one].id);
    case 3: add_one(wanted, count, Standing::voter, prng); return leave_out(wanted, wanted[one].id);
    case 4:
      wanted[one].standing =
          wanted[one].standing == Standing::voter ? Standing::learner : Standing::voter;
      return;
    case 5:
      wanted.clear();
      for (std::uint64_t i = 1; i <= count; ++i)
        if (prng.chance(60))
          wanted.push_back(
              {.id = NodeId{i}, .standing = prng.chance(80) ? Standing::voter : Standing::learner});
      return;
    case 6: wanted[one].priority = static_cast<std::uint8_t>(prng.below(4) * 50); return;
    default: return;  // as it is
  }
}

}  // namespace

Workload::Workload(World& world) : world_(world), patrons_(world) {
  const std::vector<Operation>& operations = world.plan().operations;
  for (std::size_t i = 0; i < operations.size(); ++i)
    world_.call_at(operations[i].at, *this, static_cast<std::uint32_t>(i));
}

NodeId Workload::target(const Operation& operation) const {
  const NodeId leader = world_.leader();
  if (operation.node == 0 && leader) return leader;
  return NodeId{1 + (operation.node + operation.amount % 7) % world_.sites()};
}

void Workload::called(std::uint32_t what) {
  if (stopped_) return;
  const Operation& operation = world_.plan().operations[what];
  const NodeId at = target(operation);
  ++world_.counters().acts_begun[static_cast<std::size_t>(operation.act)];
  if (operation.act < Act::transfer) {
    act(operation, at);
  } else {
    operate(operation, at);
  }
}

// 0: it must be as new as can be. How old a state is can be told where clocks keep their bound.
Duration Workload::may_be_old(const Operation& operation) const {
  if (!world_.plan().whole || !world_.plan().options.lease_reads) return Duration{0};
  if ((operation.amount >> 8) % 3 != 0) return Duration{0};
  return std::chrono::milliseconds(std::int64_t{5} << ((operation.amount >> 16) % 10));
}

void Workload::act(const Operation& operation, NodeId at) {
  switch (operation.act) {
    case Act::write: return write(operation, at);
    case Act::batch: world_.propose(at, values(operation)); return;
    case Act::fenced_write: return fenced_write(operation, at);
    case Act::barrier: world_.barrier(at); return;
    case Act::read:
      if (const Duration at_most = may_be_old(operation); at_most > Duration{0})
        return world_.read_within(at, at_most);
      if (world_.play() != nullptr && operation.amount % 4 != 0)
        return world_.play()->act(operation, at);
      world_.read(at);
      return;
    case Act::lease_read: world_.read(at, raft::ReadKind::lease); return;
    case Act::verify: world_.read(at, raft::ReadKind::verify); return;
    default: return;
  }
}

void Workload::operate(const Operation& operation, NodeId at) {
  switch (operation.act) {
    case Act::transfer: return transfer(operation, at);
    case Act::reconfigure: return reconfigure(operation, at);
    case Act::cancel_change: world_.cancel_change(at); return;
    case Act::replace_lost: return replace_lost(operation, at);
    case Act::campaign: return world_.campaign(at);
    case Act::forget_leader: return world_.forget_leader(at);
    case Act::take_snapshot: return world_.take_snapshot(at);
    default: return;
  }
}

// Whole nodes have sessions, and most clients use them.
void Workload::write(const Operation& operation, NodeId at) {
  if (world_.play() != nullptr && operation.amount % 8 != 0)
    return world_.play()->act(operation, at);
  if (world_.plan().whole && world_.play() == nullptr && operation.amount % 4 != 0)
    return patrons_.act(operation, at);
  world_.propose(at, value(operation.amount % 64));
}

// No two writes of a history are alike.
Bytes Workload::value(std::uint64_t size) {
  std::string text = "w" + std::to_string(++written_);
  if (text.size() < size) text.resize(size, '.');
  return Bytes::own(std::move(text));
}

std::vector<Bytes> Workload::values(const Operation& operation) {
  Prng prng(operation.amount);
  const std::uint64_t count = 1 + prng.below(12);
  const std::uint64_t size = prng.chance(10) ? 1200 : prng.below(100);
  std::vector<Bytes> all;
  all.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) all.push_back(value(size));
  return all;
}

void Workload::fenced_write(const Operation& operation, NodeId at) {
  Term expected{1};
  if (world_.up(at)) expected = world_.core(at)->term();
  if (operation.amount % 4 == 0) expected = expected.next();
  std::vector<Bytes> commands;
  commands.push_back(value(operation.amount % 64));
  world_.propose(at, std::move(commands), expected);
}

void Workload::transfer(const Operation& operation, NodeId at) {
  const std::uint64_t to = operation.amount % (world_.sites() + 3);
  // Beyond the nodes there is nobody: a bad target.
  world_.transfer(at, NodeId{to});
}

// An operator does not make a group depend on disks that are lost. Nor do we let nobody lead.
bool Workload::wise(const raft::Membership& now, const std::vector<Wanted>& wanted) const {
  std::size_t voters = 0;
  std::size_t dead = 0;
  bool led = false;
  for (const Wanted& one : wanted) {
    const Member* member = now.find(one.id);
    if (world_.site(one.id)->given_up) return false;
    if (one.standing != Standing::voter) continue;
    ++voters;
    led = led || one.priority > 0;
    if (world_.node(one.id).ruined || (member != nullptr && lost(world_, *member))) ++dead;
  }
  return voters > 0 && led && dead <= (voters - 1) / 2;
}

void Workload::start_those_that_stopped(const std::vector<Wanted>& wanted) {
  for (const Wanted& one : wanted) {
    if (!world_.up(one.id) || !world_.core(one.id)->stopped()) continue;
    world_.crash(one.id, Crash::kill);
    world_.start(one.id);
  }
}

void Workload::reconfigure(const Operation& operation, NodeId at) {
  if (!world_.up(at)) return;
  const raft::Config config = world_.core(at)->memberships().latest();  // it may be restarted below
  std::vector<Wanted> wanted = as_wanted(*config.membership);
  Prng prng(operation.amount);
  alter(wanted, world_.sites(), prng);
  if (!wise(*config.membership, wanted)) return;
  start_those_that_stopped(wanted);
  std::optional<Index> expected;
  if (prng.chance(50)) expected = config.at;
  if (prng.chance(10)) expected = config.at.next();
  world_.reconfigure(at, std::move(wanted), expected);
}

// First out, then in again: between the two, everybody forgets what the lost disk had promised.
void Workload::replace_lost(const Operation&, NodeId at) {
  if (!world_.up(at)) return;
  const raft::Membership& membership = *world_.core(at)->memberships().latest().membership;
  std::vector<Wanted> wanted = as_wanted(membership);
  const std::vector<Wanted> before = wanted;
  for (const Member& member : membership.members)
    if (lost(world_, member)) leave_out(wanted, member.id);
  if (wanted.size() == before.size())
    for (std::uint64_t i = 1; i <= world_.sites(); ++i)
      if (world_.site(NodeId{i})->wiped_since_bound && !names(wanted, NodeId{i}) &&
          !world_.node(NodeId{i}).ruined)
        wanted.push_back({.id = NodeId{i}, .standing = Standing::voter});
  if (wanted.size() == before.size() || !wise(membership, wanted)) return;
  start_those_that_stopped(wanted);
  world_.reconfigure(at, std::move(wanted));
}

}  // namespace bowline::sim
