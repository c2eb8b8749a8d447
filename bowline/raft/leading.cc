// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"

namespace bowline::raft {

void Core::lead() {
  const std::vector<Met> met = std::move(candidate_role()->met);
  drop_reads(Refusal::lost_leadership);  // asked of the former leader
  Leader leader;
  leader.confirmed = now_;
  leader.calm_since = now_;
  leader.first = outline_.last().index.next();
  role_ = Boxed(std::move(leader));
  term_leader_ = who_.self;
  leader_life_ = who_.incarnation;
  hasty_ = 0;
  tickets_.give_up_lost(outline_,
                        *effects_);  // those of an earlier term of ours, at the latest now
  tickets_until_ = never;
  settle_handover(who_.self);
  align_peers();
  for (const Met& m : met)
    if (Progress* p = peer(m.id)) p->meet(m.incarnation);
  emit(RoleChanged{hard_.term, who_.self, Role::leader});
  open_term(met);
  beat();
}

// The first entry of the term: nothing older is committed by counting, and no read is safe, until
// this one is (dissertation 3.6.2, 6.4). The first leader of a group uses it to name the lives of
// the members that elected it.
void Core::open_term(const std::vector<Met>& met) {
  if (memberships_.latest().at) {
    append(Kind::blank, {});
    return;
  }
  Membership named = bound(membership(), who_.self, who_.incarnation);
  for (const Met& m : met)
    if (const Member* member = named.find(m.id); member != nullptr && !member->incarnation)
      named = bound(named, m.id, m.incarnation);
  propose_membership(std::move(named));
}

Refusal Core::may_propose(Term expected) const {
  if (leader_role() == nullptr) return Refusal::not_leader;
  if (handover_) return Refusal::transferring;
  if (expected && expected != hard_.term) return Refusal::wrong_term;
  const Member* self = membership().find(who_.self);
  if (self != nullptr && membership().barred(*self)) return Refusal::transferring;
  return Refusal::full;
}

void Core::on(Propose& in) {
  ensure(!in.commands.empty());
  if (const Refusal why = may_propose(in.expected); why != Refusal::full)
    return refuse(in.ticket, why);
  std::uint64_t bytes = 0;
  for (const Bytes& command : in.commands) {
    if (command.size() > options_->entry_bytes) return refuse(in.ticket, Refusal::too_large);
    bytes += command.size() + entry_overhead;
  }
  const std::uint64_t waiting = outline_.weight(commit_, outline_.last().index);
  if (full_ || (waiting > 0 && waiting + bytes > options_->uncommitted_bytes))
    return refuse(in.ticket, Refusal::full);
  emit(Admitted{in.ticket, {hard_.term, outline_.last().index.next()}});
  for (Bytes& command : in.commands) append(Kind::command, std::move(command));
  tickets_.admit(in.ticket, outline_.last(), in.commands.size());
  replicate_all();
}

void Core::on(Barrier& in) {
  if (const Refusal why = may_propose({}); why != Refusal::full) return refuse(in.ticket, why);
  if (full_ || outline_.weight(commit_, outline_.last().index) > options_->uncommitted_bytes)
    return refuse(in.ticket, Refusal::full);
  emit(Admitted{in.ticket, {hard_.term, outline_.last().index.next()}});
  append(Kind::blank, {});
  tickets_.admit(in.ticket, outline_.last());
  replicate_all();
}

Index Core::append(Kind kind, Bytes payload) {
  const LogId id{hard_.term, outline_.last().index.next()};
  outline_.append({id, 1, payload.size() + entry_overhead});
  draft().entries.push_back({id, kind, std::move(payload)});
  return id.index;
}

void Core::on(Unreachable& in) {
  if (leader_role() == nullptr) return;
  if (Progress* p = peer(in.peer); p != nullptr && p->lost()) begin_stream(*p);
}

// Answers name the round of their question, so that those from before can be told.
void Core::begin_stream(Progress& p) {
  Leader& l = *leader_role();
  l.round = l.round.next();
  p.begin_stream(l.round);
}

void Core::hear(NodeId from, const Message& m, AppendReply& in) {
  if (leader_role() == nullptr) return;
  Progress* p = peer(from);
  if (p == nullptr) p = leaver(from);
  if (p == nullptr) return;
  if (!p->met()) {
    if (in.round < p->stream()) return;
    p->meet(m.from);
  }
  if (p->met() != m.from && !planted(Bug::p27_wiped_node_counts)) {
    ++drops_.identity;
    return;
  }
  p->answered(in.round, now_);
  const bool room_again = p->full() && !in.full;
  p->set_full(in.full);
  if (in.matched) {
    p->matched(in.match, in.round);
    // Whatever it was that brought it back within reach of the log.
    if (p->mode() == Progress::Mode::snapshot && in.match >= outline_.base().index)
      p->snapshot_ended();
  } else if (in.lost) {
    if (p->forgotten(in.hint.index, in.round)) begin_stream(*p);
  } else if (in.refused) {
    const Index retry_after = outline_.last_at_most(in.hint.index, in.hint.term).index;
    if (p->rejected(in.refused, retry_after, in.round)) begin_stream(*p);
  }
  if (room_again && p->lost()) begin_stream(*p);  // what came meanwhile was dropped
  p->note_catching_up(outline_.last().index, now_, options_->election);
  count_rounds();
  replicate(*p);
  pursue_handover();
  note_rest(*p, in);
}

void Core::replicate_all() {
  for (Progress& p : leader_role()->peers) replicate(p);
  for (Progress& p : leavers()) replicate(p);
}

// Sends what the follower lacks: a question while probing, entries once the answer is known.
void Core::replicate(Progress& p) {
  if (p.mode() == Progress::Mode::probing) {
    const bool lacking = p.next() <= outline_.last().index || p.match() != p.next().prev();
    if (!lacking || !p.may_send({options_->inflight_messages, options_->inflight_bytes})) return;
    p.probed();
    return send_empty(p);
  }
  while (p.next() <= outline_.last().index &&
         p.may_send({options_->inflight_messages, options_->inflight_bytes})) {
    const Index before = p.next();
    send_span(p, span_end(p));
    if (p.next() == before) return;  // it turned out to need a snapshot
  }
}

Index Core::span_end(const Progress& p) const {
  const Index prev = p.next().prev();
  Index end = std::min(outline_.last().index, prev + options_->span_entries);
  while (end - prev > 1 && outline_.weight(prev, end) > options_->span_bytes)
    end = prev + (end - prev) / 2;
  return end;
}

void Core::send_span(Progress& p, Index last) {
  const Index prev = p.next().prev();
  const std::optional<Term> prev_term = outline_.term_at(prev);
  if (!prev_term) return send_offer(p);
  AppendRequest head{
      .prev = {*prev_term, prev}, .commit = commit_, .round = leader_role()->round, .entries = {}};
  emit(SendSpan{p.id(), envelope(p.id(), std::move(head)), last});
  p.sent(last, outline_.weight(prev, last));
  p.told(commit_);
}

void Core::send_empty(Progress& p) {
  const Index prev = p.next().prev();
  std::optional<Term> prev_term = outline_.term_at(prev);
  LogId at{prev_term.value_or(Term{}), prev};
  if (!prev_term) {
    if (!planted(Bug::p50_commits_over_compacted_prefix)) return send_offer(p);
    at = {};
  }
  p.told(commit_);
  send(p.id(), AppendRequest{.prev = at,
                             .commit = commit_,
                             .round = leader_role()->round,
                             .rest = bool(leader_role()->rest),
                             .entries = {}});
}

// News of a commit do not wait for the next heartbeat, unless entries on their way carry them.
void Core::tell_commit(Progress& p) {
  const bool waits = p.mode() == Progress::Mode::streaming && p.idle() &&
                     p.next() > outline_.last().index && p.told_commit() < commit_;
  if (!waits) return;
  const std::optional<Term> prev_term = outline_.term_at(p.next().prev());
  if (!prev_term) return;
  p.told(commit_);
  send(p.id(), AppendRequest{.prev = {*prev_term, p.next().prev()},
                             .commit = commit_,
                             .round = leader_role()->round,
                             .news = true,
                             .entries = {}});
}

void Core::advance_commit() {
  const Leader& l = *leader_role();
  if (commit_ == outline_.last().index) return;
  std::array<std::uint64_t, max_members> match{};
  Index own = ackable();
  if (planted(Bug::p13_leader_counts_unsynced)) own = outline_.last().index;
  if (planted(Bug::p15_single_voter_acks_before_sync) && alone()) own = outline_.last().index;
  const auto& members = membership().members;
  for (std::size_t i = 0; i < members.size(); ++i) {
    const Progress* p = members[i].id == who_.self ? nullptr : peer(members[i].id);
    match[i] = members[i].id == who_.self ? own.value : p == nullptr ? 0 : p->match().value;
  }
  const Index reached{reached_by_quorum(membership(), std::span(match).first(members.size()))};
  // Only entries of our own term are committed by counting; older ones follow (3.6.2).
  if (reached < l.first && !planted(Bug::p07_commits_old_terms_by_counting)) return;
  if (reached <= commit_) return;
  commit_ = reached;
}

void Core::tell_commits() {
  for (Progress& p : leader_role()->peers) tell_commit(p);
  for (Progress& p : leavers()) tell_commit(p);
}

Progress* Core::peer(NodeId id) {
  auto& peers = leader_role()->peers;
  const auto at = std::ranges::lower_bound(peers, id, {}, &Progress::id);
  return at != peers.end() && at->id() == id ? &*at : nullptr;
}

// One Progress for each other member of the membership in force; what is known is kept.
void Core::align_peers() {
  Leader& l = *leader_role();
  Few<Progress> aligned;
  aligned.reserve(membership().members.size() - (membership().find(who_.self) != nullptr ? 1 : 0));
  for (const Member& m : membership().members) {
    if (m.id == who_.self) continue;
    if (Progress* known = peer(m.id)) {
      aligned.push_back(std::move(*known));
    } else {
      aligned.emplace_back(m.id, outline_.last().index.next());
      // Late answers of a former life of this id must not pass for the new one's.
      if (l.round) begin_stream(aligned.back());
    }
    Progress& p = aligned.back();
    if (m.incarnation) p.meet(m.incarnation);
    if (m.goal == Standing::voter && m.now != Standing::voter && !m.outgoing && !p.caught_up())
      p.begin_catching_up(outline_.last().index, now_);
  }
  std::swap(l.peers, aligned);
  erase_if(aligned, [&](const Progress& p) { return peer(p.id()) != nullptr; });
  part_with(std::move(aligned));
}

// Who is out learns of it from us, or it would ask for votes until somebody switched it off.
void Core::part_with(Few<Progress> former) {
  Boxed<Leavers>& leaving = leader_role()->leavers;
  if (leaving) erase_if(leaving->peers, [&](const Progress& p) { return peer(p.id()) != nullptr; });
  for (Progress& p : former) {
    if (!p.round()) continue;
    if (!leaving) leaving = Boxed(Leavers{});
    leaving->peers.push_back(std::move(p));
    leaving->until = now_ + 2 * options_->election;
  }
  if (leaving && leaving->peers.empty()) leaving.reset();
}

void Core::release_leavers() {
  Boxed<Leavers>& leaving = leader_role()->leavers;
  if (!leaving) return;
  const Index farewell = memberships_.latest().at;
  const bool told = farewell <= commit_;
  erase_if(leaving->peers, [&](const Progress& p) {
    return now_ >= leaving->until || (told && p.match() >= farewell && p.told_commit() >= farewell);
  });
  if (leaving->peers.empty()) leaving.reset();
}

std::span<Progress> Core::leavers() {
  Boxed<Leavers>& leaving = leader_role()->leavers;
  return leaving ? std::span<Progress>(leaving->peers) : std::span<Progress>();
}

std::span<const Progress> Core::leavers() const {
  const Boxed<Leavers>& leaving = leader_role()->leavers;
  return leaving ? std::span<const Progress>(leaving->peers) : std::span<const Progress>();
}

Progress* Core::leaver(NodeId id) {
  const auto all = leavers();
  const auto at = std::ranges::find(all, id, &Progress::id);
  return at != all.end() ? &*at : nullptr;
}

}  // namespace bowline::raft
