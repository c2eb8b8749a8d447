// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"
#include "bowline/raft/membership_codec.h"

namespace bowline::raft {

void Core::hear(NodeId from, const Message& m, AppendRequest& in) {
  if (!heed_leader(from, m, in.round)) return;
  asleep_ = false;
  const std::optional<Index> matched = where_it_matches(in);
  if (!matched) return;
  if (!take_entries(from, in, *matched)) return;
  learn_commit(in.commit);
  if (in.rest) agree_to_rest(in);
}

// Somebody leads this term. False if it cannot be, or does not concern us.
bool Core::heed_leader(NodeId from, const Message& m, Round round) {
  const bool is_ours = term_leader_ == from && leader_life_ == m.from;
  if (term_leader_ && !is_ours && !takes_the_place(from, m.from)) return false;
  if (const Follower* f = follower_role(); f == nullptr || f->leader != from || !is_ours)
    follow(from, m.from);
  rearm_election();
  protected_until_ = now_ + options_->election;
  if (options_->lease_reads) lease_until_ = now_ + lease_guard();
  Follower& f = *follower_role();
  f.round = std::max(f.round, round);
  return true;
}

// Two say that they lead the same term. A leader may be newer than our membership, so that anybody
// may be the first to say so; but of two the one counts whom our membership names. Where it names
// both, there are two histories.
bool Core::takes_the_place(NodeId from, Incarnation life) {
  const bool is_known = leader_role() != nullptr || is_member(term_leader_, leader_life_);
  if (is_member(from, life) && !is_known) return true;
  if (!is_member(from, life) || from == term_leader_) {
    ++(membership().find(from) == nullptr ? drops_.stranger : drops_.identity);
    return false;
  }
  impossible(Wrong::second_leader, from,
             "term " + std::to_string(hard_.term.value) + " is led by node " +
                 std::to_string(term_leader_.value) + ", and node " + std::to_string(from.value) +
                 " says that it leads it too");
  return false;
}

// The log-matching question (dissertation 3.5). Where the answer is no, says so to the leader.
std::optional<Index> Core::where_it_matches(const AppendRequest& in) {
  const Index base = outline_.base().index;
  if (in.prev.index < base) {
    if (planted(Bug::p63_silent_below_base)) return std::nullopt;
    if (planted(Bug::p51_refuses_inside_snapshot)) {
      refuse_append(in.prev, in.round);
      return std::nullopt;
    }
    return in.prev.index;  // what our snapshot covers is committed, so it matches by definition
  }
  if (planted(Bug::p50_commits_over_compacted_prefix) && !in.prev.index)
    return outline_.last().index;
  // Up to here we may have the entries, but not what is in them: have them sent again.
  if (missing_.any() && in.prev.index >= missing_.first()) {
    refuse_append(in.prev, in.round);
    return std::nullopt;
  }
  const bool found = outline_.contains(in.prev) || (planted(Bug::p08_no_previous_term_check) &&
                                                    in.prev.index <= outline_.last().index);
  if (found) return in.prev.index;
  refuse_append(in.prev, in.round);
  return std::nullopt;
}

// False if this replica had to stop.
bool Core::take_entries(NodeId from, AppendRequest& in, Index matched) {
  Index reached = std::max(matched, outline_.base().index);
  for (Entry& entry : in.entries) {
    if (entry.id.index == outline_.base().index && entry.id != outline_.base()) {
      impossible(Wrong::conflict_below_commit, from,
                 "entry " + std::to_string(entry.id.index.value) + " of term " +
                     std::to_string(entry.id.term.value) + " contradicts the snapshot");
      return false;
    }
    if (entry.id.index <= outline_.base().index) continue;
    const Index at = entry.id.index;
    if (full_ && at > outline_.last().index) break;
    if (!take_entry(from, entry)) return false;
    reached = std::max(reached, at);
  }
  if (planted(Bug::p09_cuts_on_any_stale_append) && reached < outline_.last().index &&
      reached > commit_ && !drafted_)
    cut_log(reached);
  Follower& f = *follower_role();
  f.verified = std::max(f.verified, reached);
  if (planted(Bug::p93_acks_its_whole_log)) f.verified = outline_.last().index;
  // What is durable already is acknowledged at once, in case the first acknowledgement was lost;
  // what is not, when it is. A heartbeat always gets an answer.
  const bool nothing_new = reached <= ackable();
  if (in.entries.empty() ? !in.news : nothing_new) f.owes_answer = true;
  return true;
}

bool Core::take_entry(NodeId from, Entry& entry) {
  if (outline_.contains(entry.id)) {
    if (missing_.covers(entry.id.index)) mend(entry);
    return true;
  }
  if (entry.id.index <= outline_.last().index) {
    if (planted(Bug::p92_keeps_what_conflicts)) return true;
    if (entry.id.index <= commit_) {
      impossible(Wrong::conflict_below_commit, from,
                 "entry " + std::to_string(entry.id.index.value) + " of term " +
                     std::to_string(entry.id.term.value) + " contradicts a committed entry");
      return false;
    }
    cut_log(entry.id.index.prev());
  }
  outline_.append({entry.id, 1, entry.payload.size() + entry_overhead});
  if (entry.kind == Kind::membership)
    take_membership({entry.id.index, decode_membership(entry.payload.view())});
  draft().entries.push_back(std::move(entry));
  return true;
}

void Core::cut_log(Index keep) {
  outline_.cut_after(keep);
  damage_.cut_after(keep);
  missing_.cut_after(keep);
  membership_cut(keep);
  draft().cut_after = keep;
  if (Follower* f = follower_role()) {
    f->verified = std::min(f->verified, keep);
    f->acked = std::min(f->acked, keep);
  }
}

// A refusal answers a heartbeat too, so it waits for our term to be on disk like any answer: a
// leader may count on whoever answered, and a follower that forgot the term in a crash could let it
// down.
void Core::refuse_append(LogId prev, Round asked) {
  follower_role()->refusal = Boxed(RefusedAppend{prev, asked});
}

// The hint is our last entry that may be the leader's too: one round trip skips a whole term.
void Core::send_refusal() {
  const auto [prev, asked] = *std::exchange(follower_role()->refusal, {});
  const bool lost = missing_.any() && missing_.first() <= prev.index;
  Index below = std::min(prev.index.prev(), outline_.last().index);
  if (lost) below = std::min(below, missing_.first().prev());
  send(follower_role()->leader, AppendReply{.round = asked,
                                            .matched = false,
                                            .full = full_,
                                            .installing = restoring_.has_value(),
                                            .lost = lost,
                                            .match = {},
                                            .refused = prev.index,
                                            .hint = outline_.last_at_most(below, prev.term)});
}

void Core::answer_leader() {
  Follower& f = *follower_role();
  f.owes_answer = false;
  send(f.leader, AppendReply{.round = f.round,
                             .matched = true,
                             .full = full_,
                             .installing = restoring_.has_value(),
                             .resting = asleep_,
                             .match = f.acked,
                             .refused = {},
                             .hint = {}});
}

// Only what was compared with this leader's log: the rest of ours may not be its.
void Core::learn_commit(Index leader_commit) {
  Follower& f = *follower_role();
  f.leader_commit = std::max(f.leader_commit, leader_commit);
  Index known = std::min(leader_commit, f.verified);
  if (planted(Bug::p10_commits_the_unverified))
    known = std::min(leader_commit, outline_.last().index);
  if (planted(Bug::p11_commit_goes_back)) {
    commit_ = std::max(known, outline_.base().index);
    return;
  }
  commit_ = std::max(commit_, known);
}

void Core::on(Fullness& in) {
  if (full_ == in.full) return;
  full_ = in.full;
  if (Follower* f = follower_role(); f != nullptr && f->leader) f->owes_answer = true;
}

}  // namespace bowline::raft
