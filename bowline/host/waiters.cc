// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/waiters.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::host {
namespace {

// What is known of one command of a batch, once there was a word on the last of them.
raft::Outcome fate(const raft::Core& core, LogId id, raft::Outcome of_the_last) {
  if (of_the_last != raft::Outcome::unknown && id.index > core.commit()) return of_the_last;
  if (id.index > core.commit()) return raft::Outcome::unknown;
  const auto term = core.outline().term_at(id.index);
  if (!term) return of_the_last == raft::Outcome::committed ? of_the_last : raft::Outcome::unknown;
  return *term == id.term ? raft::Outcome::committed : raft::Outcome::overruled;
}

// Of what is no command.
Outcome word_for(raft::Outcome outcome) {
  if (outcome == raft::Outcome::committed) return Applied{};
  if (outcome == raft::Outcome::overruled) return Overruled{};
  return Unknown{};
}

template <class Waiting>
Waiting* find(Few<Waiting>& list, Ticket ticket) {
  const auto found = std::ranges::lower_bound(list, ticket, {}, &Waiting::ticket);
  return found != list.end() && found->ticket == ticket ? found : nullptr;
}

// Whoever is called may ask for something else at once: what it waited in must be whole again.
template <class Waiting>
std::optional<Waiting> take(Few<Waiting>& list, Ticket ticket) {
  Waiting* const found = find(list, ticket);
  if (found == nullptr) return {};
  Waiting taken = std::move(*found);
  list.erase(found);
  return taken;
}

}  // namespace

Ticket Waiters::propose(std::vector<Reply> replies) {
  last_ = last_.next();
  const std::size_t open = replies.size();
  batches_.push_back({.ticket = last_, .first = {}, .replies = std::move(replies), .open = open});
  return last_;
}

Ticket Waiters::operate(Reply reply) {
  last_ = last_.next();
  operations_.push_back({last_, std::move(reply)});
  return last_;
}

Ticket Waiters::read(std::vector<ReadReply> replies) {
  last_ = last_.next();
  reads_ += replies.size();
  reading_.push_back({last_, std::move(replies)});
  return last_;
}

Waiters::Batch& Waiters::batch(Ticket ticket) {
  Batch* const found = find(batches_, ticket);
  ensure(found != nullptr);
  return *found;
}

// Those of earlier terms at the same place were overruled, and wait for the word on their last. At
// the end may be some that are not admitted.
Waiters::Batch* Waiters::batch_with(LogId id) {
  const auto behind = std::ranges::partition_point(
      batches_, [id](const Batch& batch) { return batch.first.index && batch.first <= id; });
  if (behind == batches_.begin()) return nullptr;
  Batch& batch = *std::prev(behind);
  const bool has =
      batch.first.term == id.term && id.index < batch.first.index + batch.replies.size();
  return has ? &batch : nullptr;
}

void Waiters::answer(Batch& batch, std::size_t i, Outcome outcome) {
  if (!batch.replies[i]) return;
  --batch.open;
  Reply reply = std::move(batch.replies[i]);
  batch.replies[i] = {};
  reply(std::move(outcome));
}

void Waiters::drop_finished() {
  const auto first = std::ranges::find_if_not(
      batches_, [](const Batch& batch) { return batch.decided && batch.open == 0; });
  batches_.erase(batches_.begin(), first);
}

void Waiters::admitted(const raft::Admitted& told) {
  if (find(operations_, told.ticket) == nullptr) batch(told.ticket).first = told.first;
}

void Waiters::refused(const raft::Refused& told) {
  const Refused outcome{told.why, told.leader};
  if (auto reads = take(reading_, told.ticket)) {
    reads_ -= reads->replies.size();
    for (ReadReply& reply : reads->replies) reply(outcome);
    return;
  }
  if (auto operation = take(operations_, told.ticket)) return operation->reply(outcome);
  Batch& refused = batch(told.ticket);
  for (std::size_t i = 0; i < refused.replies.size(); ++i) answer(refused, i, outcome);
  refused.decided = true;
  drop_finished();
}

// The word is on the last of a batch. Those before it may have fared better.
void Waiters::decided(const raft::Decided& told, const raft::Core& core, Index applied) {
  if (auto operation = take(operations_, told.ticket))
    return operation->reply(word_for(told.outcome));
  Batch& decided = batch(told.ticket);
  decided.decided = true;
  for (std::size_t i = 0; i < decided.replies.size(); ++i) {
    const LogId id{decided.first.term, decided.first.index + i};
    switch (fate(core, id, told.outcome)) {
      case raft::Outcome::committed:
        if (id.index <= applied) answer(decided, i, Applied{id, {}});
        break;
      case raft::Outcome::overruled: answer(decided, i, Overruled{}); break;
      case raft::Outcome::unknown: answer(decided, i, Unknown{}); break;
    }
  }
  drop_finished();
}

void Waiters::read_ready(const raft::ReadReady& told, Index applied) {
  auto reads = take(reading_, told.ticket);
  ensure(reads.has_value());
  const auto behind = std::ranges::upper_bound(allowed_, told.index, {}, &Allowed::after);
  allowed_.insert(behind, {told.index, std::move(reads->replies)});
  serve_reads(applied);
}

void Waiters::serve_reads(Index applied) {
  while (!allowed_.empty() && allowed_.front().after <= applied) {
    std::vector<ReadReply> replies = std::move(allowed_.front().replies);
    allowed_.erase(allowed_.begin());
    reads_ -= replies.size();
    for (ReadReply& reply : replies) reply(Ready{applied});
  }
}

void Waiters::applied(std::span<const LogId> ids, std::span<std::string> answers) {
  ensure(ids.size() == answers.size());
  for (std::size_t i = 0; i < ids.size() && !batches_.empty(); ++i) {
    Batch* const batch = batch_with(ids[i]);
    if (batch == nullptr) continue;
    answer(*batch, ids[i].index - batch->first.index, Applied{ids[i], std::move(answers[i])});
    drop_finished();
  }
  if (!ids.empty()) serve_reads(ids.back().index);
}

void Waiters::restored(Index through) {
  for (Batch& batch : batches_) {
    if (!batch.decided) continue;
    for (std::size_t i = 0; i < batch.replies.size(); ++i) {
      const LogId id{batch.first.term, batch.first.index + i};
      if (id.index <= through) answer(batch, i, Applied{id, {}});
    }
  }
  drop_finished();
  serve_reads(through);
}

void Waiters::end() {
  for (Batch& batch : batches_)
    for (std::size_t i = 0; i < batch.replies.size(); ++i) {
      if (batch.first.index || batch.decided) {
        answer(batch, i, Unknown{});
      } else {
        answer(batch, i, Refused{raft::Refusal::stopped, {}});
      }
    }
  batches_.clear();
  for (Operation& one : std::exchange(operations_, {})) one.reply(Unknown{});
  reads_ = 0;
  const Refused stopped{raft::Refusal::stopped, {}};
  for (Reads& reads : std::exchange(reading_, {}))
    for (ReadReply& reply : reads.replies) reply(stopped);
  for (Allowed& reads : std::exchange(allowed_, {}))
    for (ReadReply& reply : reads.replies) reply(stopped);
}

}  // namespace bowline::host
