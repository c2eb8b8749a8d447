// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/weighing.h"

#include <algorithm>

#include "bowline/raft/entry.h"

namespace bowline::wal {

std::uint64_t Load::percent(const Load& live) const {
  const std::uint64_t weight = bytes + entries * raft::entry_overhead;
  return weight == 0 ? 0 : (live.bytes + live.entries * raft::entry_overhead) * 100 / weight;
}

void Weighing::add(std::uint64_t segment, const std::vector<Batch>& batches) {
  SegmentLoad& load = segments_[segment];
  for (const Batch& batch : batches) {
    std::uint32_t at = 0;
    for (const Row& row : batch.table.rows)
      add_row(row, {segment, static_cast<std::uint32_t>(batch.block), at++}, load);
  }
}

void Weighing::add_row(const Row& row, Spot where, SegmentLoad& load) {
  const auto state = groups_.find(row.group);
  const bool known = state != groups_.end();
  std::uint32_t skip = 0;
  for (const auto* list : {&row.repaired, &row.entries}) {
    for (const EntryHead& entry : *list) {
      load.all.add(entry.bytes);
      const Run* run = known ? state->second.runs.at(entry.id.index) : nullptr;
      const bool live = run != nullptr && run->where == where &&
                        run->skip + (entry.id.index - run->first) == skip;
      ++skip;
      if (!live) continue;
      Group& group = found_[row.group];
      load.live.add(entry.bytes);
      group.live.add(entry.bytes);
      group.in[where.segment].add(entry.bytes);
    }
  }
  if (!known) return;
  Group& group = found_[row.group];
  const auto newer = [&](Newest& newest, bool has) {
    if (has && row.number >= newest.number) newest = {row.number, where.segment};
  };
  newer(group.hard, row.hard.has_value());
  newer(group.base, row.base.has_value());
}

std::map<std::uint64_t, SegmentLoad> Weighing::segments() const {
  std::map<std::uint64_t, SegmentLoad> loads = segments_;
  for (const auto& [id, group] : found_) {
    for (auto& [segment, load] : loads)
      if (group.in.contains(segment) || group.hard.segment == segment ||
          group.base.segment == segment)
        load.pinned.push_back(id);
  }
  return loads;
}

std::map<GroupId, GroupLoad> Weighing::groups() const {
  std::map<GroupId, GroupLoad> loads;
  for (const auto& [id, state] : groups_) loads[id];
  for (const auto& [id, group] : found_) {
    GroupLoad& load = loads[id];
    load.live = group.live;
    const auto reaches = [&](std::uint64_t segment) {
      if (segment != 0) load.oldest = load.oldest == 0 ? segment : std::min(load.oldest, segment);
    };
    if (!group.in.empty()) reaches(group.in.begin()->first);
    reaches(group.hard.segment);
    reaches(group.base.segment);
  }
  return loads;
}

}  // namespace bowline::wal
