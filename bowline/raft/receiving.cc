// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "bowline/base/mutant.h"
#include "bowline/raft/core.h"
#include "bowline/raft/membership_codec.h"

namespace bowline::raft {
namespace {

bool countable(LogId id) {
  return id.index.value <= absurd && id.term.value <= absurd && bool(id.index) == bool(id.term);
}

bool consecutive(LogId prev, const Batch& entries, Term newest) {
  for (const Entry& entry : entries) {
    if (entry.id.index != prev.index.next()) return false;
    if (!entry.id.term || entry.id.term < prev.term || entry.id.term > newest) return false;
    if (entry.kind > Kind::blank) return false;
    if (entry.kind == Kind::membership && decode_membership(entry.payload.view()) == nullptr)
      return false;
    prev = entry.id;
  }
  return prev.index.value <= absurd;
}

bool well_formed(const VoteRequest& in, Term term) {
  return countable(in.last) && in.last.term <= term && (in.pre || term);
}
bool well_formed(const VoteReply& in, Term) { return in.denial <= Denial::old_term; }
bool well_formed(const AppendRequest& in, Term term) {
  return term && countable(in.prev) && in.prev.term <= term && in.commit.value <= absurd &&
         in.round.value <= absurd && in.entries.size() <= most_entries &&
         consecutive(in.prev, in.entries, term);
}
bool well_formed(const AppendReply& in, Term) {
  return in.match.value <= absurd && in.refused.value <= absurd && countable(in.hint);
}
bool well_formed(const Base& base) {
  return base.id.index && countable(base.id) && base.membership != nullptr &&
         sane(*base.membership) && base.membership_index <= base.id.index &&
         base.known_in.value <= absurd;
}
bool well_formed(const SnapshotOffer& in, Term term) {
  return term && well_formed(in.base) && in.base.id.term <= term && in.commit.value <= absurd &&
         in.round.value <= absurd;
}
bool well_formed(const TimeoutNow&, Term term) { return bool(term); }
bool well_formed(const ReadRequest&, Term) { return true; }
bool well_formed(const ReadReply& in, Term) { return in.index.value <= absurd; }
bool well_formed(const EntriesRequest& in, Term) {
  return in.wanted.size() <= most_entries && std::ranges::all_of(in.wanted, countable);
}
bool well_formed(const EntriesReply& in, Term) {
  return in.entries.size() <= most_entries && (!in.base || well_formed(*in.base));
}

template <class... Kinds>
bool is_any(const Body& body) {
  return (std::holds_alternative<Kinds>(body) || ...);
}

}  // namespace

// The order of the questions matters: who speaks, and to whom; does it count; is there a leader to
// protect; is it only a question (which never moves the term); and only then, the term.
void Core::on(Received& in) {
  if (!heard_of(in)) return;
  Message& m = in.message;
  const bool slept = asleep_ && leader() != in.from;
  if (!is_any<AppendRequest, AppendReply>(m.body)) stir();  // those say more exactly
  if (auto* request = std::get_if<EntriesRequest>(&m.body)) return hear(in.from, m, *request);
  if (auto* reply = std::get_if<EntriesReply>(&m.body)) return hear(in.from, m, *reply);
  if (const auto* vote = std::get_if<VoteRequest>(&m.body)) {
    if (!may_vote()) {
      ++drops_.stranger;
      return;
    }
    // As long as we slept, nobody has told us that the leader is gone. The leader says so to a
    // member, hence it is no excuse for others.
    const bool is_sent = vote->transfer && from_a_member(in.from, m.from);
    if (!is_sent && (slept || protects_leader()))
      return answer(in.from, m, VoteReply{vote->campaign, vote->pre, false, Denial::leader_alive});
    if (vote->pre && !planted(Bug::p66_pre_vote_moves_the_term))
      return hear_pre_vote(in.from, m, *vote);
  }
  if (m.term > hard_.term) {
    stir();
    enter(m.term);
  }
  const bool counts_anyway =
      planted(Bug::p05_counts_votes_of_older_term) && is_any<VoteReply>(m.body);
  if (m.term < hard_.term && !counts_anyway) return answer_old_term(in.from, m);
  std::visit([&](auto& body) { hear(in.from, m, body); }, m.body);
}

bool Core::heard_of(const Received& in) {
  const Message& m = in.message;
  auto dropped = [](std::uint32_t& counter) {
    ++counter;
    return false;
  };
  if (m.version != protocol_version) return dropped(drops_.version);
  const ClusterId ours = cluster();
  const bool lax = planted(Bug::p54_foreign_messages_accepted);
  if (ours && m.cluster != ours && !lax) return dropped(drops_.cluster);
  if (!in.from || in.from == who_.self || !m.from || !well_formed(in.from, m))
    return dropped(drops_.malformed);
  if (m.to && m.to != who_.incarnation && !lax && !planted(Bug::p27_wiped_node_counts)) {
    // Unless it is only late: our membership names this life of ours.
    if (standing_by_ != Standby::disowned && !names_us(membership())) {
      standing_by_ = Standby::disowned;
      emit(StandingBy{Standby::disowned});
    }
    return dropped(drops_.identity);
  }
  // A leader is believed even if we do not know it yet: our membership may be the older one, and it
  // has the votes of a quorum. Its entries bring us up to date. Once we follow it, it may part from
  // us as one who is no member any more.
  const bool parts = is_any<TimeoutNow>(m.body) && leader() == in.from && leader_life_ == m.from;
  if (is_any<AppendRequest, SnapshotOffer>(m.body) || parts) {
    if (!ours) who_.cluster = m.cluster;  // a new node belongs to whoever calls it first
    return true;
  }
  if (from_a_member(in.from, m.from)) return true;
  // A candidate whom we do not know may be newer than our membership too, but only if its log is.
  // Any other was removed, or lost its disk, and gets no vote. While we have a leader, it could
  // only disturb. Without one we keep up with its term: those who know less than we do may vote for
  // it in each of its terms, and we would always ask them too late (dissertation 4.1 and 4.2.3).
  if (const auto* vote = std::get_if<VoteRequest>(&m.body))
    if (vote->last >= outline_.last() || !leader()) return true;
  const bool known = membership().find(in.from) != nullptr;
  return dropped(known ? drops_.identity : drops_.stranger);
}

bool Core::from_a_member(NodeId from, Incarnation life) const {
  if (is_member(from, life)) return true;
  if (membership().find(from) != nullptr)
    return planted(Bug::p27_wiped_node_counts) || planted(Bug::p54_foreign_messages_accepted);
  if (leader_role() == nullptr) return false;  // it was one until a moment ago
  const auto leaving = leavers();
  const auto at = std::ranges::find(leaving, from, &Progress::id);
  return at != leaving.end() && at->met() == life;
}

bool Core::is_member(NodeId id, Incarnation life) const {
  const Member* member = membership().find(id);
  return member != nullptr && (!member->incarnation || member->incarnation == life);
}

bool Core::well_formed(NodeId, const Message& m) const {
  // Else whoever lies could use up all terms at once, and nobody would ever lead again.
  constexpr std::uint64_t most_ahead = 1ULL << 32;
  if (m.term.value > absurd) return false;
  if (m.term > hard_.term && m.term.value - hard_.term.value > most_ahead) return false;
  // An answer to us cannot name what we never had.
  if (const auto* reply = std::get_if<AppendReply>(&m.body))
    if (const Leader* l = leader_role(); l != nullptr && m.term == hard_.term)
      if (reply->match > outline_.last().index || reply->round > l->round) return false;
  return std::visit([&](const auto& body) { return raft::well_formed(body, m.term); }, m.body);
}

// Tell whoever acts on an older term that it is over. Answers of an older term mean nothing.
void Core::answer_old_term(NodeId from, const Message& m) {
  if (is_any<AppendRequest, SnapshotOffer>(m.body)) return answer(from, m, AppendReply{});
  if (const auto* vote = std::get_if<VoteRequest>(&m.body))
    return answer(from, m, VoteReply{vote->campaign, vote->pre, false, Denial::old_term});
  if (const auto* read = std::get_if<ReadRequest>(&m.body))
    return answer(from, m, ReadReply{read->id, false, {}});
}

// Dissertation 4.2.3: a server that hears from a leader gives no vote to others. A leader protects
// itself, as long as a quorum answers it.
bool Core::protects_leader() const {
  if (leader_role() != nullptr)
    return options_->check_quorum && now_ < in_touch() + options_->election;
  if (now_ < lease_until_ && !planted(Bug::p60_suspicion_breaks_leases)) return true;
  return now_ < protected_until_;
}

}  // namespace bowline::raft
