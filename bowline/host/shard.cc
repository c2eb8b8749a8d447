// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/shard.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/host/bugs.h"
#include "bowline/host/destroyed.h"
#include "bowline/wal/names.h"
#include "bowline/wire/letter.h"

namespace bowline::host {
namespace {

wal::Owner owner_of(const Options& options) {
  return {.cluster = {}, .node = options.self, .shard = 0, .shards = 1};
}

// All machines together have so long in one turn.
constexpr Duration slices_time = std::chrono::milliseconds(10);

}  // namespace

Shard::Shard(env::Env env, env::Network& network, Options options, Incarnation fresh, Hooks hooks,
             Onlooker* onlooker)
    : env_(env),
      network_(network),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      onlooker_(onlooker),
      replica_hooks_(replica_hooks()),
      backlog_(options_.backlog_bytes),
      log_(log_of(options_.stores, options_.log, {env, owner_of(options_), fresh, log_hooks()})),
      snapshots_(snapshots_of(options_.stores, options_.snapshots, env)),
      stall_(env.loop, env.clock,
             {.busy_since = [this] { return log_->busy_since(); },
              .lasts = [this](Duration busy) { return disk_stalls(busy); }}) {}

Shard::~Shard() {
  if (balance_timer_) env_.loop.drop(balance_timer_);
  if (progress_timer_) env_.loop.drop(progress_timer_);
}

// ---- opening

std::optional<Error> Shard::cannot_open() const {
  if (log_ == nullptr || snapshots_ == nullptr)
    return Error{Fault::not_found,
                 "one of the stores that were to be made is not there: stores.log and "
                 "stores.snapshots have to give one each, or be left out"};
  // The log would let go of what snapshots cover, and with the process these would be gone.
  if (log_->outlives_the_process() && !snapshots_->outlives_the_process())
    return Error{Fault::invalid,
                 "stores.snapshots gives one that is gone with the process, and the log is not: "
                 "keep both, or none"};
  return std::nullopt;
}

void Shard::open(env::Done<Result<wal::Account>> done) {
  if (std::optional<Error> wrong = cannot_open())
    return env_.loop.soon(life_.guard([done = std::move(done), wrong = *wrong]() mutable {
      done(std::unexpected(std::move(wrong)));
    }));
  // The log with files takes the directory for all that lies there. One of somebody's own may lie
  // elsewhere.
  if (!options_.stores.log) return open_log(std::move(done));
  if (options_.stores.snapshots) return look_for_files(std::move(done));
  env_.disk.lock(life_.guard([this, done = std::move(done)](const Result<void>& locked) mutable {
    if (!locked) return done(std::unexpected(locked.error()));
    look_for_files(std::move(done));
  }));
}

// Groups that are founded anew beside a log that nobody reads would lose what it holds, and nobody
// would be told.
void Shard::look_for_files(env::Done<Result<wal::Account>> done) {
  if (log_->outlives_the_process()) return open_log(std::move(done));
  env_.disk.list(life_.guard(
      [this, done = std::move(done)](const Result<std::vector<env::Listed>>& files) mutable {
        if (!files) return done(std::unexpected(files.error()));
        const auto is_of_log = [](const env::Listed& file) {
          return wal::segment_number(file.name).has_value();
        };
        if (std::ranges::none_of(*files, is_of_log)) return open_log(std::move(done));
        done(std::unexpected(Error{
            Fault::invalid,
            "there is a log in the directory, and stores.log gives one that is gone with the "
            "process: what is in the directory would be left out. Leave stores.log out, or name "
            "another directory"}));
      }));
}

void Shard::open_log(env::Done<Result<wal::Account>> done) {
  log_->open([this, done = std::move(done)](Result<wal::Opened> result) mutable {
    opened(std::move(result), std::move(done));
  });
}

void Shard::opened(Result<wal::Opened> result, env::Done<Result<wal::Account>> done) {
  if (!result) return done(std::unexpected(result.error()));
  disk_ = result->account.identity.disk;
  if (onlooker_ != nullptr) onlooker_->opened(*result);
  for (wal::Recovered& recovered : result->groups) {
    if (is_note_of_destroyed(recovered.group)) {
      lives_[destroyed_group(recovered.group)] = recovered.found.hard_state.term.value;
    } else {
      found_.emplace(recovered.group, std::move(recovered.found));
    }
  }
  snapshots_->open(life_.guard(
      [this, account = result->account, done = std::move(done)](const Result<void>& good) mutable {
        if (!good) return done(std::unexpected(good.error()));
        clear_away(account, std::move(done));
      }));
}

wire::Hello Shard::hello() const {
  wire::Hello hello;
  hello.newest = options_.newest_version;
  hello.self = options_.self;
  hello.disk = disk_;
  hello.boot = options_.boot;
  hello.address = options_.advertise;
  hello.name = options_.name;
  hello.cluster_name = options_.cluster;
  return hello;
}

void Shard::listen(wal::Account account, env::Done<Result<wal::Account>> done) {
  links_ = std::make_unique<Links>(env_.loop, env_.clock, network_, hello(), options_.links,
                                   options_.boot, link_hooks());
  courier_ = std::make_unique<Courier>(*log_, *links_, options_.courier, courier_hooks());
  desks_ = std::make_unique<Desks>(Desks{env_, *log_, *courier_, *snapshots_, meters_, backlog_,
                                         onlooker_, &broken_, scratch_, memberships_});
  transfers_ = std::make_unique<Transfers>(env_, network_, *snapshots_, hello(), options_.transfers,
                                           transfer_hooks());
  operators_ = std::make_unique<Operators>(env_.loop, options_.operators, operator_hooks());
  errands_ = std::make_unique<Errands>(env_.loop, Errands::Options{}, errand_network());
  detector_ = std::make_unique<Detector>(
      env_.loop, env_.clock, options_.detector,
      Detector::Hooks{.pulse = [this](NodeId peer) { pulse(peer); },
                      .silent = [this](NodeId peer) { silent(peer); },
                      .again = [this](NodeId peer) { contact(peer); },
                      .says_no_pulse = [this](NodeId peer) { return says_no_pulse(peer); }});
  if (options_.balance_every > Duration{0}) {
    balance_timer_ = env_.loop.timer([this] { balance(); });
    env_.loop.set(balance_timer_, env_.clock.now() + options_.balance_every);
  }
  links_->listen(options_.listen,
                 [account, done = std::move(done)](const Result<void>& good) mutable {
                   if (!good) return done(std::unexpected(good.error()));
                   done(account);
                 });
}

// ---- groups

std::optional<Error> Shard::cannot_start(GroupId group, const GroupOptions& options) const {
  if (broken_) return Replica::disk_failed();
  if (is_note_of_destroyed(group))
    return Error{Fault::invalid, "the id of a group must be less than 2^63"};
  if (destroying_.contains(group))
    return Error{Fault::exists, "the group is being destroyed: start it when that is done"};
  if (replicas_.contains(group) || beginning_.contains(group))
    return Error{Fault::exists, "the group is on this node already"};
  if (ended_.contains(group))
    return Error{
        Fault::exists,
        "the group was ended: it can start again with the process, or once it is destroyed"};
  return cannot_run(options);
}

std::optional<Error> Shard::cannot_run(const GroupOptions& options) const {
  if (std::string fault = options.fault(); !fault.empty())
    return Error{Fault::invalid, "the options of a group: " + fault};
  if (options.raft->entry_bytes > log_->most_payload_bytes())
    return Error{
        Fault::invalid,
        "the options of a group: raft.entry_bytes is more than the log takes, which is " +
            std::to_string(log_->most_payload_bytes()) + " bytes" +
            (log_->on_disk() == nullptr ? ""
                                        : ", a little less than a quarter of its segment_bytes")};
  // Of one that is larger than that the sum below might wrap.
  const std::uint64_t entry =
      std::min<std::uint64_t>(options.raft->entry_bytes, options_.links.most_frame_bytes);
  const std::uint64_t frame = options_.courier.most_bytes(entry);
  if (frame > options_.links.most_frame_bytes)
    return Error{Fault::invalid,
                 "the options of a group: raft.entry_bytes is more than a frame takes: make it "
                 "smaller, or links.most_frame_bytes " +
                     std::to_string(frame)};
  return std::nullopt;
}

Result<void> Shard::tune(GroupId group, GroupOptions options) {
  Replica* const replica = find(group);
  if (replica == nullptr)
    return std::unexpected(Error{Fault::not_found, "the group is not on this node"});
  if (broken_) return std::unexpected(Replica::disk_failed());
  if (std::optional<Error> wrong = cannot_run(options)) return std::unexpected(*wrong);
  if (std::string why = replica->options().cannot_become(options); !why.empty())
    return std::unexpected(Error{Fault::invalid, "the options of a group: " + why});
  replica->tune(std::move(options));
  return {};
}

// Those that are here now: what is done with one of them may end it, or another.
std::vector<GroupId> Shard::ids() const {
  std::vector<GroupId> ids;
  ids.reserve(replicas_.size());
  for (const auto& [group, replica] : replicas_) ids.push_back(group);
  return ids;
}

std::vector<GroupId> Shard::starting() const {
  std::vector<GroupId> groups;
  groups.reserve(beginning_.size());
  for (const auto& [group, begins] : beginning_) groups.push_back(group);
  return groups;
}

Replica* Shard::find(GroupId group) {
  const auto found = replicas_.find(group);
  return found == replicas_.end() ? nullptr : found->second.get();
}

const Replica* Shard::find(GroupId group) const {
  const auto found = replicas_.find(group);
  return found == replicas_.end() ? nullptr : found->second.get();
}

// ---- turns

void Shard::due() {
  if (std::exchange(turn_is_due_, true)) return;
  env_.loop.soon(life_.guard([this] { turn(); }));
}

// What clients want goes to the cores first; what the cores want to have written, or sent, leaves
// together; and only then is anything applied, so that nobody waits for that.
void Shard::turn() {
  turn_is_due_ = false;
  if (broken_) return give_up();
  ++meters_.counters.turns;
  const std::set<GroupId> now = std::exchange(due_, {});
  giving_ = true;
  for (const GroupId group : now)
    if (Replica* const replica = find(group)) replica->give_gathered();
  giving_ = false;
  log_->flush();
  watch_disk();
  if (!planted(p98_frames_wait_for_the_disk) || log_->idle()) courier_->flush();
  apply_slices(now);
  if (after_turns_) after_turns_();
}

// Each machine keeps to its time, but there may be thousands of them. Those that a turn has no time
// for come first in the next, when heartbeats have left.
void Shard::apply_slices(const std::set<GroupId>& groups) {
  const auto first = groups.lower_bound(waits_for_slice_);
  std::vector<GroupId> order(first, groups.end());
  order.insert(order.end(), groups.begin(), first);
  waits_for_slice_ = {};
  const Time end = now() + slices_time;
  std::size_t next = 0;
  while (next < order.size()) {
    if (Replica* const replica = find(order[next++])) replica->slice();
    if (now() >= end) break;
  }
  if (next == order.size()) return;
  waits_for_slice_ = order[next];
  due_.insert(order.begin() + static_cast<std::ptrdiff_t>(next), order.end());
  due();
}

// Whoever is told may ask for something else at once, or end a group: that is for the next turn.
void Shard::give_up() {
  for (const GroupId group : std::exchange(due_, {}))
    if (Replica* const replica = find(group)) replica->give_up();
}

// ---- what is heard

wal::LogStore::Hooks Shard::log_hooks() {
  return {.persisted =
              [this](GroupId group, Seq seq) {
                if (Replica* const replica = find(group)) return replica->persisted(seq);
                if (beginning_.contains(group)) return begins_anew(group, seq);
                if (is_note_of_destroyed(group)) gone_from_log(destroyed_group(group), seq);
              },
          .broken = [this](Error error) { fail(std::move(error)); },
          .unreadable =
              [this](GroupId group, Index first, Index last) {
                if (Replica* const replica = find(group))
                  replica->input(raft::Unreadable{first, last});
              },
          .full = [this](bool full) { fullness(full); },
          .landed = [this] { disk_answers(); },
          .opening =
              [this](std::uint64_t done, std::uint64_t of) {
                if (hooks_.opening) hooks_.opening(done, of);
                if (opening_told_.is_due(now())) tell({}, Opening{done, of});
              }};
}

void Shard::tell(GroupId group, const News& news) {
  if (hooks_.news) hooks_.news(group, news);
}

void Shard::fail(Error error) {
  if (std::exchange(broken_, true)) return;
  const Error why = error;
  hooks_.broken(std::move(error));
  // The process may go on: then nobody waits for what will never come.
  for (auto& [group, begins] : std::exchange(beginning_, {})) {
    snapshots_->stop(group);
    begins.done(std::unexpected(why));
  }
  for (auto& [group, waiting] : std::exchange(destroying_, {}))
    for (auto& done : waiting) done(std::unexpected(why));
  for (const GroupId group : ids()) due_.insert(group);
  due();
}

Links::Hooks Shard::link_hooks() {
  return {.letters = [this](NodeId from, const wire::Frame& frame,
                            const wire::Way& way) { letters(from, frame, way); },
          .up = [this](NodeId peer) { tell({}, PeerUp{peer}); },
          .lost =
              [this](NodeId peer) {
                tell({}, PeerDown{peer});
                errands_->broke(peer);
                lost(peer);
              },
          .broke =
              [this](NodeId peer) {
                errands_->broke(peer);
                unreachable(peer);
              },
          .met = [this](NodeId peer) { met(peer); },
          .drained =
              [this](NodeId peer) {
                courier_->drained(peer);
                errands_->drained(peer);
              },
          .told =
              [this](const std::string& who, const std::string& why) {
                if (hooks_.told) hooks_.told(who, why);
              },
          .needed = [this](NodeId peer) { return needs(peer); },
          .forgotten = [this](NodeId peer) { detector_->forget(peer); },
          .other = [this](std::unique_ptr<Link> link) { other(std::move(link)); }};
}

void Shard::letters(NodeId from, const wire::Frame& frame, const wire::Way& way) {
  if (broken_) return;
  detector_->heard(from);
  if (frame.kind == wire::FrameKind::errands || frame.kind == wire::FrameKind::errand_answers)
    return errands_->received(from, frame);
  if (frame.kind != wire::FrameKind::letters) return;
  Result<std::vector<wire::Letter>> all = wire::letters_in(frame.body, way);
  if (!all) {
    ++meters_.counters.strays;
    return;
  }
  for (wire::Letter& letter : *all) {
    ++meters_.counters.letters_received;
    Replica* const replica = find(letter.group);
    if (replica == nullptr || !takes(letter.message)) {
      ++meters_.counters.strays;
    } else if (!has_room_for(letter.message)) {
      ++meters_.counters.crowded_out;
    } else {
      replica->input(raft::Received{from, std::move(letter.message)});
    }
  }
}

// What our log could not hold is not even looked at.
bool Shard::takes(const raft::Message& message) const {
  const std::uint64_t most = log_->most_payload_bytes();
  const auto fit = [most](const raft::Batch& entries) {
    return std::ranges::all_of(
        entries, [most](const raft::Entry& entry) { return entry.payload.size() <= most; });
  };
  if (const auto* append = std::get_if<raft::AppendRequest>(&message.body))
    return fit(append->entries);
  const auto* reply = std::get_if<raft::EntriesReply>(&message.body);
  return reply == nullptr || fit(reply->entries);
}

// While the disk hangs, each group may be sent as much as its leader has in flight, and there may
// be thousands. To its leader it is as if it were lost on the way; heartbeats have none, and pass.
bool Shard::has_room_for(const raft::Message& message) const {
  if (log_->waiting_bytes() / 2 <= options_.backlog_bytes) return true;
  const auto* const append = std::get_if<raft::AppendRequest>(&message.body);
  if (append != nullptr) return append->entries.empty();
  return !std::holds_alternative<raft::EntriesReply>(message.body);
}

Courier::Hooks Shard::courier_hooks() {
  Courier::Hooks hooks;
  hooks.core = [this](GroupId group) {
    const Replica* const replica = find(group);
    return replica == nullptr ? nullptr : &replica->core();
  };
  hooks.unreadable = [this](GroupId group, Index index) {
    if (Replica* const replica = find(group)) replica->input(raft::Unreadable{index, index});
  };
  hooks.dropped = [this](NodeId peer) { contact(peer); };
  hooks.due = [this] { due(); };
  if (onlooker_ == nullptr) return hooks;
  hooks.sent = [this](GroupId group, NodeId to, const raft::Message& message) {
    if (const Replica* const replica = find(group)) onlooker_->sent(*replica, to, message);
  };
  hooks.shipped = [this](NodeId to) { onlooker_->shipped(to); };
  hooks.no_way = [this](GroupId group, NodeId to) {
    if (const Replica* const replica = find(group)) onlooker_->no_way(*replica, to);
  };
  return hooks;
}

void Shard::fetch(GroupId group, const Transfers::Source& from, const raft::Base& base,
                  std::move_only_function<void(Replica&, Result<raft::Base>)> then) {
  transfers_->fetch(group, from, base,
                    [this, group, then = std::move(then)](Result<raft::Base> got) mutable {
                      if (Replica* const replica = find(group)) then(*replica, std::move(got));
                    });
  watch_progress();
}

Replica::Hooks Shard::replica_hooks() {
  return {.due =
              [this](GroupId group) {
                if (giving_) return;
                due_.insert(group);
                due();
              },
          .restore =
              [this](GroupId group, NodeId from, const raft::Base& base) {
                const std::string* const address = links_->address_of(from);
                fetch(group, {from, address == nullptr ? "" : *address}, base,
                      [through = base.id](Replica& replica, Result<raft::Base> got) {
                        replica.fetched(through, std::move(got));
                      });
              },
          .restore_state =
              [this](GroupId group, const raft::Base& base) {
                fetch(group, {}, base, [](Replica& replica, Result<raft::Base> got) {
                  replica.state_fetched(std::move(got));
                });
              },
          .stop_fetching =
              [this](GroupId group) {
                transfers_->stop(group);
                snapshots_->drop_incoming(group);
              },
          .members = [this](const raft::Membership& membership) { know(membership); },
          .role = [this](GroupId group,
                         const raft::RoleChanged& change) { role_changed(group, change); },
          .news = [this](GroupId group, const News& news) { tell(group, news); },
          .tuned =
              [this](GroupId group) {
                Replica* const replica = find(group);
                if (replica->core().hibernates()) detector_->begin();
                tell_of_disk(*replica);
              },
          .busy = [this] { watch_progress(); },
          .broken = [this](Error error) { fail(std::move(error)); }};
}

void Shard::role_changed(GroupId group, const raft::RoleChanged& change) {
  Replica* const replica = change.role == raft::Role::leader ? find(group) : nullptr;
  if (replica != nullptr) {
    // Who cannot write must not keep what it has won.
    if (full_) replica->transfer({}, [](const Outcome&) {});
    suspect_the_missing(*replica);
  }
  if (hooks_.role) hooks_.role(group, change);
  if (after_turns_) due();
}

}  // namespace bowline::host
