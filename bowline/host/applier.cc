// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/applier.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::host {

Applier::Applier(wal::LogStore& log, GroupId group, machine::StateMachine& machine,
                 std::uint64_t slice_bytes, Client& client, Scratch& scratch)
    : log_(log),
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
  raft::Batch batch = log_.peek(group_, applied_.index, allowed_, slice_bytes_);
  if (batch.empty()) return fetch();
  apply(std::move(batch));
  if (!waits()) client_.due();
}

void Applier::fetch() {
  reading_ = true;
  const Index asked = applied_.index.next();
  log_.fetch(
      group_, applied_.index, allowed_, slice_bytes_,
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
    apply(*std::move(batch));
  }
  if (!waits()) client_.due();
}

void Applier::apply(raft::Batch batch) {
  ensure(batch.front().id.index == applied_.index.next());
  ensure(batch.back().id.index <= allowed_);
  std::vector<std::string> answers(batch.size());
  const std::span<const raft::Entry> all(batch);
  std::size_t from = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].kind != raft::Kind::membership) continue;
    apply_commands(all.subspan(from, i - from), std::span(answers).subspan(from, i - from));
    machine_.configured(all[i].id, all[i].payload.view());
    from = i + 1;
  }
  apply_commands(all.subspan(from), std::span(answers).subspan(from));
  applied_ = batch.back().id;
  client_.was_applied(all, answers);
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
