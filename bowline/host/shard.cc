// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/shard.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/wire/letter.h"

namespace bowline::host {
namespace {

wal::Owner owner_of(const Options& options) {
  return {.cluster = {}, .node = options.self, .shard = 0, .shards = 1};
}

}  // namespace

Shard::Shard(env::Env env, env::Network& network, Options options, Incarnation fresh, Hooks hooks,
             Onlooker* onlooker)
    : env_(env),
      network_(network),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      onlooker_(onlooker),
      log_(std::make_unique<wal::Log>(env, options_.log, owner_of(options_), fresh, log_hooks())),
      snapshots_(std::make_unique<Snapshots>(env, options_.snapshots)) {}

Shard::~Shard() = default;

// ---- opening

void Shard::open(env::Done<Result<wal::Account>> done) {
  log_->open([this, done = std::move(done)](Result<wal::Opened> result) mutable {
    opened(std::move(result), std::move(done));
  });
}

void Shard::opened(Result<wal::Opened> result, env::Done<Result<wal::Account>> done) {
  if (!result) return done(std::unexpected(result.error()));
  disk_ = result->account.identity.disk;
  if (onlooker_ != nullptr) onlooker_->opened(*result);
  for (wal::Recovered& recovered : result->groups)
    found_.emplace(recovered.group, std::move(recovered.found));
  snapshots_->open(life_.guard(
      [this, account = result->account, done = std::move(done)](const Result<void>& good) mutable {
        if (!good) return done(std::unexpected(good.error()));
        listen(account, std::move(done));
      }));
}

wire::Hello Shard::hello() const {
  wire::Hello hello;
  hello.self = options_.self;
  hello.disk = disk_;
  hello.boot = options_.boot;
  hello.address = options_.advertise.substr(0, wire::most_name_bytes);
  hello.name = options_.name.substr(0, wire::most_name_bytes);
  return hello;
}

void Shard::listen(wal::Account account, env::Done<Result<wal::Account>> done) {
  links_ = std::make_unique<Links>(env_.loop, env_.clock, network_, hello(), options_.links,
                                   options_.boot, link_hooks());
  courier_ = std::make_unique<Courier>(*log_, *links_, options_.courier, courier_hooks());
  transfers_ = std::make_unique<Transfers>(env_, network_, *snapshots_, hello(), options_.transfers,
                                           [this](NodeId to) { given(to); });
  links_->listen(options_.listen,
                 [account, done = std::move(done)](const Result<void>& good) mutable {
                   if (!good) return done(std::unexpected(good.error()));
                   done(account);
                 });
}

// ---- groups

namespace {

bool holds(const raft::Found& found, LogId id) {
  if (found.base.id == id) return true;
  return std::ranges::any_of(found.entries, [id](const raft::Held& held) {
    return held.last.term == id.term && held.first() <= id.index && id.index <= held.last.index;
  });
}

raft::Persist from_the_start(const raft::Base& base) {
  raft::Persist write;
  write.base = base;
  write.discard = true;
  return write;
}

}  // namespace

std::optional<Error> Shard::cannot_start(GroupId group, const GroupOptions& options) const {
  if (replicas_.contains(group) || beginning_.contains(group))
    return Error{Fault::exists, "the group is on this node already"};
  if (ended_.contains(group))
    return Error{Fault::exists, "the group was ended: it can start again with the process"};
  if (std::string fault = options.fault(); !fault.empty())
    return Error{Fault::io, "the options of a group: " + fault};
  if (options.raft->entry_bytes > options_.log.most_entry_bytes())
    return Error{Fault::io,
                 "the options of a group: raft.entry_bytes is more than the log takes, "
                 "which is a quarter of its segment_bytes"};
  return std::nullopt;
}

// The log may have to begin anew before the core lives: at its founding, or where a snapshot is
// ahead of it because a crash came between the two.
void Shard::start(GroupId group, Birth birth, machine::StateMachine& machine,
                  env::Done<Result<Replica*>> done) {
  if (std::optional<Error> wrong = cannot_start(group, birth.options))
    return env_.loop.soon(life_.guard(
        [done = std::move(done), wrong = *wrong]() mutable { done(std::unexpected(wrong)); }));
  Beginning& begins = beginning_[group];
  begins = {std::move(birth), &machine, {}, std::move(done)};
  if (const auto found = found_.find(group); found != found_.end()) {
    begins.found = std::move(found->second);
    found_.erase(found);
  }
  raft::Found& found = begins.found;
  const Manifest* const newest = snapshots_->newest(group);
  std::optional<raft::Base> base;
  if (newest != nullptr && newest->base.id.index > found.base.id.index &&
      !holds(found, newest->base.id))
    base = newest->base;
  if (newest == nullptr && found.base.membership == nullptr && begins.birth.founders != nullptr &&
      found.hard_state == raft::HardState{})
    base = raft::Base{{}, begins.birth.founders, {}, {}};
  if (!base) return env_.loop.soon(life_.guard([this, group] { based(group); }));
  found.entries.clear();
  found.configs.clear();
  found.damaged.clear();
  found.base = *base;
  log_->submit(group, from_the_start(*base));
  log_->flush();
}

void Shard::begins_anew(GroupId group) {
  if (onlooker_ != nullptr) onlooker_->based(group, beginning_.at(group).found.base);
  based(group);
}

// What its log begins with is on the disk.
void Shard::based(GroupId group) {
  const auto begins = beginning_.find(group);
  if (begins == beginning_.end() || broken_) return;
  const bool begins_late = begins->second.found.base.id.index.value > 0;
  if (snapshots_->newest(group) == nullptr) return come_to_life(group, {}, begins_late);
  snapshots_->load(
      group, begins->second.machine->restore(),
      life_.guard([this, group](Result<raft::Base> base) { loaded(group, std::move(base)); }));
}

void Shard::loaded(GroupId group, Result<raft::Base> base) {
  const auto begins = beginning_.find(group);
  if (begins == beginning_.end() || broken_) return;
  const Index log_begins = begins->second.found.base.id.index;
  if (base) return come_to_life(group, base->id, base->id.index < log_begins);
  if (base.error().fault == Fault::io) return fail(base.error());
  // It rotted. The log says which one is wanted; if it goes back to the beginning, none.
  come_to_life(group, {}, log_begins > Index{});
}

void Shard::come_to_life(GroupId group, LogId machine, bool stateless) {
  Beginning begins = std::move(beginning_.extract(group).mapped());
  const raft::Identity identity{.self = options_.self,
                                .cluster = begins.birth.options.cluster,
                                .incarnation = disk_,
                                .seed = options_.boot * 0x9e3779b97f4a7c15 + group.value};
  const Ticket tickets{(options_.boot << 40) + (++tickets_ << 32)};
  auto& replica = replicas_[group];
  replica = std::make_unique<Replica>(
      group, Desks{env_, *log_, *courier_, *snapshots_, onlooker_, &broken_},
      std::move(begins.birth.options),
      Replica::Start{identity, std::move(begins.found), machine, stateless, tickets},
      *begins.machine, replica_hooks(group));
  if (const auto& membership = replica->core().memberships().latest().membership)
    for (const raft::Member& member : membership->members)
      links_->know(member.id, std::string(member.address.view()));
  replica->begin();
  if (full_) replica->input(raft::Fullness{true});
  begins.done(replica.get());
}

void Shard::end(GroupId group) {
  if (auto begins = beginning_.extract(group); !begins.empty()) {
    ended_.insert(group);
    begins.mapped().done(std::unexpected(Error{Fault::not_found, "the group was ended"}));
  }
  auto ends = replicas_.extract(group);
  if (ends.empty()) return;
  ended_.insert(group);
  transfers_->stop(group);
  due_.erase(group);
  ends.mapped()->end();
  if (dead_.empty()) env_.loop.soon(life_.guard([this] { dead_.clear(); }));
  dead_.push_back(std::move(ends.mapped()));
}

// Those that are here now: what is done with one of them may end it, or another.
std::vector<GroupId> Shard::ids() const {
  std::vector<GroupId> ids;
  ids.reserve(replicas_.size());
  for (const auto& [group, replica] : replicas_) ids.push_back(group);
  return ids;
}

Replica* Shard::find(GroupId group) {
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
  if (broken_) return;
  const std::set<GroupId> now = std::exchange(due_, {});
  giving_ = true;
  for (const GroupId group : now)
    if (Replica* const replica = find(group)) replica->give_gathered();
  giving_ = false;
  log_->flush();
  courier_->flush();
  for (const GroupId group : now)
    if (Replica* const replica = find(group)) replica->slice();
}

// ---- what is heard

wal::Log::Hooks Shard::log_hooks() {
  return {.persisted =
              [this](GroupId group, Seq seq) {
                if (Replica* const replica = find(group)) return replica->persisted(seq);
                if (beginning_.contains(group)) begins_anew(group);
              },
          .broken = [this](Error error) { fail(std::move(error)); },
          .unreadable =
              [this](GroupId group, Index first, Index last) {
                if (Replica* const replica = find(group))
                  replica->input(raft::Unreadable{first, last});
              },
          .full = [this](bool full) { fullness(full); }};
}

void Shard::fail(Error error) {
  if (std::exchange(broken_, true)) return;
  hooks_.broken(std::move(error));
}

// A leader that cannot write hands over to one that can.
void Shard::fullness(bool full) {
  full_ = full;
  for (const GroupId group : ids()) {
    Replica* const replica = find(group);
    if (replica == nullptr) continue;
    replica->input(raft::Fullness{full});
    if (full && replica->core().role() == raft::Role::leader)
      replica->transfer({}, [](const Outcome&) {});
  }
}

Links::Hooks Shard::link_hooks() {
  return {.letters = [this](NodeId from, const wire::Frame& frame,
                            const wire::Way& way) { letters(from, frame, way); },
          .lost = [this](NodeId peer) { suspect(peer); },
          .broke = [this](NodeId peer) { unreachable(peer); },
          .drained = [this](NodeId peer) { courier_->drained(peer); },
          .other = [this](std::unique_ptr<Link> link) { transfers_->serve(std::move(link)); }};
}

void Shard::letters(NodeId from, const wire::Frame& frame, const wire::Way& way) {
  if (broken_ || frame.kind != wire::FrameKind::letters) return;
  Result<std::vector<wire::Letter>> all = wire::letters_in(frame.body, way);
  if (!all) {
    ++strays_;
    return;
  }
  for (wire::Letter& letter : *all) {
    Replica* const replica = find(letter.group);
    if (replica != nullptr && takes(letter.message)) {
      replica->input(raft::Received{from, std::move(letter.message)});
    } else {
      ++strays_;
    }
  }
}

// What our log could not hold is not even looked at.
bool Shard::takes(const raft::Message& message) const {
  const std::uint64_t most = options_.log.most_entry_bytes();
  const auto fit = [most](const raft::Batch& entries) {
    return std::ranges::all_of(
        entries, [most](const raft::Entry& entry) { return entry.payload.size() <= most; });
  };
  if (const auto* append = std::get_if<raft::AppendRequest>(&message.body))
    return fit(append->entries);
  const auto* reply = std::get_if<raft::EntriesReply>(&message.body);
  return reply == nullptr || fit(reply->entries);
}

void Shard::suspect(NodeId peer) {
  for (const GroupId group : ids())
    if (Replica* const replica = find(group); replica && replica->core().leader() == peer)
      replica->input(raft::Suspect{peer});
}

void Shard::unreachable(NodeId peer) {
  for (const GroupId group : ids())
    if (Replica* const replica = find(group);
        replica && replica->core().role() == raft::Role::leader)
      replica->input(raft::Unreachable{peer});
}

// A leader may offer it a snapshot again, if it needs one still.
void Shard::given(NodeId to) {
  for (const GroupId group : ids())
    if (Replica* const replica = find(group);
        replica && replica->core().role() == raft::Role::leader)
      replica->input(raft::SnapshotEnded{to});
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
  hooks.due = [this] { due(); };
  if (onlooker_ != nullptr)
    hooks.sent = [this](GroupId group, NodeId to, const raft::Message& message) {
      if (const Replica* const replica = find(group)) onlooker_->sent(*replica, to, message);
    };
  return hooks;
}

void Shard::fetch(GroupId group, const Transfers::Source& from, const raft::Base& base,
                  std::move_only_function<void(Replica&, Result<raft::Base>)> then) {
  transfers_->fetch(group, from, base,
                    [this, group, then = std::move(then)](Result<raft::Base> got) mutable {
                      if (Replica* const replica = find(group)) then(*replica, std::move(got));
                    });
}

Replica::Hooks Shard::replica_hooks(GroupId group) {
  return {.due =
              [this, group] {
                if (giving_) return;
                due_.insert(group);
                due();
              },
          .restore =
              [this, group](NodeId from, const raft::Base& base) {
                const std::string* const address = links_->address_of(from);
                fetch(group, {from, address == nullptr ? "" : *address}, base,
                      [through = base.id](Replica& replica, Result<raft::Base> got) {
                        replica.fetched(through, std::move(got));
                      });
              },
          .restore_state =
              [this, group](const raft::Base& base) {
                fetch(group, {}, base, [](Replica& replica, Result<raft::Base> got) {
                  replica.state_fetched(std::move(got));
                });
              },
          .members =
              [this](const raft::Membership& membership, bool) {
                for (const raft::Member& member : membership.members)
                  links_->know(member.id, std::string(member.address.view()));
              },
          .role =
              [this, group](const raft::RoleChanged& change) {
                // Who cannot write must not keep what it has won.
                if (Replica* const full = full_ ? find(group) : nullptr;
                    full != nullptr && change.role == raft::Role::leader)
                  full->transfer({}, [](const Outcome&) {});
                if (hooks_.role) hooks_.role(group, change);
              },
          .broken = [this](Error error) { fail(std::move(error)); }};
}

}  // namespace bowline::host
