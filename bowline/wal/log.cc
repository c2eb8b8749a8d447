// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/log.h"

#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/wal/opening.h"
#include "bowline/wal/weight.h"

namespace bowline::wal {
namespace {

// Moves as many entries as fit, but at least one, to the part that goes first.
void split(raft::Batch& from, raft::Batch& to, std::uint64_t fits) {
  std::uint64_t sum = row_weight;
  std::size_t count = 0;
  while (count < from.size() && (count == 0 || sum + weight(from[count]) <= fits))
    sum += weight(from[count++]);
  const auto end = from.begin() + static_cast<std::ptrdiff_t>(count);
  to.assign(std::make_move_iterator(from.begin()), std::make_move_iterator(end));
  from.erase(from.begin(), end);
}

}  // namespace

Log::Log(env::Env env, Options options, Owner owner, Incarnation fresh, Hooks hooks)
    : env_(env),
      options_(options),
      owner_(owner),
      fresh_(fresh),
      hooks_(std::move(hooks)),
      tail_(options.tail_bytes),
      scrubber_(env_, options_, scrubber_hooks()) {
  ensure(options_.fault().empty());
  mark_timer_ = env_.loop.timer([this] { write_mark(); });
  retry_timer_ = env_.loop.timer([this] { try_again(); });
}

Log::~Log() {
  env_.loop.drop(mark_timer_);
  env_.loop.drop(retry_timer_);
}

void Log::open(env::Done<Result<Opened>> done) {
  ensure(opening_ == nullptr && segment_ == 0);
  opening_ = std::make_unique<Opening>(
      *this, [this, done = std::move(done)](Result<Opened> result) mutable {
        opened(std::move(done), std::move(result));
      });
  opening_->begin();
}

void Log::opened(env::Done<Result<Opened>> done, Result<Opened> result) {
  // It is the one that calls us: it ends once we are back, and what was asked for meanwhile starts.
  env_.loop.soon(life_.guard([this] {
    opening_.reset();
    flush();
  }));
  if (result) {
    open_ = true;
    scrubber_.begin(identity_.disk);
    prepare();
  } else {
    broken_ = true;
  }
  done(std::move(result));
}

void Log::take_over(GroupId id, GroupState&& found) {
  Group& group = groups_[id];
  group = {found.hard, found.base, found.hard_in, found.base_in, std::move(found.runs), {}};
  for (const Run& run : group.runs.all()) ledger_.add(run.where.segment, group.needs, run.bytes);
  if (group.hard_in != 0) ledger_.add(group.hard_in, group.needs, row_weight);
  if (group.base_in != 0) ledger_.add(group.base_in, group.needs, row_weight);
}

void Log::submit(GroupId group, raft::Persist&& what) {
  enqueue(group, std::move(what), {.reported = true});
}

// A write that is larger than a batch goes in parts, in the order in which they may survive. Only
// the last one is reported.
void Log::enqueue(GroupId group, raft::Persist&& what, Asked asked) {
  while (weight(what) > options_.batch_bytes && what.repaired.size() + what.entries.size() > 0) {
    raft::Persist part{.hard_state = std::exchange(what.hard_state, {}),
                       .base = std::exchange(what.base, {}),
                       .discard = std::exchange(what.discard, false),
                       .cut_after = std::exchange(what.cut_after, {}),
                       .repaired = {},
                       .entries = {}};
    const bool repairs = !what.repaired.empty();
    split(repairs ? what.repaired : what.entries, repairs ? part.repaired : part.entries,
          options_.batch_bytes);
    enqueue_part(group, std::move(part), {.reported = false, .moved = asked.moved});
  }
  enqueue_part(group, std::move(what), asked);
}

void Log::forget(GroupId group) {
  tail_.forget(group);
  Growing& batch = batch_for(row_weight);
  batch.draft.add_forget(group, ++last_number_);
  batch.writes.push_back(
      {.group = group, .number = last_number_, .what = {}, .asked = {}, .forget = true});
}

void Log::enqueue_part(GroupId group, raft::Persist&& what, Asked asked) {
  const std::uint64_t bytes = weight(what);
  for (const raft::Batch* list : {&what.repaired, &what.entries})
    for (const raft::Entry& entry : *list) ensure(weight(entry) <= options_.most_entry_bytes());
  tail_.take(group, what, ++last_number_);
  Growing& batch = batch_for(bytes);
  batch.bytes += bytes;
  waiting_bytes_ += bytes;
  batch.draft.add(group, last_number_, what, asked.moved);
  batch.writes.push_back({.group = group,
                          .number = last_number_,
                          .what = std::move(what),
                          .asked = asked,
                          .forget = false});
}

// The last of those that wait, if there is room for so much more in it.
Log::Growing& Log::batch_for(std::uint64_t bytes) {
  if (pending_.empty() || pending_.back().draft.bytes_so_far() + bytes > options_.batch_bytes)
    pending_.push_back(std::exchange(spare_, {}));
  return pending_.back();
}

}  // namespace bowline::wal
