// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/wal/log.h"

// What is done about a batch that rotted beyond its parity: nothing that counts may hang on it any
// longer. What can be read of it, or is in memory, is written once more at the end of the log. The
// rest is reported, so that others send it again.
namespace bowline::wal {

Scrubber::Hooks Log::scrubber_hooks() {
  return {.next = [this](std::uint64_t number) { return next_cold(number); },
          .there = [this](std::uint64_t segment) { return !broken_ && ledger_.has(segment); },
          .damaged =
              [this](std::uint64_t segment, const Judged& judged, std::string_view blocks) {
                if (!planted(Bug::p75_scrubber_does_not_report)) rescue(segment, judged, blocks);
              },
          .read =
              [this](std::uint64_t segment, const PatientlyRead& read) {
                if (files_.contains(segment)) note_unreadable(segment, read);
              },
          .mended = [this] { clean(); },
          .broken = [this](Error error) { fail(std::move(error)); }};
}

std::optional<Scrubber::Segment> Log::next_cold(std::uint64_t behind) const {
  if (broken_) return std::nullopt;
  for (const std::uint64_t segment : ledger_.all())
    if (segment > behind && segment != segment_)
      return Scrubber::Segment{segment, ledger_.end(segment), files_.at(segment)};
  return std::nullopt;
}

// Cuts cannot be written anew, and of the table only the next batch's echo may be left. So all
// segments through this one are emptied as well, the oldest first, as fast as writes allow.
void Log::rescue(std::uint64_t segment, const Judged& judged, std::string_view blocks) {
  empty_through_ = std::max(empty_through_, segment);
  const UnderWay under_way = this->under_way();
  Moves moves;
  std::vector<Lost> lost;
  for (const auto& [id, bytes] : needed_by(segment)) {
    raft::Batch& copies = moves[id].repaired;
    const auto found = under_way.find(id);
    const Newer newer = found == under_way.end() ? Newer() : found->second;
    for (const Run& run : groups_.find(id)->runs.all()) {
      const bool here = run.where.segment == segment && run.where.block >= judged.block &&
                        run.where.block < judged.block + judged.blocks;
      if (here && !run.lost) rescue_run(id, run, judged, blocks, newer, copies, lost);
    }
  }
  launch_moves(std::move(moves), under_way, segment);
  for (const Lost& some : lost) report_lost(some.group, some.first, some.last);
}

void Log::rescue_run(GroupId id, const Run& run, const Judged& judged, std::string_view blocks,
                     const Newer& newer, raft::Batch& copies, std::vector<Lost>& lost) const {
  bool more = false;  // of what was lost last
  for (std::uint32_t i = 0; i < run.count; ++i) {
    const LogId entry{run.term, run.first + i};
    const bool replaced = newer.replaces(entry.index);
    const bool copied = !replaced && rescue_entry(id, run, i, judged, blocks, copies);
    if (more && !replaced && !copied) {
      lost.back().last = entry.index;
    } else if (!replaced && !copied) {
      lost.push_back({id, entry.index, entry.index});
    }
    more = !replaced && !copied;
  }
}

// The `i`th entry of a run, as it is read or as it is remembered.
bool Log::rescue_entry(GroupId id, const Run& run, std::uint32_t i, const Judged& judged,
                       std::string_view blocks, raft::Batch& copies) const {
  const LogId entry{run.term, run.first + i};
  if (judged.batch && run.where.row < judged.batch->table.rows.size()) {
    const EntryHead* const head = judged.batch->table.rows[run.where.row].at(run.skip + i);
    if (head != nullptr && head->id == entry && !head->lost) {
      copies.push_back({entry, head->kind, payload_of(blocks, *head)});
      return true;
    }
  }
  const raft::Batch kept = tail_.peek(id, entry.index.prev(), entry.index, 0);
  if (kept.empty() || kept.front().id != entry) return false;
  copies.push_back(kept.front());
  return true;
}

}  // namespace bowline::wal
