// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/replay.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/wal/weight.h"

namespace bowline::wal {
namespace {

std::vector<raft::Config> configs_of(const Row& row) {
  std::vector<raft::Config> configs;
  for (const raft::Entry& entry : row.memberships)
    if (raft::MembershipPtr membership = raft::decode_membership(entry.payload.view()))
      configs.push_back({entry.id.index, std::move(membership)});
  return configs;
}

void put_config(const raft::Config& config, std::vector<raft::Config>& configs) {
  const auto at = std::ranges::lower_bound(configs, config.at, {}, &raft::Config::at);
  if (at != configs.end() && at->at == config.at) {
    *at = config;
  } else {
    configs.insert(at, config);
  }
}

}  // namespace

void Replay::add(std::uint64_t segment, const std::vector<Batch>& batches) {
  for (const Batch& batch : batches) {
    std::uint32_t at = 0;
    for (Row row : batch.table.rows) {
      if (batch.state != State::whole && planted(Bug::p26_damaged_hard_state_is_none))
        row.hard.reset();
      add_row(row, {segment, static_cast<std::uint32_t>(batch.block), at++});
    }
  }
}

void Replay::add_row(const Row& row, Spot where) {
  highest_ = std::max(highest_, row.number);
  Change& change = changes_.emplace_back();
  change.group = row.group;
  change.number = row.number;
  change.forget = row.forget;
  change.discard = row.discard;
  runs_.clear();
  std::uint32_t skip = 0;
  for (const auto* list : {&row.repaired, &row.entries})
    for (const EntryHead& entry : *list)
      extend(runs_, entry.id, entry.bytes + entry_weight, where, skip++, entry.lost);
  if (!runs_.empty()) change.run = runs_.front();
  change.run.where = where;
  if (!row.hard && !row.base && !row.cut_after && row.memberships.empty() && runs_.size() < 2)
    return;
  change.rare = std::make_unique<Rare>();
  change.rare->hard = row.hard;
  change.rare->base = row.base;
  change.rare->cut_after = row.cut_after;
  if (!runs_.empty()) change.rare->more_runs.assign(runs_.begin() + 1, runs_.end());
  change.rare->configs = configs_of(row);
}

void Replay::take_away(const Change& change, GroupState& group) {
  if (change.forget) group = {};
  group.known = !change.forget;
  if (change.rare == nullptr) return;
  const Rare& rare = *change.rare;
  if (rare.hard) {
    group.hard = *rare.hard;
    group.hard_in = change.run.where.segment;
  }
  if (rare.base) {
    if (change.discard) {
      group.runs.clear();
      group.configs.clear();
    }
    group.base = *rare.base;
    group.base_in = change.run.where.segment;
  }
  if (rare.cut_after) {
    group.runs.cut_after(*rare.cut_after);
    std::erase_if(group.configs, [&](const auto& c) { return c.at > *rare.cut_after; });
  }
}

void Replay::bring(const Change& change, GroupState& group) {
  if (change.run.count > 0) group.runs.put(change.run);
  if (change.rare == nullptr) return;
  for (const Run& run : change.rare->more_runs) group.runs.put(run);
  for (const raft::Config& config : change.rare->configs) put_config(config, group.configs);
}

void Replay::replay(std::map<GroupId, GroupState>& groups) {
  std::ranges::sort(changes_, {}, [](const Change& c) { return std::tuple(c.group, c.number); });
  for (const Change& change : changes_) {
    GroupState& group = groups[change.group];
    take_away(change, group);
    bring(change, group);
  }
}

Result<std::map<GroupId, GroupState>> Replay::finish() {
  std::map<GroupId, GroupState> groups;
  replay(groups);
  changes_ = std::vector<Change>();
  std::erase_if(groups, [](const auto& item) { return !item.second.known; });
  for (auto& [id, group] : groups) {
    const Index base = group.base.id.index;
    group.runs.rebase(base);
    std::erase_if(group.configs, [&](const auto& c) { return c.at <= base; });
    Index next = base.next();
    for (const Run& run : group.runs.all()) {
      if (run.first != next)
        return std::unexpected(
            Error{Fault::corrupt, "group " + std::to_string(id.value) + " has no entry " +
                                      std::to_string(next.value) + ", but later ones"});
      next = run.last().next();
    }
  }
  return groups;
}

raft::Found found(const GroupState& group) {
  raft::Found found;
  found.hard_state = group.hard;
  found.base = group.base;
  found.configs = group.configs;
  constexpr std::uint64_t piece = 64 << 10;  // nobody asks for their weight more finely
  for (const Run& run : group.runs.all()) {
    if (run.lost) found.damaged.push_back({run.first, run.last()});
    if (found.entries.empty() || found.entries.back().last.term != run.term ||
        found.entries.back().bytes >= piece)
      found.entries.push_back({{run.term, run.first.prev()}, 0, 0});
    raft::Held& held = found.entries.back();
    held.last.index = run.last();
    held.count += run.count;
    held.bytes += run.bytes;
  }
  return found;
}

}  // namespace bowline::wal
