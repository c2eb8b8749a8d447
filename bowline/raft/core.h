// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "bowline/base/boxed.h"
#include "bowline/base/few.h"
#include "bowline/base/prng.h"
#include "bowline/base/time.h"
#include "bowline/raft/damage.h"
#include "bowline/raft/effect.h"
#include "bowline/raft/input.h"
#include "bowline/raft/memberships.h"
#include "bowline/raft/options.h"
#include "bowline/raft/outline.h"
#include "bowline/raft/progress.h"
#include "bowline/raft/tickets.h"
#include "bowline/raft/why.h"

namespace bowline::raft {

class MembershipPool;

struct Identity {
  NodeId self;
  ClusterId cluster;                      // 0: whichever the membership names, see Recover
  Incarnation incarnation;                // of this node's disk; never 0
  std::uint64_t seed = 0;                 // of the election timeouts; another one at each start
  MembershipPool* memberships = nullptr;  // of all groups of the node; outlives them; may be null
};

struct Found {  // what the disk held at start
  HardState hard_state;
  Base base;                     // its membership is null if no group is known
  std::vector<Held> entries;     // after the base
  std::vector<Config> configs;   // brought by these entries
  std::vector<Stretch> damaged;  // entries whose contents were lost; their ids are above
};

// Messages that were dropped, by why. The counters may wrap around.
struct Drops {
  std::uint32_t version = 0;    // of a protocol we do not speak
  std::uint32_t cluster = 0;    // of another cluster
  std::uint32_t identity = 0;   // from or to another life of a node
  std::uint32_t stranger = 0;   // of somebody who does not count
  std::uint32_t malformed = 0;  // with numbers that cannot be
};

// One replica's part in the Raft protocol: a deterministic state machine without I/O, clock,
// randomness or threads of its own. The same options, start and inputs give the same effects, on
// any machine, forever. Inputs go in one at a time; effects come out of each before the next.
// Owned by one thread.
class Core {
 public:
  Core(std::shared_ptr<const Options>, Identity, Found, Time now);

  // `effects` must be empty: perform those of one step before the next.
  void step(Time now, Input&& input, Effects& effects);
  Time deadline() const { return deadline_; }  // step(Woken) then; it may lie in the past

  bool leads(Term term) const { return term == hard_.term && leader_role() != nullptr; }
  Role role() const;
  Term term() const { return hard_.term; }
  NodeId leader() const;  // 0: not known
  NodeId self() const { return who_.self; }
  Incarnation incarnation() const { return who_.incarnation; }
  Index commit() const { return commit_; }
  bool stopped() const { return stopped_; }
  bool asleep() const { return asleep_; }
  bool stalled() const { return stalled_; }
  NodeId heir() const;  // to whom we are handing over; 0: nobody
  bool hibernates() const { return options_->hibernate_after > Duration{0}; }
  const Outline& outline() const { return outline_; }
  const Damage& damage() const { return damage_; }
  const Memberships& memberships() const { return memberships_; }
  const Drops& drops() const { return drops_; }
  // What a snapshot at `index` must carry; base <= index <= commit, and at least one entry.
  Base base_at(Index) const;
  // The peers of a leader, sorted by id; empty for the others.
  std::span<const Progress> peers() const;

  // why.cc: what a person would ask
  WhyNotLeading why_not_leading() const;
  WhyNotCommitted why_not_committed(Index) const;

 private:
  friend class Abstraction;

  struct RefusedAppend {
    LogId prev;
    Round asked;
  };
  struct Follower {
    NodeId leader;
    Index verified;       // our log equals the leader's through here
    Index acked;          // the leader has been told that it is durable here through here
    Round round;          // the newest that we heard of
    Index leader_commit;  // as it told us last
    bool owes_answer = false;
    Boxed<RefusedAppend> refusal;  // owed
  };
  struct Met {
    NodeId id;
    Incarnation incarnation;
  };
  struct Candidate {
    Round campaign;
    bool pre = false;
    bool transfer = false;
    bool asked = false;           // the requests have left
    bool hurried = false;         // the next try comes soon
    std::vector<Ballot> ballots;  // along with the members
    std::vector<Met> met;
  };
  struct Beat {
    Round round;
    Time sent;
  };
  struct PendingRead {
    Ticket ticket;  // of a client of ours ...
    NodeId asker;   // ... or of this peer's, by its
    Round id;
    Index index;
    Round needs;  // ready once a quorum answered this round; 0: no round asked yet
    Time deadline;
  };
  struct Handover {
    Ticket ticket;
    NodeId to;
    Time deadline;
    bool told = false;
  };
  struct Leavers {  // no longer members, and not told yet; they count for nothing
    Few<Progress> peers;
    Time until;
  };
  struct Leader {
    Few<Progress> peers;  // sorted by id; all members but us
    Boxed<Leavers> leavers;
    Index first;  // the entry that opened this term
    Round round;
    Round answered;  // by a quorum
    Time confirmed;  // when the round was sent that a quorum answered last
    Time next_beat;
    Time calm_since;  // nothing was asked for, and nothing is open
    Round rest;       // in which the others were first asked to sleep; 0: they are not asked
    Time awake_since;
    Few<Beat> beats;  // sent and not yet answered by a quorum
    Few<PendingRead> reads;
    Ticket change;            // who asked for the change in flight; 0: nobody here
    bool cancelling = false;  // ... and it is being taken back
    bool lease_void = false;  // a handover was begun: someone may be let past our lease
  };
  struct Repair {                          // of what our disk lost
    Few<std::pair<Seq, Index>> under_way;  // on its way to disk
    Time next = never;                     // when to ask for what is still missing
    std::uint32_t asked = 0;               // so often, since it last helped
  };
  struct AskedRead {  // by a client of ours, of the leader
    Ticket ticket;
    Round id;
    Time deadline;
  };

  // core.cc: the frame that every input goes through
  Leader* leader_role() { return boxed_if<Leader>(role_); }
  const Leader* leader_role() const { return boxed_if<Leader>(role_); }
  Follower* follower_role() { return boxed_if<Follower>(role_); }
  const Follower* follower_role() const { return boxed_if<Follower>(role_); }
  Candidate* candidate_role() { return boxed_if<Candidate>(role_); }
  const Candidate* candidate_role() const { return boxed_if<Candidate>(role_); }
  const Membership& membership() const;
  std::span<const Config> in_doubt() const;  // memberships, each of which may be in force
  ClusterId cluster() const;                 // that we belong to
  bool alone() const;                        // we are a quorum by ourselves
  bool always_alone() const;
  Index ackable() const;  // durable here, and undamaged
  void on(Woken&);
  void on(Persisted&);
  void on(Tune&);
  void settle();  // the last act of each step: emit what the new state allows
  void settle_votes();
  void settle_write();
  void settle_answer();
  void settle_commit();
  void release_commit();
  void settle_deadline();
  void check() const;
  void emit(Effect effect) { effects_->push_back(std::move(effect)); }
  void send(NodeId to, Body body);
  void answer(NodeId to, const Message& asked, Body body);
  Message envelope(NodeId to, Body body) const;
  Duration lease_guard() const;  // how long a vote is withheld for a leader that may hold a lease
  void refuse(Ticket, Refusal);
  void refuse_all(Input&);
  Persist& draft();  // the one write of this step
  void set_hard_state(HardState);
  bool hard_state_durable() const;
  void impossible(Wrong, NodeId from, std::string evidence);

  // receiving.cc: who is heard, and in which order that is asked
  void on(Received&);
  bool heard_of(const Received&);
  bool from_a_member(NodeId from, Incarnation life) const;
  bool is_member(NodeId, Incarnation life) const;  // now; each life may be the one, if none was met
  bool well_formed(NodeId from, const Message&) const;
  void answer_old_term(NodeId from, const Message&);
  bool protects_leader() const;

  // election.cc
  void on(Campaign&);
  void on(ForgetLeader&);
  void on(Suspect&);
  const Member* seat() const;  // our vote, by a membership that may be in force
  bool may_vote() const;
  bool is_behind_ours(LogId last) const;
  bool may_campaign() const;
  void election_due();
  bool waits_for_better_priority();
  void hurry();  // another try, soon
  void campaign(bool pre, bool transfer);
  void ask_for_votes();
  void hear_pre_vote(NodeId from, const Message&, const VoteRequest&);
  void hear(NodeId from, const Message&, VoteRequest&);
  void hear(NodeId from, const Message&, VoteReply&);
  void hear(NodeId from, const Message&, TimeoutNow&);
  void step_down();  // what a leader owes to those who wait for it
  void count(NodeId from, bool granted);
  void lost_election();
  void enter(Term term);  // a newer term: follow, leader unknown
  void follow(NodeId leader, Incarnation life = {});
  void rearm_election();
  void stand_by();
  bool may_be_caretaker();
  std::uint64_t rank() const;

  // leading.cc
  void lead();
  void on(Propose&);
  void on(Barrier&);
  void on(Unreachable&);
  void hear(NodeId from, const Message&, AppendReply&);
  Refusal may_propose(Term expected) const;
  Index append(Kind kind, Bytes payload);
  void open_term(const std::vector<Met>& met);
  void replicate_all();
  void replicate(Progress&);
  Index span_end(const Progress&) const;
  void send_span(Progress&, Index last);
  void send_empty(Progress&);
  void tell_commit(Progress&);
  void advance_commit();
  void tell_commits();
  Progress* peer(NodeId id);
  std::span<Progress> leavers();
  std::span<const Progress> leavers() const;
  Progress* leaver(NodeId id);
  void part_with(Few<Progress> former);
  void release_leavers();
  void begin_stream(Progress&);
  void align_peers();  // with the membership in force

  // pulse.cc: heartbeats, and what a quorum's answers to them prove
  void leader_woken();
  void beat();
  void count_rounds();
  bool lease_holds() const;
  Time leader_deadline() const;
  Time in_touch() const;  // with a quorum, lately

  // sleep.cc
  void on(Contact&);
  void stir();  // somebody wants something
  void rouse();
  bool calm() const;
  bool quorum_is_there() const;
  void consider_rest();
  void agree_to_rest(const AppendRequest&);
  void note_rest(Progress&, const AppendReply&);
  void fall_asleep();

  // following.cc
  void hear(NodeId from, const Message&, AppendRequest&);
  bool heed_leader(NodeId from, const Message&, Round round);
  bool takes_the_place(NodeId from, Incarnation life);  // of whom we took for the leader
  std::optional<Index> where_it_matches(const AppendRequest&);
  bool take_entries(NodeId from, AppendRequest&, Index matched);
  bool take_entry(NodeId from, Entry&);
  void cut_log(Index keep);
  void refuse_append(LogId prev, Round asked);
  void send_refusal();
  void answer_leader();
  void learn_commit(Index leader_commit);
  void on(Fullness&);

  // changes.cc: the membership as an entry of the log
  void on(Reconfigure&);
  void on(CancelChange&);
  void on(Recover&);
  void propose_membership(Membership);
  void take_membership(Config);
  void membership_cut(Index keep);
  void settle_cluster();
  void pursue_change();  // the next step of the change in flight, if it is due
  void bind_newcomers();
  bool newcomers_ready() const;
  void step_aside();  // the membership without our vote is committed, and we lead
  void announce_memberships();
  bool names_us(const Membership&) const;
  bool counts_on_us(const Membership&) const;  // on this very life of ours

  // transfer.cc
  void on(Transfer&);
  void on(Stalled&);
  NodeId best_target() const;
  bool others_may_lead() const;
  bool may_lead(const Member&) const;
  void pursue_handover();
  void hand_over_if_unfit();
  void end_handover(Refusal);
  void settle_handover(NodeId leader);

  // reads.cc
  void on(Read&);
  void hear(NodeId from, const Message&, ReadRequest&);
  void hear(NodeId from, const Message&, ReadReply&);
  void add_read(PendingRead);
  void serve_reads();
  bool begin_read_round();
  void answer_read(const PendingRead&);
  void expire_reads();
  void drop_reads(Refusal);

  // snapshots.cc
  void on(Compacted&);
  void on(Restored&);
  void on(RestoreFailed&);
  void on(SnapshotEnded&);
  void hear(NodeId from, const Message&, SnapshotOffer&);
  void send_offer(Progress&);
  void install(const Base&);
  bool damaged_through(Index) const;
  bool contradicts(LogId committed) const;

  // repair.cc
  void on(Unreadable&);
  void ask_for_lost_entries();
  void hear(NodeId from, const Message&, EntriesRequest&);
  void hear(NodeId from, const Message&, EntriesReply&);
  void mend(Entry&);
  void mended();  // as far as is on disk
  bool mending(Index) const;
  bool mending() const { return repair_ && !repair_->under_way.empty(); }
  Repair& repair();

  std::shared_ptr<const Options> options_;
  Identity who_;
  Prng prng_;
  Memberships memberships_;
  HardState hard_;
  Outline outline_;
  Damage damage_;
  Damage missing_;   // of that, what is not on its way to disk either
  Index commit_;     // known to be committed; never goes back
  Index released_;   // Commit{} emitted through here; released_ <= commit_
  Index announced_;  // the newest membership told as committed
  std::variant<Boxed<Follower>, Boxed<Candidate>, Boxed<Leader>> role_;  // never an empty box
  Round owed_campaign_;  // the try that we owe a vote to, if owes_vote_
  Seq last_write_;
  Seq persisted_;
  Seq hard_state_write_;  // the last that carried the hard state
  Tickets tickets_;
  Boxed<Handover> handover_;    // under way; or we stepped down for it: did the other one win?
  Time tickets_until_ = never;  // not leading: when to say that we do not know
  Few<AskedRead> asked_;
  Round last_id_;            // names our campaigns and our reads at a leader, in this life
  NodeId term_leader_;       // who led this term, even if we forgot it on purpose
  Incarnation leader_life_;  // which life of it; our membership may name an older one
  Time protected_until_;     // the leader is alive, as far as we know
  Time lease_until_;         // it may hold a lease: nothing shortens this
  Time election_at_ = never;
  Boxed<LogId> restoring_;  // a snapshot is being fetched
  Boxed<Repair> repair_;

  // The small ones side by side, so that no room is lost between them.
  Drops drops_;
  std::uint32_t hasty_ = 0;   // tries left in a hurry
  std::uint32_t passed_ = 0;  // timeouts that we let pass for those of higher priority
  std::optional<Standby> standing_by_;
  bool owes_vote_ = false;   // to hard_.voted_for, once it is on disk
  bool better_log_ = false;  // than somebody's who asked for our vote since we had a leader
  bool full_ = false;
  bool stalled_ = false;
  bool term_from_log_ = false;  // our disk's hard state is older than our log: write it anew
  bool was_member_ = false;     // a membership in force named us, in this life
  bool stopped_ = false;
  bool asleep_ = false;  // no deadline of our role: only an input wakes us

  // Only during step().
  bool drafted_ = false;  // a write of this step stands first in effects_
  Time now_;
  Time deadline_ = never;
  Effects* effects_ = nullptr;
};

}  // namespace bowline::raft
