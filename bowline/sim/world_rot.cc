// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/prng.h"
#include "bowline/sim/hash.h"
#include "bowline/sim/members.h"
#include "bowline/sim/world.h"
#include "bowline/wal/inspect.h"
#include "bowline/wal/names.h"

// Blocks of a log rot where they lie. What that costs nobody has to guess: a copy of the disk is
// hurt first, and looked at as a start would look at it.
namespace bowline::sim {
namespace {

constexpr std::uint64_t scrubbed_at_once = 64;

enum class How : std::uint8_t { bits, sectors, unreadable };

wal::Findings look_at(const Platter& platter, Incarnation disk) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> segments;  // numbers and sizes
  for (const env::Listed& file : platter.list_durable())
    if (const auto number = wal::segment_number(file.name))
      segments.emplace_back(*number, file.bytes);
  std::ranges::sort(segments, std::greater{});
  wal::Inspector inspector(disk);
  for (const auto& [number, size] : segments) {
    const std::string name = wal::segment_name(number);
    std::string bytes = *platter.durable(name, 0, size / env::block_bytes * env::block_bytes);
    std::vector<std::uint64_t> unreadable = platter.unreadable_blocks(name);
    for (const std::uint64_t block : unreadable)
      bytes.replace(block * env::block_bytes, env::block_bytes, env::block_bytes, '\0');
    inspector.judge(number, bytes, std::move(unreadable));
  }
  return inspector.finish();
}

bool same(const raft::MembershipPtr& a, const raft::MembershipPtr& b) {
  return (a == nullptr && b == nullptr) || (a != nullptr && b != nullptr && *a == *b);
}

std::vector<LogId> ids_of(const raft::Found& found) {
  std::vector<LogId> ids;
  for (const raft::Held& held : found.entries)
    for (Index at = held.first(); at <= held.last.index; at = at.next())
      ids.emplace_back(held.last.term, at);
  return ids;
}

// All but what is lost of the entries' contents.
bool same_log(const raft::Found& a, const raft::Found& b) {
  return a.hard_state == b.hard_state && a.base.id == b.base.id &&
         a.base.membership_index == b.base.membership_index && a.base.known_in == b.base.known_in &&
         same(a.base.membership, b.base.membership) && ids_of(a) == ids_of(b);
}

}  // namespace

// So many blocks of a segment.
struct World::Hit {
  std::string file;
  std::uint64_t block = 0;
  std::uint64_t blocks = 0;
  How how = How::bits;
  std::uint64_t seed = 0;

  void on(Platter& platter) const {
    for (std::uint64_t i = 0; i < blocks; ++i) {
      const std::uint64_t dice = mixed(seed, i);
      // Most blocks are not full: half of the hits go where something is for sure.
      const std::uint64_t within = (dice >> 40) % 2 == 0 ? 0 : dice % block_sectors;
      const std::uint64_t sector = (block + i) * block_sectors + within;
      const std::uint64_t sectors =
          1 + dice / block_sectors % (block_sectors - sector % block_sectors);
      if (how == How::sectors) platter.rot(file, sector, sectors, dice);
      if (how == How::unreadable) platter.spoil(file, sector, sectors);
      if (how == How::bits)
        platter.flip(file, sector * sector_bytes + dice / 64 % sector_bytes, (dice >> 32) % 8);
    }
  }
};

// What a start would find.
struct World::Sight {
  wal::Findings findings;
  wal::GroupState group;
  raft::Found found;

  static Sight of(const Platter& platter, Incarnation disk) {
    Sight sight{look_at(platter, disk), {}, {}};
    const auto group = sight.findings.groups.find(Process::group);
    if (group == sight.findings.groups.end()) return sight;
    sight.group = std::move(group->second);
    sight.found = wal::found(sight.group);
    return sight;
  }
  struct Batch {
    const wal::SegmentReport* segment = nullptr;
    const wal::BatchReport* report = nullptr;
  };
  // Where these entries lie.
  Batch batch_of(const wal::Run& run) const {
    const auto segment =
        std::ranges::find(findings.segments, run.where.segment, &wal::SegmentReport::number);
    if (segment == findings.segments.end()) return {};
    const auto batch =
        std::ranges::find(segment->batches, run.where.block, &wal::BatchReport::block);
    if (batch == segment->batches.end()) return {};
    return {&*segment, &*batch};
  }
  // Where the log ends: a last batch that is hurt looks like one that was never written in full.
  // As soon as something follows it that is not true any more.
  std::pair<std::uint64_t, std::uint64_t> end() const {
    const auto newest = std::ranges::find(findings.segments, true, &wal::SegmentReport::newest);
    if (newest == findings.segments.end()) return {};
    return {newest->number, newest->end};
  }
  // A start and a read may know a table from the next batch; whoever empties segments does not.
  bool unreadable(const wal::Run& run) const {
    const Batch batch = batch_of(run);
    return run.lost || batch.report == nullptr || batch.report->echoed;
  }
};

bool World::rot(NodeId id, Index index, Rot rot) {
  Node& node = mine(id);
  const Sight before = Sight::of(node.platter, node.site.incarnation);
  const wal::Run* run = before.group.runs.at(index);
  if (run == nullptr || before.findings.refused()) return false;
  const auto [segment, batch] = before.batch_of(*run);
  if (batch == nullptr) return false;
  Prng prng(rot.dice);
  // A log that ends among blocks that cannot be read is refused, and rightly so. And one that runs
  // has to meet them, see below.
  const bool never = segment->newest || (node.up() && before.unreadable(*run));
  const auto how = static_cast<How>(prng.below(never ? 2 : 3));
  Hit hit{.file = wal::segment_name(segment->number), .how = how, .seed = prng.next()};
  hit.blocks = rot.wide ? 2 + prng.below(batch->blocks - 1) : 1;
  hit.block = batch->block + prng.below(batch->blocks - hit.blocks + 1);
  bool struck = strike(node, hit, before, rot.noticed);
  if (!struck && rot.wide) {
    hit.blocks = 1;
    struck = strike(node, hit, before, rot.noticed);
  }
  // A segment is used again if its log never met such a block in it, and may come to end just
  // there: then nobody can tell what was there. So it meets each, now or at its start.
  if (!struck || how != How::unreadable || !node.up()) return struck;
  if (node.whole) {
    read_back(id, index, index);
  } else {
    ask_disk(node, index.prev(), index, {.effect = Scrub{index, index}});
  }
  return struck;
}

// Side groups lose nothing by rot: who would tell what others still have of them?
bool World::spares_others(const Sight& before, const Sight& after) {
  if (before.findings.groups.size() != after.findings.groups.size()) return false;
  for (const auto& [id, was] : before.findings.groups) {
    if (id == Process::group) continue;
    const auto is = after.findings.groups.find(id);
    if (is == after.findings.groups.end()) return false;
    if (!same_log(wal::found(was), wal::found(is->second))) return false;
    for (const wal::Run& run : is->second.runs.all()) {
      const wal::Run* const former = was.runs.at(run.first);
      if (after.unreadable(run) && (former == nullptr || !before.unreadable(*former))) return false;
    }
  }
  return true;
}

// Is this no more than the log itself and the others can make good again?
bool World::bearable(const Node& node, const Sight& before, const Sight& after,
                     std::vector<Index>& lost) {
  if (after.findings.refused() || after.end() != before.end()) return false;
  if (!same_log(before.found, after.found) || !spares_others(before, after)) return false;
  const Image& durable = node.site.durable;
  for (const wal::Run& run : after.group.runs.all()) {
    if (!after.unreadable(run)) continue;
    for (Index i = run.first; i <= run.last(); i = i.next()) {
      // What a start read by the table in the next batch counts as whole again.
      if (durable.rotten.covers(i)) continue;
      const Line* line = durable.at(i);
      if (line == nullptr || line->entry.id != LogId{run.term, i}) return false;
      if (!may_rot(*this, node.site.id, i)) return false;
      lost.push_back(i);
    }
  }
  return true;
}

// Does the disk say so, too? Then it counts from now on.
bool World::hurt(Node& node, Index index) {
  const Sight sight = Sight::of(node.platter, node.site.incarnation);
  const wal::Run* run = sight.group.runs.at(index);
  if (run == nullptr || !sight.unreadable(*run)) return false;
  mark_rotten(node, index);
  return true;
}

void World::mark_rotten(Node& node, Index index) {
  Image& written = node.site.written;
  node.site.durable.rotten.add({index, index});
  const Line* line = node.site.durable.at(index);
  if (line != nullptr && contains(written, line->entry.id)) written.rotten.add({index, index});
  ++node.rots;
  note({Note::What::rotted, node.site.id, {}, index.value});
}

bool World::strike(Node& node, const Hit& hit, const Sight& before, bool noticed) {
  std::vector<Index> lost;
  Platter copy = node.platter;
  hit.on(copy);
  if (!bearable(node, before, Sight::of(copy, node.site.incarnation), lost)) return false;
  hit.on(node.platter);
  counters_.blocks_hit += hit.blocks;
  counters_.entries_rotten += lost.size();
  if (lost.empty()) ++counters_.hits_mended;
  for (const Index index : lost) mark_rotten(node, index);
  if (lost.empty() || !noticed || !node.up()) return true;
  const Index last = std::min(lost.back(), lost.front() + (scrubbed_at_once - 1));
  if (node.whole) {
    read_back(node.site.id, lost.front(), last);
  } else {
    send_out(node, {.effect = Scrub{lost.front(), last}});
  }
  return true;
}

}  // namespace bowline::sim
