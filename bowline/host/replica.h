// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bowline/base/few.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/applier.h"
#include "bowline/host/backlog.h"
#include "bowline/host/courier.h"
#include "bowline/host/freshness.h"
#include "bowline/host/log_part.h"
#include "bowline/host/meters.h"
#include "bowline/host/news.h"
#include "bowline/host/onlooker.h"
#include "bowline/host/options.h"
#include "bowline/host/snapshot_store.h"
#include "bowline/host/stages.h"
#include "bowline/host/waiters.h"
#include "bowline/machine/state_machine.h"
#include "bowline/raft/core.h"
#include "bowline/raft/membership_pool.h"
#include "bowline/wal/log_store.h"

namespace bowline::host {

// What all replicas of a node share.
struct Desks {
  const env::Env& env;
  wal::LogStore& log;
  Courier& courier;
  SnapshotStore& snapshots;
  Meters& meters;
  Backlog& backlog;
  Onlooker* onlooker = nullptr;
  const bool* broken = nullptr;  // the disk failed: nothing is done any more
  // Used by one after the other, and kept for its memory.
  struct Scratch {
    raft::Effects effects;
    std::vector<LogId> ids;
    Applier::Scratch applier;
  };
  Scratch& scratch;
  raft::MembershipPool& memberships;
};

// One group's member on this node: the core, and the hands that carry out its effects.
class Replica final : private Applier::Client {
 public:
  struct Hooks {                                 // of all replicas of a node
    std::move_only_function<void(GroupId)> due;  // there is something to do at the end of the turn
    // The leader's log does not reach back to ours: fetch a snapshot, then say fetched().
    std::move_only_function<void(GroupId, NodeId from, const raft::Base&)> restore;
    // Our own snapshot is lost: fetch one from whoever has it, then say state_fetched().
    std::move_only_function<void(GroupId, const raft::Base&)> restore_state;
    // What is being fetched for the group is of no use any more.
    std::move_only_function<void(GroupId)> stop_fetching;
    std::move_only_function<void(const raft::Membership&)> members;
    std::move_only_function<void(GroupId, const raft::RoleChanged&)> role;
    std::move_only_function<void(GroupId, const News&)> news;
    std::move_only_function<void(GroupId)> tuned;  // it has other options
    // A snapshot is being taken, or loaded, which may take its time.
    std::move_only_function<void()> busy;
    std::move_only_function<void(Error)> broken;  // its disk: stop the process
  };
  struct Start {
    raft::Identity identity;
    raft::Found found;
    LogId machine;           // what the state machine has, from a snapshot or by itself
    LogId snapshot;          // the newest that is here
    bool stateless = false;  // there was one, and it cannot be read
    Ticket tickets;
  };

  Replica(GroupId, const Desks&, GroupOptions, Start, machine::StateMachine&, Hooks&);
  ~Replica();
  Replica(const Replica&) = delete;
  Replica& operator=(const Replica&) = delete;

  // Requests of clients. They go to the core at the end of the turn, those of one kind together.
  void propose(Bytes command, Reply reply) { propose(std::move(command), {}, std::move(reply)); }
  void propose(Bytes command, Term expected, Reply);
  void propose_all(std::vector<Bytes> commands, Term expected, std::vector<Reply>);
  void read(raft::ReadKind, ReadReply);
  // On any member: ready if the machine shows all that was committed so long ago, and more. Asks
  // the leader from time to time, for all such reads together, and in time that none need wait.
  // Refused as `too_old` if it cannot be proved, at the latest when that time is over; clocks are
  // trusted as far as drift_permille says.
  void read_within(Duration at_most, ReadReply);
  // Told who leads, as soon as that is known here: at once, or with the next leader. Not after that
  // time: Fault::timeout.
  void await_leader(Duration within, env::Done<Result<NodeId>>);
  void barrier(Reply);  // told when the machine has applied all that came before it
  void transfer(NodeId to, Reply);
  void reconfigure(std::vector<raft::Wanted>, std::optional<Index> expected, Reply);
  void cancel_change(Reply);
  void recover(ClusterId anew, Reply);
  void take_snapshot(env::Done<Result<raft::Base>>);
  // The commands from this entry on that are committed, as far as this replica knows, out of its
  // log: so many bytes of them, but at least one. Fault::not_found: a snapshot covers the entry.
  void read_log(Index from, std::uint64_t bytes, env::Done<Result<LogPart>>);
  void tune(GroupOptions);  // which may follow those that it has

  // From the node.
  void begin();             // once: it comes to life
  void input(raft::Input);  // step, and carry out
  void persisted(Seq);
  void give_gathered();  // the end of a turn, before the log is flushed
  void slice();          // and after
  void state_fetched(Result<raft::Base>);
  void fetched(LogId through, Result<raft::Base>);  // a snapshot that was asked for, or not
  void end();                                       // those who wait are told
  // The disk failed: those who wait are told, and so is whoever came since.
  void give_up() { dismiss(disk_failed()); }
  // How long the disk may be busy with one write before others should lead. None: as long as it is.
  std::optional<Duration> patience() const;
  void disk_stalls(Duration busy);
  // There is no room for more entries, or there is again. Of a log whose room only we can make, by
  // a snapshot, if none covers enough yet.
  void press(bool full, bool by_snapshot);

  GroupId group() const { return group_; }
  const raft::Core& core() const { return core_; }
  LogId applied() const { return applier_.applied(); }
  const GroupOptions& options() const { return options_; }
  LogId snapshot() const { return snapshot_; }  // the newest that is here
  bool is_stateless() const { return stateless_; }
  bool is_installing() const { return installing_; }  // a snapshot of another member is loaded
  bool anybody_waits() const;                         // for an answer
  // Why it has stopped: its machine threw. Null: it did not.
  const MachineThrew* failure() const { return failure_.get(); }
  Time heard_leader() const { return heard_leader_; }  // of a follower

  static Error disk_failed() {
    return {Fault::io, "the disk of this node has failed: start the process again"};
  }

 private:
  struct Gathered {  // for one Propose
    std::vector<Bytes> commands;
    std::vector<Reply> replies;
    Term expected;
    std::uint64_t bytes = 0;
    Backlog::Share share;
    Time asked;  // the first of them
  };
  struct GatheredReads {
    raft::ReadKind kind;
    std::vector<ReadReply> replies;
  };
  struct Operation {
    raft::Input what;
    Reply reply;
  };
  struct OldReads {  // those that may be a little old
    struct Waiting {
      Duration at_most{0};
      ReadReply reply;
    };
    std::multimap<Time, Waiting> waiting;  // for what the leader says, until then
    env::TimerId timer;                    // for the first of them
    Freshness freshness;
    bool asks = false;
  };
  struct AwaitsLeader {
    std::multimap<Time, env::Done<Result<NodeId>>> waiting;  // until then
    env::TimerId timer;                                      // for the first of them
  };

  void step(raft::Input);
  void perform(raft::Persist&);
  void perform(raft::Send&);
  void perform(raft::SendSpan&);
  void perform(raft::SendEntries&);
  void perform(raft::Restore&);
  void perform(raft::Commit&);
  void perform(raft::Admitted&);
  void perform(raft::Refused&);
  void perform(raft::Decided&);
  void perform(raft::ReadReady&);
  void perform(raft::RoleChanged&);
  void perform(raft::MembershipChanged&);
  void perform(raft::StandingBy& news) { hooks_.news(group_, news); }
  void perform(raft::Removed& news) { hooks_.news(group_, news); }
  void perform(raft::Impossible& news) { hooks_.news(group_, news); }
  void woken();
  void arm();
  void due() override { hooks_.due(group_); }
  bool holds(LogId id) const override { return core_.outline().contains(id); }
  void unreadable(Index index) override { input(raft::Unreadable{index, index}); }
  void machine_threw(Index first, Index last, std::string what) override;
  void rest_if_asleep();
  void dismiss(const Error& why);
  Gathered& batch_for(Term expected, std::uint64_t weight);
  void refuse_later(Reply);
  void operate(raft::Input, Reply);
  Ticket ticket_for(const raft::Input&, Reply);
  OldReads& old_reads();
  bool is_within(Duration at_most);
  void answer_within(Duration at_most, ReadReply);
  void ask_how_fresh();
  void give_reads(raft::ReadKind, std::vector<ReadReply>);
  void wait_for_proof(Duration at_most, ReadReply);
  void refuse_too_old();
  void tell_leader(const Result<NodeId>&, Time until = never);
  void was_applied(std::span<const raft::Entry>, std::span<std::string> answers) override;
  void mark(Index);
  void go_on_reading(Index from, std::uint64_t bytes, env::Done<Result<LogPart>>);
  void was_read(Index from, std::uint64_t bytes, Result<raft::Batch>, env::Done<Result<LogPart>>);
  void commands_read(std::uint64_t bytes, raft::Batch, env::Done<Result<LogPart>>);
  std::optional<Error> cannot_go_on() const;
  static Error not_here() { return {Fault::not_found, "the group is not on this node any more"}; }
  void snapshot_if_due();
  void snapshot_in_time();
  void set_age();
  void no_age();
  void snapshot_is_old();
  bool is_worth_a_snapshot() const;
  void snapshot_taken(const raft::Base&, const Result<void>&);
  void compact();
  bool is_lacking(Index through) const;
  bool lags() const;
  void install(raft::Base);
  void installed(const raft::Base&, Result<raft::Base>);
  void install_waiting();
  void fetch_state();
  void give_up_fetched();
  bool contradicts(LogId) const;
  bool awaits_newer_state() const;

  GroupId group_;
  const Desks& desks_;
  GroupOptions options_;
  machine::StateMachine& machine_;
  Hooks& hooks_;
  raft::Core core_;
  Waiters waiters_;
  Laps laps_;
  Unwritten unwritten_;
  Applier applier_;
  bool stepping_ = false;
  bool ended_ = false;
  bool rests_ = false;     // the core sleeps, and so do we
  Few<raft::Input> next_;  // what came in the midst of a step

  Few<Reply> refused_;  // for want of room in the backlog, and told so at the end of the turn
  Few<Gathered> gathered_;
  Few<GatheredReads> reads_;
  Few<Operation> operations_;

  std::unique_ptr<MachineThrew> failure_;

  std::unique_ptr<OldReads> old_reads_;          // null: nobody ever asked for one
  std::unique_ptr<AwaitsLeader> awaits_leader_;  // likewise

  LogId snapshot_;                   // the newest of our own
  std::uint64_t applied_bytes_ = 0;  // since then
  bool taking_ = false;
  bool pressed_ = false;           // the log has no room: it keeps nothing that it need not
  bool compaction_waits_ = false;  // for those who fetch what the log continues
  Index not_before_;               // the last try failed
  env::TimerId age_timer_;
  bool ages_ = false;  // something was applied that the newest snapshot lacks, since ...
  Time aged_since_;
  Few<env::Done<Result<raft::Base>>> want_snapshot_;
  bool installing_ = false;
  bool stateless_ = false;  // nothing is applied until a snapshot came
  env::TimerId state_timer_;
  std::unique_ptr<raft::Base> install_next_;  // came while another one is being installed

  Seq asked_;  // the last write of the core
  Seq mends_;  // the last write that repairs something; 0: it is on the disk
  env::TimerId timer_;
  Time heard_leader_;
  env::Life life_;
};

}  // namespace bowline::host
