// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/wal/log.h"
#include "bowline/wal/names.h"
#include "bowline/wal/weight.h"

// Segments go in the order in which they were written, and in no other: what kills an entry (a cut,
// a base, a forget) always lies behind it, so it is still there as long as the entry is. What the
// oldest segment still holds is written once more, at the end of the log, like a repair: the same
// ids in another place.
namespace bowline::wal {
namespace {

constexpr std::uint64_t blocks_at_once = 64;
constexpr std::uint64_t looked_at_for_each_written = 4;

}  // namespace

void Log::drop(Group& group, const Runs::Dropped& dropped) {
  for (const Runs::Gone& gone : dropped) ledger_.take(gone.segment, group.needs, gone.bytes);
}

void Log::need(Group& group, std::uint64_t& at, std::uint64_t segment) {
  if (at != 0) ledger_.take(at, group.needs, row_weight);
  at = segment;
  ledger_.add(at, group.needs, row_weight);
}

void Log::forget_needs(Group& group) {
  for (const Ledger::Need& need : Ledger::Needs(group.needs))
    ledger_.take(need.segment, group.needs, need.bytes);
}

Log::Pins Log::pins() const { return ledger_.empty() ? Pins() : needed_by(ledger_.oldest()); }

Log::Pins Log::needed_by(std::uint64_t segment) const {
  Pins found;
  groups_.each([&](GroupId id, const Group& group) {
    for (const Ledger::Need& need : group.needs)
      if (need.segment == segment) found[id] = need.bytes;
  });
  return found;
}

std::uint64_t Log::next_to_go() const {
  if (planted(Bug::p72_cut_goes_before_what_it_killed))
    for (const std::uint64_t segment : ledger_.all())
      if (segment != segment_ && ledger_.live(segment) == 0) return segment;
  return ledger_.oldest();
}

// After each batch, and each segment that went: is there something to do with the oldest one?
void Log::clean() {
  if (broken_ || retiring_ || moving_ || ledger_.empty()) return;
  const std::uint64_t oldest = next_to_go();
  if (oldest == segment_ || scrubber_.mends(oldest)) return;
  // Not while another one is being made: they are numbered in the order in which they are used.
  if (ledger_.live(oldest) == 0) return preparing_ ? void() : retire(oldest);
  if (cleaning_.segment != oldest && worth_moving(oldest)) cleaning_ = {oldest, 0};
  if (cleaning_.segment == oldest && credit_ > 0) move_next(blocks_at_once);
}

void Log::credit(std::uint64_t blocks) {
  const std::uint64_t most = looked_at_for_each_written * options_.segment_bytes / block_bytes;
  credit_ = std::min(most, credit_ + looked_at_for_each_written * blocks);
}

// What is needed of it has to be little, or space scarce; and then something has to come of it.
bool Log::worth_moving(std::uint64_t segment) {
  if (segment <= empty_through_ && !full_) return true;
  const bool many = ledger_.segments() > options_.most_segments;
  if (many && ledger_.permille_live() < 500) return true;
  if (full_ && ledger_.permille_live() < 900) return true;
  const bool little = ledger_.permille_live(segment) < options_.move_below_permille;
  return little && (full_ || !still_dies(segment));
}

// What is about to go by itself is not worth a copy. So it is looked at again whenever as much as a
// segment holds was written, and emptied once less than half of it went meanwhile.
bool Log::still_dies(std::uint64_t segment) {
  const std::uint64_t live = ledger_.live(segment);
  const Watched before = watched_;
  if (before.segment == segment && written_ - before.at < options_.segment_bytes / block_bytes)
    return true;
  watched_ = {segment, live, written_};
  return before.segment != segment || (before.live - live) * 2 >= before.live;
}

// A bounded piece at a time, so that nobody waits for long behind it; and only so much as is in
// proportion to what was written, so that copying does not feed itself.
void Log::move_next(std::uint64_t blocks) {
  const std::uint64_t end = ledger_.end(cleaning_.segment);
  if (cleaning_.block >= end) return moved_all();
  const std::shared_ptr<env::File> file = files_.at(cleaning_.segment);
  moving_ = true;
  blocks = std::min(blocks, end - cleaning_.block);
  credit_ -= std::min(credit_, blocks);
  read_patiently(env_.disk, *file, cleaning_.block * block_bytes, blocks * block_bytes,
                 life_.guard([this, file](const PatientlyRead& read) {
                   note_unreadable(cleaning_.segment, read);
                   move_from(read.bytes.view());
                 }));
}

void Log::move_from(std::string_view read) {
  moving_ = false;
  const std::uint64_t blocks = read.size() / block_bytes;
  std::uint64_t at = 0;
  const UnderWay under_way = this->under_way();
  Moves moves;
  while (at < blocks) {
    const Place place{identity_.disk.value, cleaning_.segment, cleaning_.block + at};
    const std::string_view rest = read.substr(at * block_bytes);
    const std::optional<Head> head = head_at(rest, place);
    if (!head) {
      ++at;  // lost; what begins behind it may be well
      continue;
    }
    if (head->blocks > blocks - at) break;
    std::string copy(rest.substr(0, head->blocks * block_bytes));
    if (const auto batch = examine(copy, place, *head)) move_batch(*batch, copy, under_way, moves);
    at += head->blocks;
  }
  if (at == 0) return move_next(options_.most_batch_bytes() / room_bytes + 2);
  cleaning_.block += at;
  launch_moves(std::move(moves), under_way, cleaning_.segment);
}

void Log::move_batch(const Batch& batch, std::string_view blocks, const UnderWay& under_way,
                     Moves& moves) {
  Spot where{cleaning_.segment, static_cast<std::uint32_t>(batch.block), 0};
  for (const Row& row : batch.table.rows) {
    move_row(row, where, blocks, under_way, moves);
    ++where.row;
  }
}

// Some of it may have been cut, or written anew, or is about to be: that must not come back.
void Log::move_row(const Row& row, Spot where, std::string_view blocks, const UnderWay& under_way,
                   Moves& moves) {
  const Group* const group = groups_.find(row.group);
  if (group == nullptr) return;
  const auto newer = under_way.find(row.group);
  raft::Batch& copies = moves[row.group].repaired;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const EntryHead& entry = *row.at(i);
    const Run* run = group->runs.at(entry.id.index);
    if (run == nullptr || run->where != where || entry.lost) continue;
    const bool replaced = newer != under_way.end() && newer->second.replaces(entry.id.index);
    if (replaced && !planted(Bug::p70_moves_what_was_replaced)) continue;
    copies.push_back({entry.id, entry.kind, payload_of(blocks, entry)});
  }
}

// One row a group, however many it had been: so what is left of small batches becomes dense.
void Log::launch_moves(Moves moves, const UnderWay& under_way, std::uint64_t segment) {
  for (auto& [id, copies] : moves) {
    const Group& group = *groups_.find(id);
    const auto newer = under_way.find(id);
    const bool quiet = newer == under_way.end();
    if (group.hard_in == segment && (quiet || !newer->second.hard_state()))
      copies.hard_state = group.hard;
    if (group.base_in == segment && (quiet || !newer->second.base())) copies.base = group.base;
    std::ranges::sort(copies.repaired, {}, [](const raft::Entry& e) { return e.id.index; });
  }
  for (auto& [id, copies] : moves) {
    if (!Newer::matters(copies)) continue;
    ++copied_;
    enqueue(id, std::move(copies), {.moved = true});
  }
  flush();
  // If nothing had to be copied, nothing will land and call us.
  if (!flight_) env_.loop.soon(life_.guard([this] { clean(); }));
}

Log::UnderWay Log::under_way() const {
  UnderWay found;
  const auto look = [&](const auto& writes) {
    for (const Write& write : writes) {
      if (write.forget) found[write.group].add_forget();
      if (Newer::matters(write.what)) found[write.group].add(write.what);
    }
  };
  if (flight_) look(flight_->batch.writes);
  for (const Growing& batch : pending_) look(batch.writes);
  return found;
}

// What is still needed there and is not copied could not be read.
void Log::moved_all() {
  if (cleaning_.told) return;
  cleaning_.told = true;
  const std::uint64_t segment = cleaning_.segment;
  rescue(segment, {.block = 0, .blocks = ledger_.end(segment), .number = 0, .batch = {}}, {});
}

// Its contents are gone, although the disk had said that it has them. Who leads may have others
// send them again; until then the segment stays.
void Log::report_lost(GroupId id, Index first, Index last) {
  groups_.find(id)->runs.lose(first, last);
  if (hooks_.unreadable) hooks_.unreadable(id, first, last);
}

// Its name has to be gone for good before the next one goes: if an older segment came back and a
// newer one did not, what the newer one had taken away would be there again.
void Log::retire(std::uint64_t segment) {
  retiring_ = true;
  ++retired_;
  if (cleaning_.segment == segment) cleaning_ = {};
  ledger_.gone(segment);
  if (can_be_used_again(segment)) return recycle(segment);
  unreadable_in_.erase(segment);
  remove(segment);
}

void Log::remove(std::uint64_t segment) {
  files_.erase(segment);
  auto synced = life_.guard([this](Result<void> result) {
    retiring_ = false;
    if (!result) return fail(std::move(result.error()));
    if (full_) prepare();
    clean();
  });
  env_.disk.remove(segment_name(segment),
                   life_.guard([this, synced = std::move(synced)](Result<void> result) mutable {
                     if (!result) return fail(std::move(result.error()));
                     env_.disk.sync_names(std::move(synced));
                   }));
}

}  // namespace bowline::wal
