// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/front.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>
#include <utility>

#include "bowline/etcd/metrics.h"
#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

// Whatever happens to the group is looked at when it happens. So often besides: for what nobody
// tells of, as that the past is not needed any more by whoever read it.
constexpr Duration look_every = std::chrono::seconds(1);

// Versions and events of one slice of the work that the map puts off.
constexpr std::uint64_t slice = 250;

struct Refusals {
  std::string_view paths;  // of the gateway
  std::string_view service;
  std::string_view methods;  // apart by blanks
  std::string_view sentence;
};
constexpr std::array refusals{
    Refusals{"/v3/auth/", "etcdserverpb.Auth",
             "AuthEnable AuthDisable AuthStatus Authenticate UserAdd UserGet UserList UserDelete "
             "UserChangePassword UserGrantRole UserRevokeRole RoleAdd RoleGet RoleList RoleDelete "
             "RoleGrantPermission RoleRevokePermission",
             "users and roles are not served yet: whoever reaches this port may do all"},
    Refusals{"/v3/lock/", "v3lockpb.Lock", "Lock Unlock",
             "locks are not served yet: make them of a lease and a transaction, as clients do"},
    Refusals{"/v3/election/", "v3electionpb.Election", "Campaign Proclaim Leader Observe Resign",
             "elections are not served yet: make them of a lease and a transaction, as clients do"},
    Refusals{"", "etcdserverpb.KV", "RangeStream",
             "ranges are not streamed: ask for them with a limit, piece by piece"},
};

}  // namespace

Front::Front(const env::Env& env, env::Network& network, host::Shard& shard, GroupId group,
             ServedMachine& machine, Options options)
    : loop_(env.loop),
      clock_(env.clock),
      machine_(machine),
      names_(std::move(options.names)),
      router_(routers_.calls),
      pages_are_apart_(options.has_pages_apart),
      process_(std::move(options.process)),
      quorum_(env.loop, env.clock, shard, group, options.quorum),
      room_(env.loop, env.clock, options.settings.limits.answer_bytes),
      here_{.loop = env.loop,
            .clock = env.clock,
            .shard = shard,
            .group = group,
            .machine = machine.map(),
            .quorum = quorum_,
            .room = room_,
            .settings = std::move(options.settings),
            .prng = Prng(options.seed),
            .stir = [this] { changed(); },
            .tell = options.tell ? std::move(options.tell) : [](const std::string&) {}},
      keeper_(here_),
      quota_(here_),
      auto_compactor_(here_),
      kv_(here_, quota_),
      lease_(here_, keeper_, quota_),
      watch_(here_),
      cluster_(here_),
      maintenance_(here_),
      snapshot_(here_),
      peer_clock_(here_, options.ask_peers_every),
      roll_call_(here_, std::move(options.verdicts)),
      comparison_(here_),
      differs_at_start_(std::move(options.differs_at_start)),
      pages_(here_),
      gateway_(env.loop, router_),
      doors_(env.loop, env.clock, network, routers_, options.server),
      look_timer_(env.loop.timer([this] { ring(); })) {
  // It would write a line for each message that cannot be read: any client could fill our log.
  google::protobuf::SetLogHandler(nullptr);
  kv_.add_to(router_);
  lease_.add_to(router_);
  watch_.add_to(router_);
  cluster_.add_to(router_);
  maintenance_.add_to(router_);
  snapshot_.add_to(router_);
  health_.add_to(router_);
  add_pages(options);
  refuse_without_leader();
  callers_.add_to(router_);
  refuse_as_learner();
  add_refusals();
  if (options.times_calls) router_.time_calls(clock_);
  if (options.slow_after)
    router_.tell_of_slow(std::make_unique<rpc::SlowCalls>(clock_, *options.slow_after, here_.tell));
  machine_.tell([this] { changed(); });
  here_.shard.after_turns([this] { look(); });
  ring();
}

Front::~Front() {
  here_.shard.after_turns({});
  machine_.tell({});
  loop_.drop(look_timer_);
}

void Front::add_refusals() {
  for (const Refusals& one : refusals) {
    if (!one.paths.empty()) gateway_.refuse(one.paths, one.sentence);
    for (const std::string& method : split(one.methods, ' '))
      router_.unary("/" + std::string(one.service) + "/" + method,
                    [sentence = one.sentence](rpc::Call call, std::string_view) {
                      call.finish({rpc::Code::unimplemented, std::string(sentence)});
                    });
  }
}

// Who does not vote yet says how it is, and what it has; these look at what is asked themselves.
void Front::refuse_as_learner() {
  constexpr std::array<std::string_view, 4> allowed{
      "/etcdserverpb.Maintenance/Status", "/etcdserverpb.Maintenance/Snapshot",
      "/etcdserverpb.KV/Range", "/etcdserverpb.Cluster/MemberList"};
  for (const auto& [path, method] : router_.methods()) {
    if (!path.starts_with("/etcdserverpb.") || std::ranges::find(allowed, path) != allowed.end())
      continue;
    if (method->unary) {
      method->unary = [this, serves = std::move(method->unary)](rpc::Call call,
                                                                std::string_view bytes) mutable {
        if (here_.is_learner()) return refuse(call, Wrong::not_supported_for_learner);
        serves(std::move(call), bytes);
      };
      continue;
    }
    method->stream = [this, serves = std::move(method->stream)](rpc::Call call) mutable {
      if (here_.is_learner()) return refuse(call, Wrong::not_supported_for_learner);
      serves(std::move(call));
    };
  }
}

// Who says so in its metadata. Streams look at it themselves, for as long as they last.
void Front::refuse_without_leader() {
  for (const auto& [path, method] : router_.methods()) {
    if (!path.starts_with("/etcdserverpb.") || !method->unary) continue;
    method->unary = [this, serves = std::move(method->unary)](rpc::Call call,
                                                              std::string_view bytes) mutable {
      if (wants_leader(call) && !quorum_.leader()) return refuse(call, Wrong::no_leader);
      serves(std::move(call), bytes);
    };
  }
}

void Front::leaderless(bool for_long) {
  watch_.leaderless(for_long);
  lease_.leaderless(for_long);
}

// Probes show no keys, and are asked by whoever watches many servers under whatever name; only
// pages of others may not.
void Front::add_pages(const Options& options) {
  routers_.calls.gate = routers_.pages.gate = routers_.probes.gate = options.gate;
  routers_.probes.gate.hosts.clear();
  pages_.add_to(pages());
  pages_.add_to(routers_.probes);
  add_metrics(pages());
  add_metrics(routers_.probes);
  if (options.has_gateway) gateway_.add_to(pages());
}

void Front::add_metrics(rpc::Router& router) {
  router.http("/metrics", [this](rpc::Exchange exchange, const rpc::HttpRequest&) {
    exchange.answer({.status = 200,
                     .content_type = "text/plain; version=0.0.4; charset=utf-8",
                     .body = metrics_text({.here = here_,
                                           .router = router_,
                                           .callers = callers_,
                                           .cluster = cluster_,
                                           .server = doors_.of_clients(),
                                           .peers = peer_clock_,
                                           .leases = keeper_,
                                           .pages = pages_,
                                           .process = process_,
                                           .streams = watch_.streams(),
                                           .leader_changes = leader_changes_})});
  });
}

void Front::listen(std::string address, env::Done<Result<std::string>> done, Doors::Kind kind) {
  doors_.listen(kind, std::move(address), std::move(done));
}

void Front::ready(env::Done<> done) {
  cluster_.publish(names_, life_.guard([this, done = std::move(done)]() mutable {
    if (!differs_at_start_) return serve(std::move(done));
    comparison_.compare_at_start(life_.guard([this, done = std::move(done)](bool same) mutable {
      if (!same) return std::exchange(differs_at_start_, {})();
      serve(std::move(done));
    }));
  }));
}

void Front::serve(env::Done<> done) {
  health_.serves();
  done();
}

// ---- what follows when something was applied: not within it

void Front::changed() {
  if (std::exchange(pump_is_due_, true)) return;
  loop_.soon(life_.guard([this] { pump(); }));
}

void Front::pump() {
  pump_is_due_ = false;
  quorum_.applied();
  cluster_.committed();
  keeper_.applied();
  quota_.applied();
  comparison_.applied();
  if (machine_.map().can_step()) machine_.map().step(slice);
  kv_.stepped();
  if (machine_.map().can_step()) changed();
}

void Front::look() {
  keeper_.look_at_role();
  look_at_leader();
  look_at_members();
  if (machine_.map().can_step()) changed();
}

void Front::ring() {
  loop_.set(look_timer_, clock_.now() + look_every);
  look();
}

void Front::look_at_leader() {
  const NodeId leader = quorum_.leader();
  if (leader && leader != std::exchange(leader_, leader)) ++leader_changes_;
  if (leader) {
    leaderless_since_ = never;
    return leaderless(false);
  }
  const Time now = clock_.now();
  if (leaderless_since_ == never) leaderless_since_ = now;
  if (now >= leaderless_since_ + here_.settings.election) roll_call_.call();
  const Time until = leaderless_since_ + 3 * here_.settings.election;
  if (now >= until) return leaderless(true);
  loop_.set(look_timer_, std::min(until, now + look_every));
}

// A committed membership without us, after one that had us.
void Front::look_at_members() {
  const host::Replica* const replica = quorum_.replica();
  const raft::Membership* const members = here_.members();
  if (members == nullptr || replica->core().memberships().latest().at > replica->core().commit())
    return;
  const bool is_member = members->find(here_.self()) != nullptr;
  if (was_member_ && !is_member) roll_call_.removed();
  was_member_ = is_member;
}

void Front::stop(env::Done<> done) {
  watch_.stop();
  lease_.stop();
  snapshot_.stop();
  host::Replica* const replica = quorum_.replica();
  const bool hands_over = replica != nullptr && quorum_.leads() && here_.members() != nullptr &&
                          here_.members()->voters() > 1;
  const auto drain = [this](env::Done<> then) { doors_.drain(std::move(then)); };
  if (!hands_over) return drain(std::move(done));
  replica->transfer({}, life_.guard([drain, done = std::move(done)](const host::Outcome&) mutable {
    drain(std::move(done));
  }));
}

}  // namespace bowline::etcd
