// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>
#include <set>

#include "bowline/raft/membership_codec.h"
#include "bowline/sim/disk.h"
#include "bowline/sim/liveness.h"
#include "bowline/sim/members.h"

namespace bowline::sim {

using namespace std::chrono_literals;

struct Liveness::Log {
  LogId last;
  raft::MembershipPtr membership;
  std::vector<LogId> rotten;
  std::vector<raft::MembershipPtr> in_doubt;  // before it, and as far as the node knows still valid
};

namespace {

bool in(NodeId id, std::uint64_t set) { return (set >> id.value & 1) != 0; }

bool has(const Site& site, LogId id) {
  const Line* line = site.durable.at(id.index);
  return line != nullptr && line->entry.id == id && !site.durable.rotten.covers(id.index);
}

}  // namespace

Liveness::Log Liveness::log_of(NodeId id) const {
  const Site& site = *world_.site(id);
  const Image& image = world_.up(id) ? site.written : site.durable;
  if (!contains(image, site.snapshot.base.id))
    return {site.snapshot.base.id, site.snapshot.base.membership, {}, {}};
  Log log{last_of(image), in_force(image), {}, {}};
  // Who starts knows of no commit past its base.
  const Index known = world_.up(id) ? world_.core(id)->commit() : image.base.id.index;
  raft::MembershipPtr before = image.base.membership;
  for (const Line& line : image.lines) {
    if (line.entry.kind != raft::Kind::membership) continue;
    if (line.entry.id.index > known) log.in_doubt.push_back(before);
    before = raft::decode_membership(line.entry.payload.view());
  }
  for (const raft::Stretch& stretch : image.rotten.stretches())
    for (Index i = stretch.first; i <= stretch.last; i = i.next())
      if (const Line* line = image.at(i)) log.rotten.push_back(line->entry.id);
  return log;
}

// Would these nodes elect this one, and commit what it appends?
bool Liveness::electable(NodeId id, std::uint64_t set, Leniency leniency) const {
  const Log log = log_of(id);
  if (log.membership == nullptr || world_.site(id)->given_up) return false;
  // Only it may have the entry that puts it out: then nobody else can be elected before it was.
  const raft::Member* self = log.membership->votes(id) ? log.membership->find(id) : nullptr;
  for (const raft::MembershipPtr& before : std::views::reverse(log.in_doubt))
    if (self == nullptr && before != nullptr && before->votes(id)) self = before->find(id);
  if (self == nullptr) return false;
  if (self->priority == 0 && !leniency.priority) return false;
  if (lost(world_, *self)) return false;
  for (const LogId missing : log.rotten) {
    bool found = leniency.rot;
    for (const raft::Member& member : log.membership->members)
      found =
          found || (member.id != id && in(member.id, set) && has(*world_.site(member.id), missing));
    if (!found) return false;
  }
  // Who leads when the change in flight is done?
  const bool heir = std::ranges::any_of(log.membership->members, [&](const raft::Member& member) {
    return member.goal == raft::Standing::voter && in(member.id, set) &&
           (member.priority > 0 || leniency.priority) && !lost(world_, member);
  });
  return heir && suffices(*log.membership, [&](const raft::Member& member) {
           return in(member.id, set) && !lost(world_, member) && log_of(member.id).last <= log.last;
         });
}

bool Liveness::viable(std::uint64_t set, Leniency leniency) const {
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    if (in(NodeId{i}, set) && electable(NodeId{i}, set, leniency)) return true;
  return false;
}

Excuse Liveness::why_not(std::uint64_t set) const {
  if (viable(set, {.priority = true})) return Excuse::priorities;
  if (viable(set, {.priority = true, .rot = true})) return Excuse::rotten;
  return Excuse::lost_disks;
}

// A member of low priority lets several of its timeouts pass, so that a better one goes first; and
// it may be the only one with a log that can win.
std::int64_t Liveness::patience() const {
  std::set<std::uint8_t> priorities;
  const auto note = [&](const raft::MembershipPtr& membership) {
    if (membership == nullptr) return;
    for (const raft::Member& member : membership->members)
      if (membership->votes(member.id)) priorities.insert(member.priority);
  };
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) {
    if (!well(NodeId{i})) continue;
    const Log log = log_of(NodeId{i});
    note(log.membership);
    std::ranges::for_each(log.in_doubt, note);
  }
  return priorities.size() < 2 ? 0 : 8;
}

bool Liveness::choose() {
  const std::uint64_t count = world_.sites();
  std::uint64_t possible = 0;
  for (std::uint64_t i = 1; i <= count; ++i)
    if (!world_.node(NodeId{i}).ruined) possible |= 1ULL << i;
  if (!viable(possible)) {
    excuse_ = why_not(possible);
    return false;
  }
  well_ = possible;
  // Leave out one after the other, while the rest suffices; often fewer than would be possible.
  const std::uint64_t attempts = chance_.below("nodes left behind", count + 2);
  for (std::uint64_t i = 0; i < attempts; ++i) {
    const std::uint64_t without = well_ & ~(1ULL << (1 + chance_.below("left behind", count)));
    if (without != well_ && viable(without)) well_ = without;
  }
  return true;
}

void Liveness::calm_climate() {
  Climate& climate = world_.climate();
  climate.latency = std::min<Duration>(climate.latency, 5ms);
  climate.lost_ppm = climate.doubled_ppm = climate.late_ppm = climate.spike_ppm = 0;
  climate.sync = std::min<Duration>(climate.sync, 10ms);
  climate.slow_sync_ppm = climate.failed_write_ppm = 0;
  climate.courier = std::min<Duration>(climate.courier, 5ms);
  climate.apply = std::min<Duration>(climate.apply, 10ms);
  climate.wake = std::min<Duration>(climate.wake, 5ms);
  climate.snapshot = std::min<Duration>(climate.snapshot, 100ms);
  climate.fetch = std::min<Duration>(climate.fetch, 200ms);
  climate.fetch_fails_ppm = 0;
  climate.breaks_ppm = climate.flipped_ppm = 0;
  world_.climate_changed();
  world_.forget_late_messages(election_);
}

void Liveness::heal() {
  healed_ = world_.now();
  weather_.freeze();
  workload_.stop();
  world_.note({Note::What::healed, {}, {}, well_});
  calm_climate();
  for (std::uint64_t i = 1; i <= world_.sites(); ++i)
    for (std::uint64_t k = 1; k <= world_.sites(); ++k)
      if (i != k && well(NodeId{i}) && well(NodeId{k})) world_.network().heal(NodeId{i}, NodeId{k});
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) {
    if (well(NodeId{i})) {
      heal_node(NodeId{i});
    } else {
      cut_off(NodeId{i});
    }
  }
}

void Liveness::heal_node(NodeId id) {
  world_.spare(id);
  world_.speed_up_disk(id, world_.node(id).disk_slower);
  world_.hurry_disk(id);
  while (world_.paused(id)) world_.resume(id);
  // One that was told to stop was removed, and may be wanted again by a change in flight.
  if (world_.up(id) && world_.core(id)->stopped()) world_.crash(id, Crash::kill);
  world_.start(id);
  while (world_.node(id).disk_fuller > 0) world_.clear_disk(id);
}

// What stays broken may still hear us, or be heard. One that neither stops leading when nobody
// answers it, nor asks before it campaigns, would disturb us forever: we know, and leave it out.
void Liveness::cut_off(NodeId id) {
  const bool polite = world_.plan().options.pre_vote && world_.plan().options.check_quorum;
  const std::uint64_t how = chance_.below("how it stays broken", polite ? 4 : 2);
  if (how == 0) world_.crash(id, Crash::power);
  for (std::uint64_t i = 1; i <= world_.sites(); ++i) {
    const NodeId other{i};
    if (!well(other)) continue;
    if (how != 2) world_.cut_one_way(id, other);  // it cannot be heard
    if (how != 3) world_.cut_one_way(other, id);  // it does not hear
  }
}

}  // namespace bowline::sim
