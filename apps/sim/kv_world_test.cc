// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "apps/sim/kv_play.h"
#include "apps/sim/kv_record.h"
#include "bowline/sim/history.h"

// What the world `kv` compares with, and that it sees enough.
namespace bowline::apps {
namespace {

using namespace std::chrono_literals;

LogId at(std::uint64_t index, std::uint64_t term = 1) { return {{term}, {index}}; }
std::string put(std::string_view value) {
  return kv::encode(kv::Command(kv::Put{.key = "k", .value = value}));
}
std::string grant(kv::LeaseId id) { return kv::encode(kv::Command(kv::LeaseGrant{id, 5})); }
std::string revoke(kv::LeaseId id, std::uint64_t expired_in) {
  return kv::encode(kv::Command(kv::LeaseRevoke{id, expired_in}));
}

TEST(KvRecord, knows_what_is_done_twice) {
  KvRecord record;
  record.expect_once(put("a"));
  EXPECT_EQ(record.feed(at(1), put("a")), "");
  EXPECT_EQ(record.feed(at(1), put("a")), "") << "by another node";
  EXPECT_EQ(record.feed(at(2), put("b")), "");
  EXPECT_EQ(record.feed(at(4), put("b")), "") << "of whom nobody expects that";
  EXPECT_NE(record.feed(at(5), put("a")), "");
}

TEST(KvRecord, knows_another_log) {
  KvRecord record;
  EXPECT_EQ(record.feed(at(1), put("a")), "");
  EXPECT_EQ(record.feed(at(3), put("b")), "");
  EXPECT_NE(record.feed(at(3), put("c")), "");
  EXPECT_NE(record.feed(at(3, 2), put("b")), "");
  EXPECT_NE(record.feed(at(2), put("b")), "") << "there is no command";
}

TEST(KvRecord, knows_what_a_client_was_told_is_never_done) {
  KvRecord record;
  EXPECT_EQ(record.refused(put("a")), "");
  EXPECT_NE(record.feed(at(1), put("a")), "");
  EXPECT_EQ(record.feed(at(2), put("b")), "");
  EXPECT_NE(record.refused(put("b")), "");
}

TEST(KvRecord, begins_anew_with_what_is_kept) {
  KvRecord record;
  record.feed(at(1), put("a"));
  record.feed(at(2), grant(7));
  record.feed(at(3), put("b"));
  record.keep([](LogId id) { return id.index.value < 2; });
  EXPECT_EQ(record.last(), Index{1});
  EXPECT_EQ(record.model().revision(), 2);
  EXPECT_FALSE(record.has_lease(7, {5}));
  EXPECT_EQ(record.feed(at(2), put("c")), "");
  EXPECT_EQ(record.through({9}).revision, 3);
}

TEST(KvRecord, knows_when_a_lease_was_there) {
  KvRecord record;
  record.feed(at(1), grant(7));
  record.proposed(revoke(7, 1), Time{3s});
  record.feed(at(4), revoke(7, 1));
  record.feed(at(6), grant(7));
  EXPECT_FALSE(record.has_lease(7, {0}));
  EXPECT_TRUE(record.has_lease(7, {3}));
  EXPECT_FALSE(record.has_lease(7, {5}));
  EXPECT_TRUE(record.has_lease(7, {6}));
  const std::vector<KvRecord::Tenure>& tenures = *record.tenures(7);
  ASSERT_EQ(tenures.size(), 2U);
  EXPECT_TRUE(tenures[0].expired);
  EXPECT_EQ(tenures[0].proposed, Time{3s});
}

class Promises : public ::testing::Test {
 public:
  static sim::Plan plan() {
    sim::Plan plan = sim::calm_plan(1);
    plan.whole = plan.kv = true;
    return plan;
  }
  void end_lease(std::uint64_t expired_in) {
    scene.record.proposed(revoke(7, expired_in), Time{4s});
    scene.record.feed(at(2), revoke(7, expired_in));
    scene.check_promise(7);
  }

  sim::World world{plan()};
  KvScene scene{.world = world, .record = {}, .told = {}, .programs = {}, .promises = {}};
};

TEST_F(Promises, a_lease_that_ends_early_is_seen) {
  scene.record.feed(at(1), grant(7));
  scene.promise(7, {1}, Time{5s});
  end_lease(1);
  ASSERT_TRUE(world.violation());
  EXPECT_EQ(world.violation()->invariant, "I17");
}

TEST_F(Promises, a_promise_that_comes_too_late_is_seen) {
  scene.record.feed(at(1), grant(7));
  end_lease(1);
  ASSERT_FALSE(world.violation());
  scene.promise(7, {1}, Time{5s});
  EXPECT_TRUE(world.violation());
}

TEST_F(Promises, a_lease_may_end_in_time_or_by_a_client) {
  scene.record.feed(at(1), grant(7));
  scene.promise(7, {1}, Time{4s});
  end_lease(1);
  EXPECT_FALSE(world.violation());
  scene.record.feed(at(3), grant(7));
  scene.promise(7, {3}, Time{9s});
  scene.record.feed(at(4), revoke(7, 0));
  scene.check_promise(7);
  EXPECT_FALSE(world.violation());
}

// Seeds are worth what happens in them.
TEST(KvWorld, much_happens_in_a_few_seeds) {
  enter_kv();
  sim::Settings settings;
  settings.kv = true;
  sim::Counters all;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const sim::History history = sim::run_history(seed, settings);
    EXPECT_FALSE(history.violation) << seed << ": " << history.violation->what;
    EXPECT_EQ(history.hash, sim::run_history(seed, settings).hash) << seed;
    sim::add(history.counters, all);
  }
  EXPECT_GT(all.answers, 2000U);
  EXPECT_GT(all.no_answers, 0U);
  EXPECT_GT(all.ranges_checked, 200U);
  EXPECT_GT(all.watch_events, 1000U);
  EXPECT_GT(all.watches_resumed, 50U);
  EXPECT_GT(all.watches_compacted, 5U);
  EXPECT_GT(all.leases_kept_alive, 20U);
  EXPECT_GT(all.leases_expired, 20U);
  EXPECT_GT(all.leases_bounded, 20U);
  EXPECT_LT(all.no_answers, all.answers / 4);
}

}  // namespace
}  // namespace bowline::apps
