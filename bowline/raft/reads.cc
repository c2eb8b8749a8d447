// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"

// Linearizable reads without a log entry (dissertation 6.4): what was committed when the read came,
// proven to be the newest by a round of heartbeats that was sent after it. One round serves all
// reads that came before it; the next begins when it is answered.
namespace bowline::raft {

void Core::on(Read& in) {
  if (leader_role() != nullptr) {
    if (leader_role()->reads.size() >= options_->pending_reads)
      return refuse(in.ticket, Refusal::full);
    if (in.kind == ReadKind::lease && lease_holds()) return emit(ReadReady{in.ticket, commit_});
    return add_read({.ticket = in.ticket,
                     .asker = {},
                     .id = {},
                     .index = {},
                     .needs = {},
                     .deadline = now_ + options_->election});
  }
  if (in.kind == ReadKind::verify || !leader()) return refuse(in.ticket, Refusal::not_leader);
  if (asked_.size() >= options_->pending_reads) return refuse(in.ticket, Refusal::full);
  last_id_ = last_id_.next();
  asked_.push_back({in.ticket, last_id_, now_ + options_->election});
  send(leader(), ReadRequest{last_id_});
}

void Core::hear(NodeId from, const Message&, ReadRequest& in) {
  if (leader_role() == nullptr || leader_role()->reads.size() >= options_->pending_reads)
    return send(from, ReadReply{in.id, false, {}});
  add_read({.ticket = {},
            .asker = from,
            .id = in.id,
            .index = {},
            .needs = {},
            .deadline = now_ + options_->election});
}

void Core::hear(NodeId, const Message&, ReadReply& in) {
  const auto read = std::ranges::find(asked_, in.id, &AskedRead::id);
  if (read == asked_.end()) return;
  if (in.granted) {
    emit(ReadReady{read->ticket, in.index});
  } else {
    refuse(read->ticket, Refusal::not_leader);
  }
  asked_.erase(read);
}

void Core::add_read(PendingRead read) { leader_role()->reads.push_back(read); }

void Core::serve_reads() {
  Leader& l = *leader_role();
  if (l.reads.empty()) return;
  // Until an entry of this term is committed, we do not know what older leaders had committed.
  if (commit_ < l.first && !planted(Bug::p34_read_before_own_commit)) return;
  do {
    auto ready = [&](const PendingRead& read) { return read.needs && read.needs <= l.answered; };
    for (const PendingRead& read : l.reads)
      if (ready(read)) answer_read(read);
    erase_if(l.reads, ready);
  } while (begin_read_round() && alone());
}

// True if a round was begun for the reads that wait for one.
bool Core::begin_read_round() {
  Leader& l = *leader_role();
  if (l.reads.empty()) return false;
  if (std::ranges::any_of(l.reads, [](const PendingRead& read) { return bool(read.needs); }))
    return false;  // one at a time
  // A round number is used once: an answer to it proves nothing about a read that came later.
  if (!planted(Bug::p35_read_round_reused)) beat();
  for (PendingRead& read : l.reads) {
    read.needs = l.round;
    read.index = commit_;
  }
  return true;
}

void Core::answer_read(const PendingRead& read) {
  if (!read.asker) return emit(ReadReady{read.ticket, read.index});
  send(read.asker, ReadReply{.id = read.id, .granted = true, .index = read.index});
}

void Core::expire_reads() {
  if (Leader* l = leader_role()) {
    for (const PendingRead& read : l->reads)
      if (now_ >= read.deadline && !read.asker) refuse(read.ticket, Refusal::timed_out);
    erase_if(l->reads, [&](const PendingRead& read) { return now_ >= read.deadline; });
  }
  for (const AskedRead& read : asked_)
    if (now_ >= read.deadline) refuse(read.ticket, Refusal::timed_out);
  erase_if(asked_, [&](const AskedRead& read) { return now_ >= read.deadline; });
}

void Core::drop_reads(Refusal why) {
  if (Leader* l = leader_role()) {
    for (const PendingRead& read : l->reads) {
      if (!read.asker) refuse(read.ticket, why);
      if (read.asker) send(read.asker, ReadReply{read.id, false, {}});
    }
    l->reads.clear();
  }
  for (const AskedRead& read : asked_) refuse(read.ticket, why);
  asked_.clear();
}

}  // namespace bowline::raft
