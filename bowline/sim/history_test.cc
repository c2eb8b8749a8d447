// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/history.h"

#include <algorithm>
#include <numeric>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/liveness.h"
#include "bowline/sim/world.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

std::uint64_t sum(const auto& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

TEST(History, the_same_seed_gives_the_same_history) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed)
    EXPECT_EQ(run_history(seed, {}).hash, run_history(seed, {}).hash) << seed;
}

TEST(History, another_seed_gives_another_history) {
  EXPECT_NE(run_history(1, {}).hash, run_history(2, {}).hash);
}

TEST(History, a_recording_replays_what_was_recorded) {
  bool ruined = false;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Decisions recorded(seed, Decisions::Mode::record);
    const History first = run_history(seed, {}, &recorded);
    Decisions replayed(seed, recorded.recording());
    EXPECT_EQ(run_history(seed, {}, &replayed).hash, first.hash) << seed;
    ruined = ruined || first.counters.forced > 0;
  }
  EXPECT_TRUE(ruined);
}

// A trouble that never begins looks just like one that does no harm.
TEST(History, every_trouble_begins_and_nothing_breaks) {
  constexpr std::uint64_t seeds = 300;
  Counters all;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    const History history = run_history(seed, {});
    ASSERT_FALSE(history.violation) << seed << ": " << history.violation->what;
    EXPECT_GT(history.counters.elections_won, 0U) << seed;
    EXPECT_GE(sum(history.counters.troubles_begun), 20U) << seed;
    EXPECT_GE(sum(history.counters.acts_begun), 200U) << seed;
    add(history.counters, all);
  }
  for (std::size_t i = 0; i < troubles; ++i)
    EXPECT_GT(all.troubles_begun[i], 0U) << name(static_cast<Trouble>(i));
  for (std::size_t i = 0; i < troubles; ++i)
    EXPECT_GT(all.troubles_ended[i], 0U) << name(static_cast<Trouble>(i));
  for (std::size_t i = 0; i < acts; ++i)
    EXPECT_GT(all.acts_begun[i], 0U) << name(static_cast<Act>(i));
  EXPECT_GT(all.read_in_memory, 0U);
  EXPECT_GT(all.read_on_disk, 0U);
  EXPECT_GT(all.not_readable, 0U);
  EXPECT_GT(all.hits_mended, 0U);
  EXPECT_GT(all.batches_mended, 0U);
  EXPECT_GT(all.entries_mended, 0U);
  EXPECT_GT(all.full, 0U);
  EXPECT_GT(all.waited_for_space, 0U);
  EXPECT_GE(all.troubles_begun[static_cast<std::size_t>(Trouble::ruin)], seeds * 3 / 100);
  EXPECT_GT(all.forced_with_loss, 0U);
  EXPECT_GT(all.foreign, 0U);
}

TEST(History, a_plan_has_at_least_twenty_troubles_and_two_hundred_operations) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Decisions decisions(seed);
    const Plan plan = draw_plan(decisions, {});
    EXPECT_GE(plan.episodes.size(), 20U) << seed;
    EXPECT_GE(plan.operations.size(), 200U) << seed;
  }
}

// The pause finds its node down, and comes when it is up again.
TEST(Weather, a_trouble_that_finds_nothing_to_trouble_tries_again) {
  Plan plan = calm_plan(3);
  for (std::uint32_t i = 0; i < 2; ++i) {
    Episode episode;
    episode.id = i + 1;
    episode.trouble = i == 0 ? Trouble::blackout : Trouble::pause;
    episode.at = Time{(1 + i) * 1s};
    episode.lasts = 5s;
    plan.episodes.push_back(episode);
  }
  plan.weather_ends = Time{20s};
  Decisions decisions(1);
  World world(plan, &decisions);
  const Weather weather(world);
  for (std::uint64_t i = 1; i <= 3; ++i) world.start(NodeId{i});
  world.run(5s);
  EXPECT_EQ(sum(world.counters().troubles_begun), 1U);
  world.run(10s);
  EXPECT_EQ(sum(world.counters().troubles_begun), 2U);
}

// The end of a history of three nodes, all of which are said to be well.
struct Ending {
  Ending() {
    for (std::uint64_t i = 1; i <= 3; ++i) world.start(NodeId{i});
  }

  void run() {
    world.run(5s);
    liveness.run();
  }

  Decisions decisions{1};
  World world{calm_plan(3), &decisions};
  Weather weather{world};
  Workload workload{world};
  Liveness liveness{world, weather, workload, decisions};
};

TEST(Liveness, a_group_whose_nodes_never_reach_each_other_fails) {
  Ending ending;
  ending.world.filter([](NodeId, NodeId, const raft::Message&) { return false; });
  ending.run();
  ASSERT_TRUE(ending.world.violation());
  EXPECT_EQ(ending.world.violation()->invariant, "I22");
}

TEST(Liveness, a_group_that_is_well_passes) {
  Ending ending;
  ending.run();
  EXPECT_FALSE(ending.world.violation());
  EXPECT_EQ(ending.liveness.excuse(), Excuse::none);
}

TEST(World, a_power_cut_of_all_loses_only_what_was_not_acknowledged) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    World world(calm_plan(3, seed));
    for (std::uint64_t i = 1; i <= 3; ++i) world.start(NodeId{i});
    ASSERT_TRUE(world.wait_for_leader());
    std::vector<Ticket> tickets;
    for (int i = 0; i < 20; ++i) {
      tickets.push_back(world.propose(world.leader(), Bytes::copy("v" + std::to_string(i))));
      world.run(200us);
    }
    for (std::uint64_t i = 1; i <= 3; ++i) world.crash(NodeId{i}, Crash::power);
    for (std::uint64_t i = 1; i <= 3; ++i) world.start(NodeId{i});
    ASSERT_TRUE(world.wait_for_leader());
    const Site& leader = *world.site(world.leader());
    for (const Ticket ticket : tickets) {
      if (!world.request(ticket).committed()) continue;
      const LogId id = world.request(ticket).first;
      const Line* line = leader.written.at(id.index);
      ASSERT_NE(line, nullptr) << seed;
      EXPECT_EQ(line->entry.id, id);
    }
  }
}

}  // namespace
}  // namespace bowline::sim
