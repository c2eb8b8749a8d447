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

constexpr std::uint64_t bytes_at_once = 256 << 10;

}  // namespace

void Log::drop(GroupId group, const Runs::Dropped& dropped) {
  for (const Run& run : dropped) ledger_.take(run.where.segment, group, run.count);
}

void Log::need(GroupId group, std::uint64_t& at, std::uint64_t segment) {
  if (at != 0) ledger_.take(at, group, 1);
  at = segment;
  ledger_.add(at, group, 1);
}

void Log::forget_needs(GroupId id, const Group& group) {
  for (const Run& run : group.runs.all()) ledger_.take(run.where.segment, id, run.count);
  if (group.hard_in != 0) ledger_.take(group.hard_in, id, 1);
  if (group.base_in != 0) ledger_.take(group.base_in, id, 1);
}

Ledger::Needs Log::pins() const {
  return ledger_.empty() ? Ledger::Needs() : ledger_.needs(ledger_.oldest());
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
  if (oldest == segment_ || (flight_ && flight_->where.segment == oldest)) return;
  if (ledger_.live(oldest) == 0) return retire(oldest);
  if (cleaning_ != oldest && worth_moving(oldest)) cleaning_ = oldest;
  if (cleaning_ == oldest) move_next();
}

bool Log::worth_moving(std::uint64_t segment) const {
  return ledger_.permille_live(segment) < options_.move_below_permille ||
         ledger_.segments() > options_.most_segments || full_;
}

// One group at a time, and a bounded piece of it, so that nobody waits for long behind it.
void Log::move_next() {
  for (const auto& [id, count] : ledger_.needs(cleaning_)) {
    Group& group = groups_.at(id);
    if (group.hard_in == cleaning_ || group.base_in == cleaning_) {
      if (restate(id, group)) return;
      continue;  // a newer one is on its way
    }
    const auto run = std::ranges::find_if(
        group.runs.all(), [this](const Run& r) { return r.where.segment == cleaning_ && !r.lost; });
    if (run == group.runs.all().end()) continue;  // until somebody repairs it
    moving_ = true;
    Fetch fetch{
        *run,
        run->first.prev(),
        run->last(),
        bytes_at_once,
        files_.at(cleaning_),
        [this, id, run = *run](Result<raft::Batch> batch) { moved(id, run, std::move(batch)); }};
    return begin(std::move(fetch));
  }
}

// What was asked for and is not settled yet, of this group.
template <class Ask>
bool Log::any_under_way(GroupId id, Ask ask) const {
  const auto concerns = [&](const Write& write) { return write.group == id && ask(write); };
  return std::ranges::any_of(pending_, concerns) ||
         (flight_ && std::ranges::any_of(flight_->writes, concerns));
}

bool Log::restate(GroupId id, const Group& group) {
  Write write{.group = id, .what = {}, .last_part = false, .moved = true};
  if (group.hard_in == cleaning_ &&
      !any_under_way(id, [](const Write& w) { return w.forget || w.what.hard_state; }))
    write.what.hard_state = group.hard;
  if (group.base_in == cleaning_ &&
      !any_under_way(id, [](const Write& w) { return w.forget || w.what.base; }))
    write.what.base = group.base;
  if (!write.what.hard_state && !write.what.base) return false;
  copy(std::move(write));
  return true;
}

// Meanwhile some of them may have been cut, or written anew, or are about to be: those must not
// come back.
bool Log::still_needed(GroupId id, Index index, Spot where) const {
  const auto group = groups_.find(id);
  if (group == groups_.end()) return false;
  const Run* run = group->second.runs.at(index);
  if (run == nullptr || run->where != where) return false;
  return !any_under_way(id, [index](const Write& write) {
    const raft::Persist& what = write.what;
    if (write.forget || what.discard) return true;
    if (what.base && what.base->id.index >= index) return true;
    if (what.cut_after && *what.cut_after < index) return true;
    return std::ranges::any_of(what.repaired, [&](const auto& e) { return e.id.index == index; });
  });
}

void Log::moved(GroupId id, const Run& run, Result<raft::Batch> batch) {
  moving_ = false;
  if (!batch) {
    report_lost(id, run);
    return clean();
  }
  Write write{.group = id, .what = {}, .last_part = false, .moved = true};
  for (raft::Entry& entry : *batch)
    if (still_needed(id, entry.id.index, run.where) || planted(Bug::p70_moves_what_was_replaced))
      write.what.repaired.push_back(std::move(entry));
  if (write.what.repaired.empty()) return env_.loop.soon(life_.guard([this] { clean(); }));
  copy(std::move(write));
}

void Log::copy(Write write) {
  write.number = ++last_number_;
  write.bytes = weight(write.what);
  pending_.push_back(std::move(write));
  flush();
}

// Its contents are gone, although the disk had said that it has them. Who leads may have others
// send them again; until then the segment stays.
void Log::report_lost(GroupId id, const Run& run) {
  Group& group = groups_.at(id);
  const Run* now = group.runs.at(run.first);
  if (now == nullptr || now->where != run.where) return;
  Run lost = *now;
  lost.lost = true;
  group.runs.put(lost);
  if (hooks_.unreadable) hooks_.unreadable(id, lost.first, lost.last());
}

// Its name has to be gone for good before the next one goes: if an older segment came back and a
// newer one did not, what the newer one had taken away would be there again.
void Log::retire(std::uint64_t segment) {
  retiring_ = true;
  ++retired_;
  cleaning_ = 0;
  ledger_.closed(segment);
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
