// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/side_groups.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <variant>

#include "bowline/host/destroyed.h"
#include "bowline/host/snapshot_name.h"
#include "bowline/sim/members.h"
#include "bowline/sim/side_machine.h"
#include "bowline/words/describe.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

ClusterId cluster_of(SideLives::Life life) { return {1'000'000 + life}; }

raft::MembershipPtr membership_of(SideLives::Life life, const std::vector<NodeId>& founders) {
  raft::Membership all;
  all.cluster = cluster_of(life);
  for (const NodeId id : founders) {
    raft::Member member;
    member.id = id;
    member.address = Text(SimulatedNetwork::address_of(id));
    all.members.push_back(std::move(member));
  }
  std::ranges::sort(all.members, {}, &raft::Member::id);
  return std::make_shared<const raft::Membership>(std::move(all));
}

}  // namespace

// Their draws are a stream of their own: no node has the id 0.
SideGroups::SideGroups(World& world, Decisions& decisions)
    : world_(world), chance_(decisions, {.part = Part::node, .a = 0}) {
  const std::uint32_t count = world.plan().climate.side_groups;
  for (std::uint32_t i = 0; i < count; ++i) {
    groups_.push_back({.id = {Whole::group.value + 1 + i}, .life = 0, .copies = {}, .asked = {}});
    world_.call_at(Time{Duration(1s) + i * Duration(300ms)}, *this, i);
  }
  if (count > 0) world_.lodge(*this);
}

NodeId SideGroups::draw_node() {
  return {1 + chance_.below("a side group's node", world_.sites())};
}

host::Shard* SideGroups::shard(NodeId id) const {
  return world_.up(id) ? &world_.node(id).whole->shard() : nullptr;
}

host::Replica* SideGroups::replica(const Group& group, NodeId id) const {
  host::Shard* const at = shard(id);
  return at == nullptr ? nullptr : at->find(group.id);
}

// Of the newest life; 0: nobody.
NodeId SideGroups::leader(const Group& group) const {
  for (const auto& [id, copy] : group.copies)
    if (const host::Replica* const one = copy.life == group.life ? replica(group, id) : nullptr)
      if (one->core().role() == raft::Role::leader) return id;
  return {};
}

void SideGroups::wrong(NodeId id, GroupId group, const std::string& what) {
  world_.violated({"I27", "node " + std::to_string(id.value) + ", group " +
                              std::to_string(group.value) + ": " + what});
}

// ---- what is on the disks

bool SideGroups::has_files(NodeId id, GroupId group) const {
  return std::ranges::any_of(world_.node(id).platter.list(), [group](const env::Listed& file) {
    const auto found = host::snapshot_file(file.name);
    return found && found->name.group == group;
  });
}

void SideGroups::opened(NodeId id, const wal::Opened& opened) {
  for (Group& group : groups_) {
    bool has_rows = false;
    std::uint64_t deaths = 0;
    for (const wal::Recovered& recovered : opened.groups) {
      if (recovered.group == group.id) has_rows = true;
      if (recovered.group == host::note_of_destroyed(group.id))
        deaths = recovered.found.hard_state.term.value;
    }
    judge(group.copies[id], id, group.id, has_rows, deaths);
  }
}

// A crash in the midst of destroying leaves all of its log or nothing. In both cases it may have
// been noted already that it is another member from here on.
void SideGroups::judge(Copy& copy, NodeId id, GroupId group, bool has_rows, std::uint64_t deaths) {
  const bool may_be_gone = copy.destroying;
  if (deaths != copy.deaths && !(may_be_gone && deaths == copy.deaths + 1))
    wrong(id, group,
          "was destroyed " + std::to_string(copy.deaths) + " times, and its disk says " +
              std::to_string(deaths));
  if (has_rows && copy.life == 0) wrong(id, group, "its log has what was destroyed");
  const bool is_gone = may_be_gone && deaths > copy.deaths;
  if (!has_rows && copy.certain && !is_gone) wrong(id, group, "its log is gone");
  copy.deaths = deaths;
  copy.destroying = copy.runs = false;
  Birth& birth = births_[copy.life];
  const bool founds = std::ranges::find(birth.founders, id) != birth.founders.end();
  if (has_rows && founds) {
    copy.certain = true;
    birth.began.insert(id);
  }
  if (!has_rows) copy = {.life = 0, .certain = false, .deaths = deaths};
}

// Most programs start again what is there. What was to be destroyed is not forgotten: see tidy().
void SideGroups::began(NodeId id) {
  for (Group& group : groups_) {
    const Copy& copy = group.copies[id];
    if (copy.life == 0 && copy.deaths > 0 && has_files(id, group.id))
      wrong(id, group.id, "a snapshot is left of what was destroyed");
    if (copy.life != 0 && chance_.below("starts it later", 4) != 3) start(group, id, copy.life);
  }
}

void SideGroups::wiped(NodeId id) {
  for (Group& group : groups_) group.copies[id] = {};
}

// ---- what operators do

void SideGroups::called(std::uint32_t what) {
  if (world_.now() >= world_.plan().weather_ends) return;
  beat(groups_[what]);
  world_.call_at(world_.now() + 100ms + chance_.exponential("a side group's pause", 300ms), *this,
                 what);
}

void SideGroups::beat(Group& group) {
  tidy(group);
  if (group.life == 0) {
    if (chance_.below("is founded", 3) == 2) found(group);
    return;
  }
  use(group, chance_.below("with a side group", 32));
}

void SideGroups::use(Group& group, std::uint64_t what) {
  const NodeId id = draw_node();
  const NodeId leads = leader(group);
  const Copy& copy = group.copies[id];
  switch (what) {
    case 22:
    case 23: return destroy(group, id);
    case 24:
    case 25:
    case 26:
      if (!copy.runs && !copy.destroying) start(group, id, copy.life != 0 ? copy.life : group.life);
      return;
    case 27: return leads ? change(group, leads) : void();
    case 28:
      if (host::Replica* const one = replica(group, id)) one->take_snapshot([](auto&&) {});
      return;
    case 29: group.life = 0; return;  // tidy() has the rest to do
    case 30: return found(group);     // although the one before is there
    case 31: group.life = 0; return found(group);
    default:
      if (what % 4 == 3) return read(group, leads ? leads : id);
      for (std::uint64_t i = 0; i <= what % 3; ++i)
        write(group, what % 8 != 0 && leads ? leads : id);
  }
}

// What is left of lives that are over goes one after the other, or lives on for a while.
void SideGroups::tidy(Group& group) {
  for (auto& [id, copy] : group.copies) {
    if (copy.life == 0 || copy.life == group.life || copy.destroying || !world_.up(id)) continue;
    const std::uint64_t what = chance_.below("with an old life", 4);
    if (what == 1) destroy(group, id);
    if (what == 2 && !copy.runs) start(group, id, copy.life);
    if (what == 3) write(group, id);
  }
}

void SideGroups::found(Group& group) {
  group.life = ++newest_;
  ++world_.counters().groups_founded;
  const std::uint64_t sites = world_.sites();
  const std::uint64_t count = std::min(sites, chance_.below("one founder", 4) == 3 ? 1 : 3UL);
  const std::uint64_t first = draw_node().value;
  Birth& birth = births_[group.life];
  for (std::uint64_t i = 0; i < count; ++i) birth.founders.push_back({1 + (first + i) % sites});
  for (const NodeId id : birth.founders) start(group, id, group.life);
}

void SideGroups::start(Group& group, NodeId id, Life life) {
  world_.enter(id, [this, &group, id, life] { start_now(group, id, life); });
}

// Nobody founds the same life twice: with the log a founder would have forgotten what it promised.
void SideGroups::start_now(Group& group, NodeId id, Life life) {
  Copy& copy = group.copies[id];
  if (copy.runs || copy.destroying || (copy.life != 0 && copy.life != life)) return;
  const Birth& birth = births_[life];
  const bool founds =
      std::ranges::find(birth.founders, id) != birth.founders.end() && !birth.began.contains(id);
  copy.life = life;
  copy.runs = true;
  copy.founded = copy.founded || founds;
  host::Birth born{.options = world_.group_options(id),
                   .founders = founds ? membership_of(life, birth.founders) : nullptr,
                   .state = {}};
  born.options.cluster = cluster_of(life);
  auto machine = std::make_unique<SideMachine>(
      life, lives_, [this, id, at = group.id](const std::string& what) { wrong(id, at, what); });
  Whole& whole = *world_.node(id).whole;
  whole.shard().start(group.id, std::move(born), whole.keep(std::move(machine)),
                      [this, &group, id, life, founds](const Result<host::Replica*>& started) {
                        if (!started || group.copies[id].life != life) return;
                        if (!founds) return;
                        group.copies[id].certain = true;
                        births_[life].began.insert(id);
                      });
}

void SideGroups::destroy(Group& group, NodeId id) {
  world_.enter(id, [this, &group, id] {
    Copy& copy = group.copies[id];
    if (copy.destroying || copy.life == 0) return;
    copy.destroying = true;
    copy.runs = false;
    shard(id)->destroy(
        group.id, [this, &group, id](const Result<void>& gone) { destroyed(group, id, gone); });
  });
}

void SideGroups::destroyed(Group& group, NodeId id, const Result<void>& gone) {
  if (!gone) return;  // the disk failed, and with it the process
  const Life life = group.copies[id].life;
  group.copies[id] = {.life = 0, .deaths = group.copies[id].deaths + 1};
  ++world_.counters().groups_destroyed;
  if (shard(id)->has(group.id) || has_files(id, group.id))
    wrong(id, group.id, "it is said to be destroyed, and something is left");
  // As another member of the same life: it has forgotten what this one promised.
  if (life == group.life && chance_.below("comes back", 3) != 0) start(group, id, life);
}

// ---- what clients do

void SideGroups::write(Group& group, NodeId to) {
  world_.enter(to, [this, &group, to] {
    host::Replica* const one = replica(group, to);
    if (one == nullptr) return;
    const Life life = group.copies[to].life;
    const std::string text = SideLives::command(life, ++written_);
    one->propose(Bytes::copy(text), [this, &group, to, life, text](const auto& outcome) {
      const auto* done = std::get_if<host::Applied>(&outcome);
      if (done == nullptr) return;
      ++world_.counters().group_writes;
      if (life == group.life) ++group.written;
      if (const std::string what = lives_.told(life, done->id, text); !what.empty())
        wrong(to, group.id, what);
    });
  });
}

void SideGroups::read(Group& group, NodeId from) {
  world_.enter(from, [this, &group, from] {
    host::Replica* const one = replica(group, from);
    if (one == nullptr) return;
    const Life life = group.copies[from].life;
    one->read(raft::ReadKind::linearizable,
              [this, from, life, at = group.id, least = lives_.known(life)](const auto& outcome) {
                const auto* ready = std::get_if<host::Ready>(&outcome);
                if (ready == nullptr) return;
                if (const std::string what = lives_.read(life, least, ready->index); !what.empty())
                  wrong(from, at, what);
              });
  });
}

// Some node joins, or leaves; one that was destroyed there comes back in this way.
void SideGroups::change(Group& group, NodeId leads) {
  const NodeId other = draw_node();
  world_.enter(leads, [this, &group, leads, other] {
    host::Replica* const one = replica(group, leads);
    if (one == nullptr) return;
    std::vector<raft::Wanted> wanted;
    bool was_in = false;
    for (const raft::Member& member : one->core().memberships().latest().membership->members) {
      if (member.goal == raft::Standing::none) continue;
      was_in = was_in || member.id == other;
      if (member.id != other)
        wanted.push_back({.id = member.id,
                          .standing = member.goal,
                          .address = SimulatedNetwork::address_of(member.id)});
    }
    if (!was_in) wanted.push_back({.id = other, .address = SimulatedNetwork::address_of(other)});
    if (wanted.empty()) return;
    one->reconfigure(std::move(wanted), std::nullopt, [](const auto&) {});
    if (!was_in) start(group, other, group.copies[leads].life);
  });
}

// ---- after the weather

// Of the newest life, at a node that is well, and has a say by what it has itself.
const raft::Core* SideGroups::member(const Group& group, NodeId id, const Well& well) const {
  const auto copy = group.copies.find(id);
  if (copy == group.copies.end() || copy->second.life != group.life || copy->second.destroying)
    return nullptr;
  const host::Replica* const one = well(id) ? replica(group, id) : nullptr;
  if (one == nullptr || one->core().stopped()) return nullptr;
  const raft::MembershipPtr& membership = one->core().memberships().latest().membership;
  const raft::Member* const self = membership == nullptr ? nullptr : membership->find(id);
  if (self == nullptr) return nullptr;
  const bool has_say =
      self->incarnation ? self->incarnation == one->core().incarnation() : copy->second.founded;
  return has_say ? &one->core() : nullptr;
}

// Could one of them win an election, and commit?
bool SideGroups::viable(const Group& group, const Well& well) const {
  for (const auto& [id, copy] : group.copies) {
    const raft::Core* const first = member(group, id, well);
    if (first == nullptr) continue;
    const raft::Membership& membership = *first->memberships().latest().membership;
    const auto helps = [&](const raft::Member& other) {
      const raft::Core* const core = member(group, other.id, well);
      return core != nullptr && core->outline().last() <= first->outline().last() &&
             (!other.incarnation || other.incarnation == core->incarnation());
    };
    if (membership.votes(id) && suffices(membership, helps)) return true;
  }
  return false;
}

// Its clients ask for one more write, again and again.
bool SideGroups::works(Group& group, const Well& well, std::uint64_t before, Duration again) {
  if (group.written > before) return true;
  if (world_.now() - group.asked < again) return false;
  group.asked = world_.now();
  for (const auto& [id, copy] : group.copies)
    if (const raft::Core* const core = member(group, id, well))
      if (core->role() == raft::Role::leader) write(group, id);
  return false;
}

std::string SideGroups::settle(const Well& well, Duration election) {
  for (Group& group : groups_)
    for (const auto& [id, copy] : group.copies)
      if (copy.life != 0 && copy.life == group.life && well(id)) start(group, id, copy.life);
  world_.run(election);
  std::vector<std::pair<Group*, std::uint64_t>> judged;
  for (Group& group : groups_)
    if (group.life != 0 && viable(group, well)) judged.emplace_back(&group, group.written);
  const auto all_work = [&] {
    std::size_t working = 0;
    for (const auto& [group, before] : judged)
      if (works(*group, well, before, election / 4)) ++working;
    return working == judged.size();
  };
  world_.run_until(all_work, election * 20);
  for (const auto& [group, before] : judged) {
    if (group->written > before) ++world_.counters().groups_settled;
    if (group->written > before || !viable(*group, well)) continue;
    return "group " + std::to_string(group->id.value) + " takes no write in its life " +
           std::to_string(group->life) + state_of(*group);
  }
  return {};
}

// Of each copy of it, for whoever has to find out what it lacks.
std::string SideGroups::state_of(const Group& group) const {
  std::string all;
  for (const auto& [id, copy] : group.copies) {
    if (copy.life == 0) continue;
    all += "; node " + std::to_string(id.value) + " in life " + std::to_string(copy.life);
    if (copy.destroying) all += ", being destroyed";
    const host::Replica* const one = replica(group, id);
    all += one == nullptr ? ", not there" : ": " + raft::text(one->core());
  }
  return all;
}

}  // namespace bowline::sim
