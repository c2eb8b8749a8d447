// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/log.h"

#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/wal/opening.h"

namespace bowline::wal {
namespace {

// What a write may weigh in a batch beyond its payloads, at most, for each entry and for the rest.
constexpr std::uint64_t entry_room = 32;
constexpr std::uint64_t row_room = 64;

std::uint64_t weight(const raft::Entry& entry) { return entry.payload.size() + entry_room; }

std::uint64_t weight(const raft::Batch& entries) {
  std::uint64_t sum = row_room;
  for (const raft::Entry& entry : entries) sum += weight(entry);
  return sum;
}

// About what a write takes in a batch, and never less.
std::uint64_t weight(const raft::Persist& write) {
  const bool members = write.base && write.base->membership != nullptr;
  return weight(write.repaired) + weight(write.entries) +
         (members ? raft::encode(*write.base->membership).size() : 0);
}

// Moves as many entries as fit, but at least one, to the part that goes first.
void split(raft::Batch& from, raft::Batch& to, std::uint64_t fits) {
  std::uint64_t sum = row_room;
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
      tail_(options.tail_bytes) {
  ensure(options_.fault().empty());
  mark_timer_ = env_.loop.timer([this] { write_mark(); });
}

Log::~Log() { env_.loop.drop(mark_timer_); }

void Log::open(env::Done<Result<Opened>> done) {
  ensure(opening_ == nullptr && segment_ == 0);
  opening_ = std::make_unique<Opening>(
      *this, [this, done = std::move(done)](Result<Opened> result) mutable {
        opened(std::move(done), std::move(result));
      });
  opening_->begin();
}

void Log::opened(env::Done<Result<Opened>> done, Result<Opened> result) {
  // It is the one that calls us: it ends once we are back.
  env_.loop.soon(life_.guard([this] { opening_.reset(); }));
  if (result) {
    prepare();
  } else {
    broken_ = true;
  }
  done(std::move(result));
}

// A write that is larger than a batch goes in parts, in the order in which they may survive. Only
// the last one is reported.
void Log::submit(GroupId group, raft::Persist&& what) {
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
    enqueue(group, std::move(part), false);
  }
  enqueue(group, std::move(what), true);
}

void Log::forget(GroupId group) {
  tail_.forget(group);
  pending_.push_back({.group = group,
                      .number = ++last_number_,
                      .what = {},
                      .bytes = row_room,
                      .last_part = false,
                      .forget = true});
}

void Log::enqueue(GroupId group, raft::Persist&& what, bool last_part) {
  const std::uint64_t bytes = weight(what);
  for (const raft::Batch* list : {&what.repaired, &what.entries})
    for (const raft::Entry& entry : *list) ensure(weight(entry) <= options_.most_entry_bytes());
  tail_.take(group, what, ++last_number_);
  pending_.push_back({.group = group,
                      .number = last_number_,
                      .what = std::move(what),
                      .bytes = bytes,
                      .last_part = last_part,
                      .forget = false});
}

}  // namespace bowline::wal
