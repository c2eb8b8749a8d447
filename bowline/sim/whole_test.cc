// SPDX-License-Identifier: Apache-2.0
#include <numeric>

#include <gtest/gtest.h>

#include "bowline/session/client.h"
#include "bowline/sim/history.h"
#include "bowline/sim/world.h"

// Whole nodes: host, wire and connections run, and not only cores and logs.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

Plan whole_plan(std::uint32_t nodes) {
  Plan plan = calm_plan(nodes);
  plan.whole = true;
  return plan;
}

void start_all(World& world) {
  for (std::uint64_t i = 1; i <= world.sites(); ++i) world.start(NodeId{i});
}

Ticket write(World& world, std::size_t bytes) {
  const Ticket ticket = world.propose(world.leader(), Bytes::own(std::string(bytes, 'x')));
  EXPECT_TRUE(world.wait_for(ticket));
  EXPECT_TRUE(world.request(ticket).committed());
  return ticket;
}

TEST(Whole, a_quiet_group_elects_once_and_never_again) {
  for (const std::uint32_t nodes : {1U, 2U, 3U, 5U, 7U}) {
    World world(whole_plan(nodes));
    start_all(world);
    ASSERT_TRUE(world.wait_for_leader(4s)) << nodes;
    world.run(200s);
    EXPECT_FALSE(world.violation());
    EXPECT_EQ(world.counters().elections_won, 1U) << nodes;
    EXPECT_EQ(world.leaders(), 1U);
  }
}

TEST(Whole, a_write_is_applied_by_all) {
  World world(whole_plan(3));
  world.keep_journals();
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  const Ticket ticket = write(world, 10);
  ASSERT_TRUE(world.wait_applied(world.request(ticket).first.index));
  for (std::uint64_t i = 1; i <= 3; ++i) ASSERT_EQ(world.journal(NodeId{i}).size(), 1U);
}

TEST(Whole, each_two_nodes_end_up_with_one_connection) {
  World world(whole_plan(5));
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  world.run(10s);
  EXPECT_EQ(world.open_connections(), 10U);
}

// The connection closes and cannot be made again: nobody waits for an election timeout.
TEST(Whole, a_leader_whose_process_was_killed_is_replaced_at_once) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Plan plan = whole_plan(3);
    plan.seed = seed;
    World world(plan);
    start_all(world);
    ASSERT_TRUE(world.wait_for_leader());
    write(world, 10);
    const NodeId old = world.leader();
    const Time killed = world.now();
    world.crash(old, Crash::kill);
    ASSERT_TRUE(world.wait_for_leader(500ms)) << seed;
    write(world, 10);
    EXPECT_LT(world.now() - killed, 50ms) << seed;
  }
}

// Without power nobody says that the connection is over.
TEST(Whole, a_leader_that_falls_silent_is_replaced_after_the_election_timeout) {
  World world(whole_plan(3));
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  const Time killed = world.now();
  world.crash(world.leader(), Crash::power);
  ASSERT_TRUE(world.wait_for_leader(5s));
  EXPECT_GT(world.now() - killed, 900ms);
}

// It knows nobody, and finds back to whoever called it.
TEST(Whole, a_newcomer_becomes_a_voter) {
  Plan plan = whole_plan(3);
  plan.spares = 1;
  plan.clock_permille.push_back(0);
  plan.climate.snapshot_every = 20;
  plan.climate.snapshot_bytes = 100'000;
  World world(plan);
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  for (int i = 0; i < 60; ++i) write(world, 100);
  std::vector<raft::Wanted> wanted;
  for (std::uint64_t i = 1; i <= 4; ++i) wanted.push_back({.id = {i}});
  const Ticket ticket = world.reconfigure(world.leader(), wanted);
  ASSERT_TRUE(world.wait_for(ticket));
  ASSERT_TRUE(world.request(ticket).committed());
  const Ticket last = write(world, 10);
  ASSERT_TRUE(world.wait_applied(world.request(last).first.index));
  EXPECT_GE(world.counters().snapshots_fetched, 1U);
  EXPECT_FALSE(world.violation());
}

TEST(Whole, a_snapshot_arrives_although_its_connection_breaks_again_and_again) {
  Plan plan = whole_plan(3);
  plan.climate.snapshot_every = 20;
  plan.climate.snapshot_bytes = 400'000;  // a hundred pieces
  World world(plan);
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  const NodeId behind{world.leader().value % 3 + 1};
  world.crash(behind, Crash::power);
  for (int i = 0; i < 60; ++i) write(world, 100);
  world.climate().breaks_ppm = 50'000;
  world.climate_changed();
  world.start(behind);
  ASSERT_TRUE(
      world.run_until([&] { return world.site(behind)->machine.applied.index.value >= 60; }, 120s));
  world.end();
  EXPECT_GE(world.counters().connections_broken, 3U);
  EXPECT_FALSE(world.violation());
}

// Its log begins behind that snapshot, so nothing here could make the state again.
TEST(Whole, a_node_whose_snapshot_rotted_fetches_another) {
  Plan plan = whole_plan(3);
  plan.climate.snapshot_every = 20;
  plan.climate.snapshot_bytes = 30'000;
  World world(plan);
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  for (int i = 0; i < 60; ++i) write(world, 100);
  for (std::uint64_t i = 1; i <= 3; ++i) {
    const NodeId hurt{i};
    ASSERT_GT(world.core(hurt)->outline().base().index, Index{});
    world.crash(hurt, Crash::kill);
    world.rot_snapshots(hurt);
    world.start(hurt);
    ASSERT_TRUE(world.up(hurt));
    EXPECT_EQ(world.site(hurt)->machine.applied, LogId{});
    ASSERT_TRUE(world.wait_for_leader());
    const Ticket ticket = write(world, 100);
    ASSERT_TRUE(world.wait_applied(world.request(ticket).first.index)) << i;
  }
  EXPECT_GE(world.counters().snapshots_fetched, 3U);
  EXPECT_FALSE(world.violation());
}

// Its client hears nothing of the first try, and asks the next leader.
TEST(Whole, a_call_that_another_node_gets_again_is_done_once) {
  World world(whole_plan(3));
  world.keep_journals();
  start_all(world);
  ASSERT_TRUE(world.wait_for_leader());
  session::Client client;
  const auto answer_to = [&](const std::string& envelope) {
    const Ticket ticket = world.send(world.leader(), envelope);
    EXPECT_TRUE(world.wait_for(ticket));
    return *world.request(ticket).answer;
  };
  client.heard(answer_to(client.open()));
  const session::Serial serial = *client.call("call 1");
  const std::string first = answer_to(client.attempt(serial));
  world.crash(world.leader(), Crash::kill);
  ASSERT_TRUE(world.wait_for_leader());
  const std::string again = answer_to(client.attempt(serial));
  EXPECT_EQ(again, first);
  EXPECT_EQ(client.heard(serial, session::Answered{again}).what, session::Verdict::What::done);
  EXPECT_FALSE(world.violation());
}

TEST(Whole, the_same_seed_gives_the_same_history) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed)
    EXPECT_EQ(run_history(seed, {.whole = true}).hash, run_history(seed, {.whole = true}).hash);
}

TEST(Whole, a_recording_replays_what_was_recorded) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    Decisions recorded(seed, Decisions::Mode::record);
    const History first = run_history(seed, {.whole = true}, &recorded);
    Decisions replayed(seed, recorded.recording());
    EXPECT_EQ(run_history(seed, {.whole = true}, &replayed).hash, first.hash) << seed;
  }
}

TEST(Whole, a_group_that_may_have_others_beside_it_has_them_in_half_of_the_seeds) {
  std::uint64_t with = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Decisions decisions(seed);
    with += draw_plan(decisions, {.whole = true}).climate.side_groups > 0;
    Decisions again(seed);
    EXPECT_EQ(draw_plan(again, {}).climate.side_groups, 0U) << "cores have one group";
  }
  EXPECT_GT(with, 30U);
  EXPECT_LT(with, 70U);
}

// A trouble that never begins looks just like one that does no harm.
TEST(Whole, every_trouble_begins_and_nothing_breaks) {
  constexpr std::uint64_t seeds = 200;
  Counters all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const History history = run_history(seed, {.whole = true});
    ASSERT_FALSE(history.violation) << seed << ": " << history.violation->what;
    EXPECT_GT(history.counters.elections_won, 0U) << seed;
    add(history.counters, all);
  }
  for (std::size_t i = 0; i < troubles; ++i) {
    EXPECT_GT(all.troubles_begun[i], 0U) << name(static_cast<Trouble>(i));
    EXPECT_GT(all.troubles_ended[i], 0U) << name(static_cast<Trouble>(i));
  }
  for (std::size_t i = 0; i < acts; ++i)
    EXPECT_GT(all.acts_begun[i], 0U) << name(static_cast<Act>(i));
  EXPECT_GT(all.entries_mended, 0U);
  EXPECT_GT(all.snapshots_taken, 0U);
  EXPECT_GT(all.snapshots_fetched, 0U);
  EXPECT_GT(all.suspicions, 0U);
  EXPECT_GT(all.naps, 0U);
  EXPECT_GT(all.reads_served, 0U);
  EXPECT_GT(all.rejoined, 0U);
  EXPECT_GT(all.forced, 0U);
  EXPECT_GT(all.connections_broken, 0U);
  EXPECT_GT(all.connections_timed_out, 0U);
  EXPECT_GT(all.chunks_sent_again, 0U);
  EXPECT_GT(all.chunks_flipped, 0U);
  // Calls in sessions: the verdicts that leave something to be said, and what makes them hard.
  EXPECT_GT(all.calls_done, 1000U);
  EXPECT_GT(all.calls_refused, 20U);
  EXPECT_GT(all.calls_maybe, 20U);
  EXPECT_GT(all.sessions_over, 100U);
  EXPECT_GT(all.calls_again, 1000U);
  EXPECT_GT(all.old_programs, 100U);
  EXPECT_GT(all.groups_founded, 1000U);
  EXPECT_GT(all.groups_destroyed, 1000U);
  EXPECT_GT(all.groups_settled, 30U);
  EXPECT_GT(all.group_writes, 2000U);
  EXPECT_GT(all.old_reads, 500U);
  EXPECT_GT(all.old_reads_refused, 100U);
}

}  // namespace
}  // namespace bowline::sim
