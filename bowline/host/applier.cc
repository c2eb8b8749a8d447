// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/applier.h"

#include <algorithm>
#include <cstddef>
#include <exception>
#include <iterator>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::host {

Applier::Applier(const env::Clock& clock, wal::LogStore& log, GroupId group,
                 machine::StateMachine& machine, std::uint64_t slice_bytes, Client& client,
                 Scratch& scratch)
    : clock_(clock),
      log_(log),
      group_(group),
      machine_(machine),
      slice_bytes_(slice_bytes),
      client_(client),
      scratch_(scratch) {}

void Applier::advance(Index through) {
  if (through <= allowed_) return;
  allowed_ = through;
  if (!waits()) client_.due();
}

void Applier::hold() { ++held_; }

void Applier::release() {
  ensure(held_ > 0);
  --held_;
  if (!waits()) client_.due();
}

void Applier::restored(LogId through) {
  applied_ = through;
  allowed_ = std::max(allowed_, through.index);
  read_.clear();
  stuck_ = false;
  if (!waits()) client_.due();
}

void Applier::again() {
  if (!std::exchange(stuck_, false)) return;
  if (!waits()) client_.due();
}

void Applier::landed() {
  if (std::exchange(lacks_, false)) again();
}

void Applier::slice() {
  if (waits()) return;
  const Time begun = clock_.now();
  Time now = begun;
  std::uint64_t entries = slice_entries;
  std::uint64_t bytes = slice_bytes_;
  while (!waits() && entries > 0 && bytes > 0 && now - begun < slice_time) {
    const raft::Batch batch = next(std::min(step_, entries), bytes);
    if (batch.empty()) return fetch();
    apply(batch);
    const Duration took = clock_.now() - now;
    set_step({batch.size(), took});
    now = now + took;
    entries -= batch.size();
    for (const raft::Entry& entry : batch) bytes -= std::min(bytes, entry.payload.size());
  }
  if (!waits()) client_.due();
}

// The clock is all that tells what a step costs. One of another size tells what it is paid for: the
// commands, then fewer of them take less time; or the call, then more of them take no longer.
void Applier::set_step(Step done) {
  const bool full = done.entries == step_;
  const bool late = done.took > slice_time;
  if (full && done.took < slice_time / 4) {
    step_ = std::min(slice_entries, step_ * 2);
    before_ = {};
    tired_ = 0;
  } else if (done.entries > modest_step) {
    if (late) step_ = std::max(modest_step, done.entries / 2);
    before_ = {};
    tired_ = 0;
  } else if (full && before_.entries > 0) {
    judge(done);
  } else if (tired_ > 0) {
    --tired_;
  } else if (late && done.entries > 1) {
    try_step(done.entries / 2, done);
  } else if (full && done.entries < modest_step) {
    try_step(done.entries * 2, done);
  }
}

void Applier::try_step(std::uint64_t entries, Step before) {
  step_ = std::min(entries, modest_step);
  before_ = before;
}

// Of a try. If it was good, the next one goes on in the same direction; if fewer were no better,
// more may be. More that still fit into a slice are never worse.
void Applier::judge(Step done) {
  const Step before = std::exchange(before_, {});
  const bool fewer = done.entries < before.entries;
  const bool late = done.took > slice_time;
  const bool good =
      fewer ? 3 * done.took < 2 * before.took : !late || 2 * done.took < 3 * before.took;
  if (!good) {
    step_ = before.entries;
    if (fewer && step_ < modest_step) return try_step(step_ * 2, before);
  } else if (fewer && late && done.entries > 1) {
    return try_step(done.entries / 2, done);
  } else if (!fewer && done.entries < modest_step) {
    return try_step(done.entries * 2, done);
  }
  tired_ = steps_between_tries;
}

// At most so many.
raft::Batch Applier::next(std::uint64_t entries, std::uint64_t bytes) {
  if (read_.empty())
    return log_.peek(group_, applied_.index, std::min(allowed_, applied_.index + entries), bytes);
  const auto end = read_.begin() + static_cast<std::ptrdiff_t>(std::min(entries, read_.size()));
  raft::Batch batch(std::make_move_iterator(read_.begin()), std::make_move_iterator(end));
  read_.erase(read_.begin(), end);
  return batch;
}

void Applier::fetch() {
  reading_ = true;
  const Index asked = applied_.index.next();
  log_.fetch(
      group_, applied_.index, std::min(allowed_, applied_.index + slice_entries), slice_bytes_,
      life_.guard([this, asked](Result<raft::Batch> batch) { fetched(asked, std::move(batch)); }));
}

// The state may have been replaced meanwhile; and what is of an older leader the disk has not yet
// as it is in our log.
void Applier::fetched(Index asked, Result<raft::Batch> batch) {
  reading_ = false;
  if (applied_.index.next() != asked || held_ > 0) {
    if (!waits()) client_.due();
    return;
  }
  if (!batch) {
    stuck_ = true;
    return client_.unreadable(asked);
  }
  const auto foreign = std::ranges::find_if(
      *batch, [&](const raft::Entry& entry) { return !client_.holds(entry.id); });
  batch->erase(foreign, batch->end());
  if (batch->empty() || batch->front().id.index != asked) {
    stuck_ = lacks_ = true;
  } else {
    read_ = *std::move(batch);
  }
  if (!waits()) client_.due();
}

void Applier::apply(const raft::Batch& batch) {
  ensure(batch.front().id.index == applied_.index.next());
  ensure(batch.back().id.index <= allowed_);
  std::vector<std::string> answers(batch.size());
  Entries now;
  try {
    give(batch, answers, now);
  } catch (const std::exception& thrown) {
    return halt(now, thrown.what());
  } catch (...) {
    return halt(now, "something that is no std::exception");
  }
  applied_ = batch.back().id;
  client_.was_applied(batch, answers);
}

// The process has other groups, which have other machines.
void Applier::halt(Entries given, std::string what) {
  halted_ = true;
  scratch_.commands.clear();
  const auto is_told = [](const raft::Entry& entry) { return entry.kind != raft::Kind::blank; };
  const auto first = std::ranges::find_if(given, is_told);
  const auto last = std::ranges::find_if(given.rbegin(), given.rend(), is_told);
  client_.machine_threw(first->id.index, last->id.index, std::move(what));
}

// `now` are those that the machine has in hand.
void Applier::give(Entries all, std::span<std::string> answers, Entries& now) {
  std::size_t from = 0;
  const auto give_commands = [&](std::size_t end) {
    now = all.subspan(from, end - from);
    apply_commands(now, answers.subspan(from, end - from));
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind != raft::Kind::membership) continue;
    give_commands(i);
    now = all.subspan(i, 1);
    machine_.configured(all[i].id, all[i].payload.view());
    from = i + 1;
  }
  give_commands(all.size());
}

void Applier::apply_commands(std::span<const raft::Entry> entries, std::span<std::string> answers) {
  scratch_.commands.clear();
  for (const raft::Entry& entry : entries)
    if (entry.kind == raft::Kind::command) scratch_.commands.push_back({entry.id, entry.payload});
  if (scratch_.commands.empty()) return;
  scratch_.answers.assign(scratch_.commands.size(), {});
  machine_.apply(scratch_.commands, scratch_.answers);
  std::size_t next = 0;
  for (std::size_t i = 0; i < entries.size(); ++i)
    if (entries[i].kind == raft::Kind::command) answers[i] = std::move(scratch_.answers[next++]);
  scratch_.commands.clear();  // each holds the frame that brought it
}

}  // namespace bowline::host
