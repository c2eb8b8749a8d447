// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/sim/plan.h"

// All that a plan consists of, field by field, under the names that history files use. `visit` is
// called with a name, and with a reference into each of the plans that are looked at together. A
// new field belongs here; the sizes below remind of it.
namespace bowline::sim {

template <class Visit, class... Same>
void visit_shape(Visit&& visit, Same&... each) {
  visit("members", each.nodes...);
  visit("spares", each.spares...);
  visit("whole", each.whole...);
  visit("kv", each.kv...);
  visit("ties", each.tie_seed...);
  visit("weather_ends", each.weather_ends...);
}

template <class Visit, class... Same>
void visit_options(Visit&& visit, Same&... each) {
  visit("heartbeat", each.heartbeat...);
  visit("election", each.election...);
  visit("heartbeat_factor", each.heartbeat_factor...);
  visit("pre_vote", each.pre_vote...);
  visit("check_quorum", each.check_quorum...);
  visit("lease_reads", each.lease_reads...);
  visit("drift_permille", each.drift_permille...);
  visit("hibernate_after", each.hibernate_after...);
  visit("stagger", each.stagger...);
  visit("retry", each.retry...);
  visit("hasty_tries", each.hasty_tries...);
  visit("inflight_messages", each.inflight_messages...);
  visit("inflight_bytes", each.inflight_bytes...);
  visit("span_entries", each.span_entries...);
  visit("span_bytes", each.span_bytes...);
  visit("uncommitted_bytes", each.uncommitted_bytes...);
  visit("entry_bytes", each.entry_bytes...);
  visit("pending_reads", each.pending_reads...);
  visit("stop_on_removal", each.stop_on_removal...);
}
static_assert(sizeof(raft::Options) == 128);

template <class Visit, class... Same>
void visit_climate(Visit&& visit, Same&... each) {
  visit("latency_floor", each.latency_floor...);
  visit("latency", each.latency...);
  visit("in_order", each.in_order...);
  visit("lost_ppm", each.lost_ppm...);
  visit("doubled_ppm", each.doubled_ppm...);
  visit("late_ppm", each.late_ppm...);
  visit("late", each.late...);
  visit("spike_ppm", each.spike_ppm...);
  visit("spike", each.spike...);
  visit("outlives_process", each.outlives_process...);
  visit("sync_floor", each.sync_floor...);
  visit("sync", each.sync...);
  visit("slow_sync_ppm", each.slow_sync_ppm...);
  visit("slow_sync", each.slow_sync...);
  visit("failed_write_ppm", each.failed_write_ppm...);
  visit("tail_bytes", each.tail_bytes...);
  visit("courier", each.courier...);
  visit("courier_splits", each.courier_splits...);
  visit("apply", each.apply...);
  visit("wake", each.wake...);
  visit("tells_suspicions", each.tells_suspicions...);
  visit("suspicion", each.suspicion...);
  visit("tells_losses", each.tells_losses...);
  visit("clock_stops_in_pauses", each.clock_stops_in_pauses...);
  visit("newcomers_know_cluster", each.newcomers_know_cluster...);
  visit("snapshot_every", each.snapshot_every...);
  visit("keeps_behind", each.keeps_behind...);
  visit("snapshot", each.snapshot...);
  visit("fetch", each.fetch...);
  visit("fetch_fails_ppm", each.fetch_fails_ppm...);
  visit("pieces_ppm", each.pieces_ppm...);
  visit("breaks_ppm", each.breaks_ppm...);
  visit("flipped_ppm", each.flipped_ppm...);
  visit("piece_bytes", each.piece_bytes...);
  visit("snapshot_bytes", each.snapshot_bytes...);
  visit("most_sessions", each.most_sessions...);
  visit("answer_bytes", each.answer_bytes...);
  visit("session_life", each.session_life...);
  visit("old_program_ppm", each.old_program_ppm...);
  visit("durable_machines", each.durable_machines...);
  visit("side_groups", each.side_groups...);
}
static_assert(sizeof(Climate) == 272);

template <class Visit, class... Same>
void visit_episode(Visit&& visit, Same&... each) {
  visit("id", each.id...);
  visit("what", each.trouble...);
  visit("at", each.at...);
  visit("lasts", each.lasts...);
  visit("node", each.node...);
  visit("peer", each.peer...);
  visit("shape", each.shape...);
  visit("one_way", each.one_way...);
  visit("amount", each.amount...);
}
static_assert(sizeof(Episode) == 48);

template <class Visit, class... Same>
void visit_operation(Visit&& visit, Same&... each) {
  visit("id", each.id...);
  visit("what", each.act...);
  visit("at", each.at...);
  visit("node", each.node...);
  visit("amount", each.amount...);
}
static_assert(sizeof(Operation) == 32);

}  // namespace bowline::sim
