// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "bowline/raft/core.h"
#include "bowline/sim/agenda.h"
#include "bowline/sim/cables.h"
#include "bowline/sim/counters.h"
#include "bowline/sim/decisions.h"
#include "bowline/sim/deeds.h"
#include "bowline/sim/network.h"
#include "bowline/sim/node.h"
#include "bowline/sim/plan.h"
#include "bowline/sim/program.h"
#include "bowline/sim/request.h"
#include "bowline/sim/site.h"
#include "bowline/sim/witness.h"

namespace bowline::sim {

class SideGroups;

// Asked to be called at a time.
class Caller {
 public:
  virtual ~Caller() = default;
  virtual void called(std::uint32_t what) = 0;
};

enum class Crash : std::uint8_t {
  power,  // what was not synced is lost, all or in part
  kill,   // the process only: what was written survives
};

// What rots of a batch: one block, which the others can replace, or more.
struct Rot {
  bool wide = true;
  bool noticed = false;    // somebody looks there soon; else it shows when it is next read
  std::uint64_t dice = 1;  // which blocks, and how
};

// A few raft cores, and all that is around them: clocks, links, disks, machines, clients.
// Everything that happens, happens in virtual time and follows from the plan and the decisions.
//
// Weather and Workload drive it at random; a test may drive it by hand:
//
//   World world(calm_plan(5));
//   ensure(world.wait_for_leader());
//   const Ticket ticket = world.propose(world.leader(), Bytes::copy("x"));
//   world.crash(world.leader(), Crash::power);
//   world.run(10s);
class World : public Court {
 public:
  explicit World(Plan plan, Decisions* decisions = nullptr);
  ~World() override;
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // Those who look on; before anything happens. Not owned.
  void watch(Witness& witness);

  // Time. `run` stops early at a violation; the others also when what they wait for holds.
  void run(Duration);
  bool run_until(const std::function<bool()>& holds, Duration at_most);
  bool step_once(Time not_after);  // one event; false: there is none by then
  Time now() const { return now_; }
  void call_at(Time at, Caller& caller, std::uint32_t what);

  // Court
  void violated(Violation violation) override;
  const Site* site(NodeId id) const override;
  std::uint64_t sites() const override { return nodes_.size(); }
  Time true_time() const override { return now_; }
  const std::optional<Violation>& violation() const { return violation_; }

  // Nodes
  const raft::Core* core(NodeId id) const { return node(id).site.core.get(); }
  bool up(NodeId id) const { return node(id).up(); }
  bool paused(NodeId id) const { return node(id).pauses > 0; }
  const Node& node(NodeId id) const { return nodes_[id.value - 1]; }
  const std::vector<Bytes>& journal(NodeId id) const { return node(id).journal; }
  void keep_journals() { keeps_journals_ = true; }
  // What whole nodes apply to, beside what tells histories apart; another one for each life.
  // Before anything happens.
  using Guests = std::function<std::unique_ptr<machine::StateMachine>(NodeId)>;
  void invite(Guests guests) { guests_ = std::move(guests); }
  const machine::StateMachine& guest(NodeId id) const { return *node(id).guest; }
  // Its programs run on whole nodes; before anything happens. It outlives us.
  void stage(Play& play) { play_ = &play; }
  Play* play() const { return play_; }
  // Other groups on whole nodes; before anything happens.
  void lodge(SideGroups& groups) { side_groups_ = &groups; }
  SideGroups* side_groups() const { return side_groups_; }
  host::GroupOptions group_options(NodeId) const;  // of a group that starts on a whole node
  // What reaches the process of a whole node from outside, as soon as that runs; not if it is down.
  void enter(NodeId, env::Done<> task);
  void crash(NodeId, Crash);
  // Of a whole node: its group ends first, and tells those who wait.
  void shut_down(NodeId);
  // Its power fails in the midst of its next write, if that comes soon; and it comes back.
  void crash_when_writing(NodeId, Duration at_most, Duration down);
  void spare(NodeId);  // not, after all
  void start(NodeId);  // no-op if it is up
  // Its program from its next life on: one that speaks nothing newer.
  void install(NodeId id, wire::Version newest) { mine(id).newest_version = newest; }
  void restart_later(NodeId, Duration after);
  void pause(NodeId);  // counted, like cuts
  void resume(NodeId);
  void wipe(NodeId);       // its power fails and its disk is lost; start() brings it back empty
  void ruin(NodeId);       // and it does not come back, unless ...
  void reinstall(NodeId);  // an operator brings it back, empty, as a node of the newest cluster
  // Some of the batch that holds this entry. Only one block, if too much would be lost otherwise;
  // false: nothing, because even that would be too much.
  bool rot(NodeId, Index, Rot);
  // Somebody reads these on the disk of a whole node, to see whether they are there.
  void read_back(NodeId, Index first, Index last);
  // All files of its snapshots rot.
  void rot_snapshots(NodeId);
  // Its disk has no room for another file, until as many calls say that it has.
  void fill_disk(NodeId);
  void clear_disk(NodeId);
  void slow_disk(NodeId id, Duration by) { mine(id).disk_slower += by; }
  void speed_up_disk(NodeId id, Duration by);
  void hurry_disk(NodeId);
  void change_clock(NodeId, std::int64_t permille_fast);
  void take_snapshot(NodeId);

  // Links
  Network& network() { return network_; }
  void cut_one_way(NodeId from, NodeId to);
  void heal_one_way(NodeId from, NodeId to) { network_.remove_cut(from, to); }
  void cut(NodeId a, NodeId b);
  void heal(NodeId a, NodeId b);
  void isolate(NodeId);    // from all others, in both directions
  void reconnect(NodeId);  // whatever was the matter with its links
  void heal_all();
  // Lets a message pass, or not; beside all else that may happen to it.
  using Filter = std::function<bool(NodeId from, NodeId to, const raft::Message&)>;
  void filter(Filter passes) { filter_ = std::move(passes); }

  // Requests of clients. A node that is down loses them at once.
  Ticket propose(NodeId, Bytes command);
  Ticket propose(NodeId, std::vector<Bytes> commands, Term expected = {});
  // An envelope for the machine with sessions of a whole node. The others above are put into one.
  Ticket send(NodeId, std::string envelope);
  Deeds& deeds() { return deeds_; }
  Ticket barrier(NodeId);
  Ticket read(NodeId, raft::ReadKind = raft::ReadKind::linearizable);
  // Of a whole node. It ends when that time is over, or before; nobody else waits for it.
  void read_within(NodeId, Duration at_most);
  Ticket transfer(NodeId, NodeId to = {});
  Ticket reconfigure(NodeId, std::vector<raft::Wanted>, std::optional<Index> expected = {});
  Ticket cancel_change(NodeId);
  // Forced recovery. Once it is on the disk of the node, all others are given up.
  Ticket recover(NodeId, ClusterId anew);
  ClusterId cluster() const { return cluster_; }  // the newest
  const Request& request(Ticket ticket) const { return requests_[ticket.value - 1]; }
  // Called when a request has its last word; of a read, when the machine may be read. It must not
  // ask for anything by itself, but may be called_at() now. Who asks a node that is down sees at
  // once that the request is lost, and nothing is told.
  void hear(std::function<void(Ticket)> closed) { closed_ = std::move(closed); }
  std::uint64_t requests() const { return requests_.size(); }

  // Hints
  void campaign(NodeId id) { give(id, raft::Campaign{}); }
  void forget_leader(NodeId id) { give(id, raft::ForgetLeader{}); }
  void suspect(NodeId id, NodeId peer) { give(id, raft::Suspect{peer}); }
  void contact(NodeId id, NodeId peer) { give(id, raft::Contact{peer}); }
  void report_lost(NodeId id, NodeId peer) { give(id, raft::Unreachable{peer}); }

  // What a test asks for most. Of several leaders, that of the highest term; 0: nobody.
  NodeId leader() const;
  std::size_t leaders() const;
  bool wait_for_leader(Duration at_most = std::chrono::seconds(10));
  bool wait_for(Ticket ticket, Duration at_most = std::chrono::seconds(10));  // until it is closed
  bool wait_applied(Index index, Duration at_most = std::chrono::seconds(10));  // by all up
  std::size_t applied_by(Index index) const;                                    // by how many
  const Traffic& traffic(NodeId id) const { return node(id).traffic; }
  void reset_traffic();

  const Plan& plan() const { return plan_; }
  Climate& climate() { return plan_.climate; }
  void climate_changed();
  StreamClimate& streams() { return streams_; }  // of whole nodes
  Counters& counters() { return counters_; }
  const Counters& counters() const { return counters_; }
  std::uint64_t hash() const { return hash_; }
  std::size_t open_connections() const { return cables_.open(); }
  void note(Note note);
  void end();  // tell the witnesses that nothing more will happen
  // What was sent before now is lost unless it arrives soon: no replays from here on.
  void forget_late_messages(Duration after);

 private:
  struct Letter {  // what reaches a node
    raft::Input input;
    NodeId from;  // of a message; of a checked suspicion: the peer
    Time sent;
  };
  struct Scrub {  // somebody reads these on disk, to see whether they are there
    Index next, last;
  };
  struct Errand {  // what a courier does
    std::variant<raft::SendSpan, raft::SendEntries, Scrub> effect;
    raft::Batch got = {};     // was read, and is not sent yet
    std::uint64_t part = 0;   // of a span: so many go into the next message; 0: not drawn yet
    std::size_t done = 0;     // so many of SendEntries
    Index asked = {};         // from here on the disk was asked ...
    std::uint64_t rots = 0;   // ... after so many rots of that disk ...
    bool was_rotten = false;  // ... and it was known to be bad
    Time begun = {};          // of a span
  };
  struct Fetch {  // of a snapshot
    NodeId from;
    raft::Base base;
    bool sender_side = false;  // the sender learns that it is over
    NodeId to;
  };

  // world.cc: time, lives
  Node& mine(NodeId id) { return nodes_[id.value - 1]; }
  void found_group();
  void happen(const Event&);
  void happen_to(Node&, const Event&);
  void came_to_life(Node&);
  void went_down(Node&);
  void lose_requests(Node&);
  raft::Found found(Node&) const;
  void arm(Node&);
  void woken(Node&, const Event&);
  void strike_during(Node&, Duration write_takes);
  void give_up_others(Node&);
  void mix(std::uint64_t value) { hash_ = mixed(hash_, value); }

  // world_whole.cc: whole nodes
  class Eyes;
  host::Birth birth_of(const Node&) const;
  void bring_up(Node&);
  void opened(Node&, const wal::Opened&);
  void based(Node&, const raft::Base&, const raft::HardState&);
  void snapshot_known(Node&);
  void settle_snapshot(Node&);
  void ask(Node&, raft::Input);
  void ask_now(Node&, raft::Input);
  void ended(Node&, Ticket, const host::Outcome&);
  void ended(Node&, Ticket, const host::ReadOutcome&);
  void ended_all(Node&, Ticket, const std::vector<host::Outcome>&);
  void stepped(Node&, const raft::Input&, const raft::Effects&);
  void count_naps(Node&);
  void applied(Node&, const raft::Entry&);
  void snapshot_taken(Node&, const raft::Base&);
  void snapshot_installed(Node&, const raft::Base&, bool used);
  void read_within(Node&, Duration at_most, std::uint32_t tries);
  void expect_end(Node&, Duration at_most, std::shared_ptr<bool> ended);
  Watched::Hooks watching(Node&);
  void check_answer(const host::Outcome&, const Bytes& command);
  void check_read(const Node&, Ticket);
  void keep_answer(Ticket, const host::Outcome&);
  void arm_cables();
  void run_cables();

  // world_steps.cc: a step, and what follows from it
  void give(NodeId, raft::Input);
  void step(Node&, raft::Input);
  void perform(Node&, raft::Effect&);
  void perform(Node&, raft::Persist&) {}  // taken over already
  void perform(Node&, raft::Send&);
  void perform(Node&, raft::SendSpan&);
  void perform(Node&, raft::SendEntries&);
  void perform(Node&, raft::Restore&);
  void perform(Node&, raft::Commit&);
  void perform(Node&, raft::Admitted&);
  void perform(Node&, raft::Refused&);
  void perform(Node&, raft::Decided&);
  void perform(Node&, raft::ReadReady&);
  void perform(Node&, raft::RoleChanged&);
  void perform(Node&, raft::MembershipChanged&);
  void perform(Node&, raft::StandingBy&) {}
  void perform(Node&, raft::Removed&);
  void perform(Node&, raft::Impossible&);

  // world_disks.cc: logs on disks
  bool open_log(Node&);
  void write_at_once(Node&, const Write&);
  void let_climate_in(Node&);
  void take_over(Node&, const raft::Persist&);
  void arm_process(Node&);
  void run_process(Node&, const Event&);
  void take_reports(Node&);
  void reported(Node&, Seq);
  void became_durable(Node&, Seq);
  void space_changed(Node&, bool full);
  std::string take_damage(Site&, const raft::Found&);

  // world_sending.cc: messages and couriers
  bool left(Node&, NodeId to, const raft::Message&);
  void post(Node&, NodeId to, raft::Message);
  void deliver(Node&, Letter);
  bool doubtful(const Node&, const Letter&) const;
  void tell_loss(NodeId from, NodeId to);
  void suspicion_of(NodeId peer, NodeId by);

  // world_errands.cc: couriers read the log and send
  void send_out(Node&, Errand);
  void run_errand(Node&, Errand);
  void send_span(Node&, Errand);
  void send_entries(Node&, Errand);
  void scrub(Node&, Errand);
  std::uint64_t span_part(Node&, std::uint64_t left);
  bool read_log(Node&, Index after, Index through, Errand&);
  void ask_disk(Node&, Index after, Index through, Errand);
  void answered(Node&, Process::Answer);
  void missed(Node&, Errand);
  bool begins_at(const Node&, const raft::Batch&, Index);
  bool as_written(const Node&, const raft::Batch&);
  void notice_rot(Node&, raft::Stretch, bool excused);
  void drop_errands(Node&);

  // world_rot.cc: what is hurt, and what comes of it
  struct Hit;
  struct Sight;
  bool strike(Node&, const Hit&, const Sight& before, bool noticed);
  bool hurt(Node&, Index);
  void mark_rotten(Node&, Index);
  static bool spares_others(const Sight& before, const Sight& after);
  bool bearable(const Node&, const Sight& before, const Sight& after, std::vector<Index>& lost);

  // world_machines.cc: machines and their snapshots
  void apply(Node&);
  void apply_one(Node&, const Line&);
  void serve_reads(Node&);
  void snapshot_if_due(Node&);
  void snapshot_done(Node&);
  void fetched(Node&, Fetch);
  const Node* source_for(Node&, const Fetch&);
  void install(Node&, const Snapshot&);

  // world_requests.cc
  Ticket open(NodeId, Request::Kind);
  Ticket offer(NodeId, std::vector<Bytes> commands, Term expected);
  template <class Input>
  Ticket ask(NodeId, Request::Kind, Input);
  void submit(Ticket, raft::Input);
  void tell_closed(Ticket ticket) const {
    if (closed_) closed_(ticket);
  }
  Request* closing(Node&, Ticket);

  Plan plan_;
  std::unique_ptr<Decisions> own_decisions_;
  Decisions& decisions_;
  Agenda agenda_;
  Network network_;
  StreamClimate streams_;
  Cables cables_;
  Time cables_at_ = never;
  std::vector<Node> nodes_;
  std::vector<Witness*> witnesses_;
  std::shared_ptr<const raft::Options> options_;
  std::optional<Violation> violation_;
  Time now_;
  Time letters_since_;          // those sent before, or given to a courier ...
  Time letters_until_ = never;  // ... are lost after this
  ClusterId cluster_;
  Index committed_at_ruin_;
  std::uint64_t hash_ = 0;
  std::uint64_t largest_asked_ = 0;  // of what whole nodes were asked to write at once
  std::uint64_t busy_instant_ = 0;   // events since time last moved
  bool keeps_journals_ = false;
  Filter filter_;
  Guests guests_;
  Play* play_ = nullptr;
  SideGroups* side_groups_ = nullptr;
  std::function<void(Ticket)> closed_;
  raft::Effects effects_;
  std::vector<Request> requests_;  // by ticket
  Deeds deeds_;
  std::vector<Caller*> callers_;
  std::unique_ptr<Caller> node_watch_;  // if groups sleep, and there are no hosts
  Pool<Letter> letters_;
  Pool<Errand> errands_;
  Pool<Fetch> fetches_;
  Counters counters_;
};

}  // namespace bowline::sim
