// SPDX-License-Identifier: Apache-2.0
#include "bowline/dash/report.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>

#include "bowline/dash/json.h"

namespace bowline::dash {
namespace {

constexpr std::string_view ranges = "/etcdserverpb.KV/Range";

std::string_view word_for(raft::Role role) {
  switch (role) {
    case raft::Role::leader: return "leader";
    case raft::Role::candidate: return "candidate";
    case raft::Role::follower: return "follower";
  }
  return "?";
}

std::string_view word_for(raft::Progress::Mode mode) {
  switch (mode) {
    case raft::Progress::Mode::probing: return "probing";
    case raft::Progress::Mode::streaming: return "streaming";
    case raft::Progress::Mode::snapshot: return "snapshot";
  }
  return "?";
}

double milliseconds(Duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::string text_of(const Latency& latency) {
  if (latency.count == 0) return "null";
  return Object()
      .number("count", latency.count)
      .real("p50_ms", latency.p50_ms)
      .real("p99_ms", latency.p99_ms)
      .done();
}

std::string text_of(const std::optional<Rates>& rates) {
  if (!rates) return "null";
  return Object()
      .real("over_s", rates->over_s)
      .real("grpc_calls_per_s", rates->calls_per_s)
      .real("reads_per_s", rates->reads_per_s)
      .real("writes_per_s", rates->writes_per_s)
      .json("write", text_of(rates->whole))
      .json("write_on_disk", text_of(rates->durable))
      .done();
}

std::string text_of(const StoreFigures& store) {
  return Object()
      .number("revision", static_cast<std::uint64_t>(store.revision))
      .number("compacted", static_cast<std::uint64_t>(std::max<std::int64_t>(store.compacted, 0)))
      .number("keys", static_cast<std::uint64_t>(store.keys))
      .number("bytes", store.bytes)
      .number("watchers", store.watchers)
      .number("leases", store.leases)
      .done();
}

// The others, as their leader sees them.
std::string peers_of(const Sources& from, const raft::Core& core) {
  std::string list;
  const Index last = core.outline().last().index;
  for (const raft::Progress& one : core.peers()) {
    Object peer;
    peer.text("id", hex(one.id().value))
        .number("match", one.match().value)
        .number("behind", last > one.match() ? last.value - one.match().value : 0)
        .text("mode", word_for(one.mode()))
        .flag("connected", from.shard.links().up(one.id()));
    const Time heard = one.heard();
    if (heard == Time{}) {
      peer.json("silent_ms", "null");
    } else {
      peer.real("silent_ms", milliseconds(from.clock.now() - heard));
    }
    list += (list.empty() ? "" : ",") + peer.done();
  }
  return "[" + list + "]";
}

}  // namespace

std::string hex(std::uint64_t id) {
  std::array<char, 24> text{};
  std::snprintf(text.data(), text.size(), "%llx", static_cast<unsigned long long>(id));
  return text.data();
}

Totals totals_of(const Sources& from) {
  Totals totals;
  for (const auto& [path, method] : from.router.methods()) {
    totals.calls += method->started;
    if (path == ranges) totals.reads += method->started;
  }
  const host::Meters& meters = from.shard.meters();
  totals.writes = meters.counters.proposals;
  totals.whole = meters.stages.of(host::Stage::whole);
  totals.durable = meters.stages.of(host::Stage::durable);
  return totals;
}

std::string report_text(const Sources& from, const std::optional<Rates>& rates, Duration up) {
  Object report;
  report.text("id", hex(from.shard.options().self.value))
      .text("version", from.version)
      .real("up_s", std::chrono::duration<double>(up).count());
  if (const host::Replica* const replica = std::as_const(from.shard).find(from.group)) {
    const raft::Core& core = replica->core();
    report.text("role", word_for(core.role()))
        .text("leader", core.leader() ? hex(core.leader().value) : "")
        .number("term", core.term().value)
        .number("commit", core.commit().value)
        .number("applied", replica->applied().index.value)
        .number("last", core.outline().last().index.value)
        .number("snapshot", replica->snapshot().index.value)
        .json("peers", peers_of(from, core));
  }
  return report.flag("disk_full", from.shard.full())
      .flag("disk_stalled", from.shard.stalled())
      .json("store", text_of(from.store()))
      .json("rates", text_of(rates))
      .done();
}

}  // namespace bowline::dash
