// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/backlog.h"
#include "bowline/host/courier.h"
#include "bowline/host/detector.h"
#include "bowline/host/errands.h"
#include "bowline/host/links.h"
#include "bowline/host/meters.h"
#include "bowline/host/news.h"
#include "bowline/host/onlooker.h"
#include "bowline/host/operators.h"
#include "bowline/host/options.h"
#include "bowline/host/replica.h"
#include "bowline/host/seldom.h"
#include "bowline/host/snapshot_store.h"
#include "bowline/host/stall.h"
#include "bowline/host/transfers.h"
#include "bowline/machine/state_machine.h"
#include "bowline/wal/log_store.h"

namespace bowline::host {

// What a group is on this node when it starts.
struct Birth {
  GroupOptions options;
  // If this node has no part in the group yet: it founds it, as one of these. Null: it waits to be
  // added.
  raft::MembershipPtr founders;
  // The state to found it with, the same on each founder; null: none. Used only if it is founded.
  std::function<std::unique_ptr<machine::Reader>()> state = {};
};

// All that one thread owns of a node: its replicas, their common log and snapshots, and the
// connections. A turn takes in everything that has come, steps the cores, and then lets go of
// everything that is to go: one write, one frame for each peer, however many groups took part.
class Shard {
 public:
  struct Hooks {
    // A write or sync failed, nobody knows what the disk holds: stop the process. If it goes on,
    // the shard tells those who wait, refuses what is asked for, and does nothing else any more.
    std::move_only_function<void(Error)> broken;
    std::move_only_function<void(GroupId, const raft::RoleChanged&)> role = {};
    // Of a group, or of the node (group 0). May be left out.
    std::move_only_function<void(GroupId, const News&)> news = {};
    // While it opens: so many segments of the log are read, of so many. May be left out.
    std::move_only_function<void(std::uint64_t, std::uint64_t)> opening = {};
    // The group ended a while ago, and nobody uses its machine any more. May be left out.
    std::move_only_function<void(GroupId)> gone = {};
    // Which connections came to nothing, and why. May be left out.
    std::move_only_function<void(const std::string& who, const std::string& why)> told = {};
  };

  // `options` must have no fault. `fresh`: the identity of the disk, if this is a new directory.
  Shard(env::Env, env::Network&, Options, Incarnation fresh, Hooks, Onlooker* = nullptr);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  // First of all, and once. After an error nothing else may be called.
  void open(env::Done<Result<wal::Account>>);
  // The machine is empty. It is used until `done` says that the group did not start, or until
  // Hooks::gone. A group that was ended starts again with the process only, or once it is
  // destroyed: till then nobody knows what of its writes is on the disk.
  void start(GroupId, Birth, machine::StateMachine&, env::Done<Result<Replica*>>);
  // Other options for a group that runs, from its next step on. The error says why not.
  Result<void> tune(GroupId, GroupOptions);
  // Those who wait are told that nobody knows. What is on the disk stays.
  void end(GroupId);
  // Ends it, if it is here. When `done` says so, nothing of it is left, neither in memory nor on
  // the disk, and it may start anew: as a member that nobody has met yet. An error, and a crash
  // before that, leave all or nothing of its log; then it has to be destroyed once more.
  void destroy(GroupId, env::Done<Result<void>>);

  // Whoever lives on this thread may look at its groups whenever something may have become of them:
  // at the end of each turn, and there is one after each change of a role. One; empty: nobody.
  void after_turns(std::move_only_function<void()> look) { after_turns_ = std::move(look); }

  Replica* find(GroupId);
  const Replica* find(GroupId) const;
  std::vector<GroupId> ids() const;  // of those that are here now
  std::vector<GroupId> starting() const;
  // Is there anything of it on this node, whether it was started or not?
  bool has(GroupId) const;
  // What programs ask each other, once it is open.
  Errands& errands() { return *errands_; }
  const Links& links() const { return *links_; }
  const Courier& courier() const { return *courier_; }
  const Transfers& transfers() const { return *transfers_; }
  const Meters& meters() const { return meters_; }
  const Backlog& backlog() const { return backlog_; }
  wal::LogStore& log() { return *log_; }
  const wal::LogStore& log() const { return *log_; }
  SnapshotStore& snapshots() { return *snapshots_; }
  const SnapshotStore& snapshots() const { return *snapshots_; }
  env::Loop& loop() { return env_.loop; }
  Time now() const { return env_.clock.now(); }
  const Options& options() const { return options_; }
  bool broken() const { return broken_; }
  bool full() const { return full_; }        // the disk
  bool stalled() const { return stalled_; }  // a write of it takes too long for some group
  bool missing(NodeId) const;                // another node: it cannot be spoken to

 private:
  struct Beginning {  // of a replica
    Birth birth;
    machine::StateMachine* machine = nullptr;
    std::optional<raft::Base> place;  // of a machine that is durable by itself
    raft::Found found;
    env::Done<Result<Replica*>> done;
    std::uint64_t number = 0;  // names this one
  };

  wal::LogStore::Hooks log_hooks();
  Links::Hooks link_hooks();
  Courier::Hooks courier_hooks();
  std::optional<Error> cannot_open() const;
  void look_for_files(env::Done<Result<wal::Account>>);
  void open_log(env::Done<Result<wal::Account>>);
  void opened(Result<wal::Opened>, env::Done<Result<wal::Account>>);
  void listen(wal::Account, env::Done<Result<wal::Account>>);
  void clear_away(wal::Account, env::Done<Result<wal::Account>>);
  Beginning* beginning(GroupId, std::uint64_t number);
  static bool is_founded_now(const Beginning&);
  void begin_at(GroupId, const raft::Base&, const raft::HardState&);
  void import_state(GroupId);
  void imported(GroupId, std::uint64_t number, const raft::Base&, const Result<void>&);
  void begins_anew(GroupId, Seq);
  void based(GroupId);
  void loaded(GroupId, std::uint64_t number, Result<raft::Base>);
  void come_to_life(GroupId, LogId machine, bool stateless);
  static Result<std::optional<raft::Base>> place_of(GroupId, machine::StateMachine&);
  const raft::Base* furthest(GroupId) const;
  void fetch(GroupId, const Transfers::Source&, const raft::Base&,
             std::move_only_function<void(Replica&, Result<raft::Base>)> then);
  Replica::Hooks replica_hooks();
  void role_changed(GroupId, const raft::RoleChanged&);
  std::optional<Error> cannot_start(GroupId, const GroupOptions&) const;
  std::optional<Error> cannot_run(const GroupOptions&) const;
  void bury(std::unique_ptr<Replica>);
  Incarnation life_of(GroupId) const;
  void gone_from_log(GroupId, Seq);
  void destroyed(GroupId, const Result<void>&);
  bool takes(const raft::Message&) const;
  bool has_room_for(const raft::Message&) const;
  void tell(GroupId, const News&);
  void turn();
  void apply_slices(const std::set<GroupId>&);
  void give_up();
  void due();
  void letters(NodeId from, const wire::Frame&, const wire::Way&);
  void know(const raft::Membership&);
  bool needs(NodeId) const;
  void lost(NodeId);
  void silent(NodeId);
  void met(NodeId);
  void contact(NodeId);
  void pulse(NodeId);
  bool says_no_pulse(NodeId) const;
  template <class Concerned>
  void tell_groups(const raft::Input& what, Concerned concerned);
  void go_on_telling();
  void suspect_the_missing(Replica&);
  void balance();
  void other(std::unique_ptr<Link>);
  Operators::Hooks operator_hooks();
  Errands::Network errand_network();
  Transfers::Hooks transfer_hooks();
  std::string may_not_have(NodeId, GroupId) const;
  void unreachable(NodeId);
  void given(NodeId, const std::set<GroupId>&);
  void fullness(bool full);
  void watch_disk();
  void tell_of_disk(Replica&);
  std::optional<Duration> disk_stalls(Duration busy);
  void disk_answers();
  void fail(Error);
  void watch_progress();
  void tell_progress();
  wire::Hello hello() const;

  env::Env env_;
  env::Network& network_;
  Options options_;
  Hooks hooks_;
  Onlooker* onlooker_;
  Replica::Hooks replica_hooks_;
  Backlog backlog_;  // before all that may have a share of it
  Desks::Scratch scratch_;
  raft::MembershipPool memberships_;
  std::unique_ptr<wal::LogStore> log_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::unique_ptr<Links> links_;
  std::unique_ptr<Courier> courier_;
  std::unique_ptr<Desks> desks_;  // once all of these are there
  std::unique_ptr<Transfers> transfers_;
  std::unique_ptr<Operators> operators_;
  std::unique_ptr<Errands> errands_;
  std::unique_ptr<Detector> detector_;
  Incarnation disk_;
  std::map<GroupId, raft::Found> found_;  // of groups that were not started yet
  std::map<GroupId, Beginning> beginning_;
  std::uint64_t beginnings_ = 0;
  std::set<GroupId> ended_;
  std::map<GroupId, std::vector<env::Done<Result<void>>>> destroying_;  // and who waits for that
  // So often the group was destroyed on this disk. A member that comes back must not be taken for
  // the one that made promises: it has another incarnation then.
  std::map<GroupId, std::uint64_t> lives_;
  std::vector<std::unique_ptr<Replica>> dead_;  // until nobody can be inside of them
  std::map<GroupId, std::unique_ptr<Replica>> replicas_;
  std::set<GroupId> due_;                                // have something to do in this turn
  GroupId waits_for_slice_;                              // the first that the last had no time for
  std::deque<std::pair<GroupId, raft::Input>> telling_;  // some in each turn
  env::TimerId balance_timer_;
  env::TimerId progress_timer_;
  bool watches_progress_ = false;
  Seldom opening_told_{std::chrono::seconds(1)};
  Stall stall_;
  Duration patience_ = Duration::max();  // the shortest of a group
  std::uint64_t tickets_ = 0;
  bool full_ = false;
  bool stalled_ = false;
  bool turn_is_due_ = false;
  bool giving_ = false;  // a turn has begun, and does what follows anyway
  bool broken_ = false;
  std::move_only_function<void()> after_turns_;
  Meters meters_;
  env::Life life_;
};

}  // namespace bowline::host
