// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/wal/block.h"
#include "bowline/wal/log.h"
#include "bowline/wal/names.h"
#include "bowline/wal/weight.h"

// One batch at a time is on its way to the disk. What is submitted meanwhile makes the next one, so
// that batches grow as fast as the disk is slow.
namespace bowline::wal {

void Log::flush() {
  if (flight_ || pending_.empty() || broken_ || !open_) return;
  if (!busy_since_) busy_since_ = env_.clock.now();
  if (!place(pending_.front().draft)) return;
  Growing batch = std::move(pending_.front());
  pending_.pop_front();
  launch(std::move(batch));
}

// Finds where the batch goes: behind the last one, or to the next segment. False: there is none
// yet; flush() is called again when there is.
bool Log::place(Draft& draft) {
  if (says_what_it_follows_) draft.follow({segment_, end_, batch_});
  draft.repeat(echo_);
  const auto fits = [&] {
    const std::uint64_t bytes = (end_ + blocks_for(draft.bytes())) * block_bytes;
    return segment_ != 0 && bytes <= files_.at(segment_)->size();
  };
  if (fits()) return true;
  if (ahead_.empty()) {
    prepare();
    return false;
  }
  draft.follow({segment_, end_, batch_});
  says_what_it_follows_ = true;
  if (segment_ != 0) ledger_.ended(segment_, end_);
  segment_ = ahead_.front();
  ahead_.pop_front();
  ledger_.opened(segment_);
  end_ = 0;
  ensure(fits());
  prepare();
  return true;
}

void Log::launch(Growing batch) {
  if (!busy_since_) busy_since_ = env_.clock.now();
  const Draft& draft = batch.draft;
  const std::uint64_t content = draft.bytes();
  ensure(content <= options_.most_batch_bytes());
  const std::uint64_t blocks = blocks_for(content);
  env::Buffer buffer = env_.disk.buffer(blocks * block_bytes);
  draft.lay_out(buffer.data());
  const Place where{identity_.disk.value, segment_, end_};
  batch_ = next_batch_++;
  draft.tell(batch_, echo_);
  seal({buffer.data(), buffer.size()}, where, batch_, static_cast<std::uint32_t>(content));
  marked_ = batch.writes.empty();
  flight_ = Flight{std::move(batch), {segment_, static_cast<std::uint32_t>(end_), 0}, blocks};
  const std::uint64_t offset = end_ * block_bytes;
  end_ += blocks;
  says_what_it_follows_ = false;
  files_.at(segment_)->write(
      offset, std::move(buffer), env::Sync::yes,
      [this](Result<void> result, env::Buffer) { landed(std::move(result)); });
}

// An error is the last word: the kernel may have dropped what it could not write, and a second
// attempt that succeeds would prove nothing.
void Log::landed(Result<void> result) {
  if (!result && !planted(Bug::p25_sync_error_ignored) &&
      !planted(Bug::p03_vote_write_error_ignored))
    return fail(std::move(result.error()));
  Flight flight = *std::move(flight_);
  std::vector<Write>& writes = flight.batch.writes;
  flight_.reset();
  waiting_bytes_ -= flight.batch.bytes;
  last_write_took_ = env_.clock.now() - *busy_since_;
  busy_since_.reset();
  flush();  // first: if something waits, the disk need not wait for us
  Spot where = landed_ = flight.where;
  landed_blocks_ = flight.blocks;
  written_ += flight.blocks;
  for (const Write& write : writes) {
    settle(write, where);
    ++where.row;
  }
  if (!writes.empty()) tail_.durable(writes.back().number);
  const auto reported = [](const Write& write) { return write.asked.reported; };
  if (std::ranges::any_of(writes, reported)) credit(flight.blocks);
  for (const Write& write : writes)
    if (reported(write)) hooks_.persisted(write.group, write.what.seq);
  if (hooks_.landed) hooks_.landed();
  writes.clear();
  flight.batch.draft.clear();
  spare_ = {std::move(writes), std::move(flight.batch.draft), 0};
  clean();
  flush();
  if (!flight_ && !marked_) env_.loop.set(mark_timer_, env_.clock.now() + options_.mark_after);
}

// It is durable: from now on it can be read back, and what it replaces is not needed any more.
void Log::settle(const Write& write, Spot where) {
  Runs::Dropped dropped;
  Group& group = groups_[write.group];
  const raft::Persist& what = write.what;
  if (write.forget) {
    forget_needs(group);
    groups_.erase(write.group);
    return;
  }
  if (what.hard_state) {
    group.hard = *what.hard_state;
    need(group, group.hard_in, where.segment);
  }
  if (what.base) {
    if (what.discard) group.runs.clear(&dropped);
    group.base = *what.base;
    group.runs.rebase(what.base->id.index, &dropped);
    need(group, group.base_in, where.segment);
  }
  if (what.cut_after) group.runs.cut_after(*what.cut_after, &dropped);
  settled_.clear();
  std::uint32_t skip = 0;
  for (const auto* list : {&what.repaired, &what.entries})
    for (const raft::Entry& entry : *list) extend(settled_, entry.id, weight(entry), where, skip++);
  for (const Run& run : settled_) {
    group.runs.put(run, &dropped);
    ledger_.add(run.where.segment, group.needs, run.bytes);
  }
  drop(group, dropped);
}

// A batch is proven durable by one that follows it. If nothing does, something has to, before the
// blocks have time to rot.
void Log::write_mark() {
  if (flight_ || !pending_.empty() || marked_ || broken_) return;
  Growing mark;
  if (place(mark.draft)) launch(std::move(mark));
}

void Log::prepare() {
  if (preparing_ || broken_ || ahead_.size() >= options_.ahead) return;
  preparing_ = true;
  const std::uint64_t number = ++newest_file_;
  env_.disk.create(segment_name(number), options_.segment_bytes,
                   life_.guard([this, number](Result<std::unique_ptr<env::File>> made) {
                     created(number, std::move(made));
                   }));
}

void Log::created(std::uint64_t number, Result<std::unique_ptr<env::File>> made) {
  preparing_ = false;
  if (!made && made.error().fault == Fault::full) return no_space(std::move(made.error()));
  if (!made) return fail(std::move(made.error()));
  files_[number] = *std::move(made);
  preparing_ = true;
  if (planted(Bug::p22_names_not_synced))
    return env_.loop.soon(life_.guard([this, number] { named(number, {}); }));
  env_.disk.sync_names(
      life_.guard([this, number](Result<void> result) { named(number, std::move(result)); }));
}

void Log::named(std::uint64_t number, Result<void> result) {
  preparing_ = false;
  if (!result) return fail(std::move(result.error()));
  ready(number);
}

void Log::ready(std::uint64_t number) {
  ahead_.push_back(number);
  if (full_ && ahead_.size() >= options_.ahead) {
    full_ = false;
    if (hooks_.full) hooks_.full(false);
  }
  clean();  // may have waited for this
  prepare();
  flush();
}

// Nothing is lost by that: what was acknowledged is on disk, and the segments that are ready are
// there for what cannot wait. It is tried again from time to time, and whenever a segment goes. The
// same if too many files are open: then, too, nothing was done.
void Log::no_space(Error why) {
  why_full_ = std::move(why.what);
  env_.loop.set(retry_timer_, env_.clock.now() + options_.retry_full_after);
  if (!std::exchange(full_, true) && hooks_.full) hooks_.full(true);
  credit(options_.segment_bytes / block_bytes);
  clean();
}

void Log::try_again() {
  if (unopened_ != 0) return open_anew(std::exchange(unopened_, 0));
  prepare();
}

void Log::fail(Error error) {
  if (broken_) return;
  broken_ = true;
  hooks_.broken(std::move(error));
}

}  // namespace bowline::wal
