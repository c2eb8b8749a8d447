// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/leases.h"

#include <gtest/gtest.h>

#include "bowline/kv/kv_rig.h"
#include "bowline/kv/lease_clock.h"

namespace bowline::kv {
namespace {

using std::chrono::seconds;

std::string keys_of(const KvRig& rig, LeaseId id) {
  std::string keys;
  const Lease* const lease = rig.machine.leases().find(id);
  if (lease == nullptr) return "none";
  for (const Key* const key : lease->keys) keys += std::string(key->view()) + ' ';
  return keys;
}

TEST(Leases, are_granted_once) {
  KvRig rig;
  const Answer granted = rig.run(LeaseGrant{7, 60});
  EXPECT_EQ(std::get<LeaseGrantAnswer>(granted.said), (LeaseGrantAnswer{7, 60}));
  EXPECT_EQ(rig.run(LeaseGrant{7, 90}).refusal, Refusal::lease_exists);
  EXPECT_EQ(rig.machine.leases().find(7)->ttl, 60);
  EXPECT_EQ(rig.run(LeaseRevoke{8}).refusal, Refusal::lease_not_found);
  EXPECT_EQ(rig.run(Put{.key = "a", .value = "", .lease = 8}).refusal, Refusal::lease_not_found);
}

TEST(Leases, hold_the_keys_whose_newest_put_says_so) {
  KvRig rig;
  rig.run(LeaseGrant{1, 60});
  rig.run(LeaseGrant{2, 60});
  rig.put("a", "", 1);
  rig.put("b", "", 1);
  rig.put("c", "", 1);
  rig.put("d", "", 1);
  EXPECT_EQ(keys_of(rig, 1), "a b c d ");
  rig.put("a", "");
  rig.put("b", "", 2);
  rig.erase("c");
  rig.put("d", "", 1);
  EXPECT_EQ(keys_of(rig, 1), "d ");
  EXPECT_EQ(keys_of(rig, 2), "b ");
}

TEST(Leases, take_their_keys_with_them_in_one_revision) {
  KvRig rig;
  rig.run(LeaseGrant{1, 60});
  for (const char* const key : {"c", "a", "b"}) rig.put(key, "", 1);
  rig.put("d", "stays");
  EXPECT_EQ(rig.run(LeaseRevoke{1}).revision, 6);
  EXPECT_EQ(rig.all(), "d=stays");
  const History& history = rig.machine.store().history();
  std::string erased;
  for (auto at = history.find(6); at < history.end(); ++at) {
    EXPECT_FALSE(history.at(at).is_live());
    EXPECT_EQ(history.at(at).main, 6);
    erased += history.at(at).key->view();
  }
  EXPECT_EQ(erased, "abc") << "by rising keys";
  EXPECT_EQ(keys_of(rig, 1), "none");
  rig.run(LeaseGrant{2, 60});
  EXPECT_EQ(rig.run(LeaseRevoke{2}).revision, 6) << "without keys nothing is written";
}

TEST(Leases, expire_only_by_whoever_leads_in_the_term_of_the_entry) {
  KvRig rig;
  rig.run(LeaseGrant{1, 60}, 4);
  EXPECT_EQ(rig.run(LeaseRevoke{.id = 1, .expired_in = 4}, 5).refusal, Refusal::expired_elsewhere);
  EXPECT_EQ(keys_of(rig, 1), "");
  EXPECT_EQ(rig.run(LeaseRevoke{.id = 1, .expired_in = 5}, 5).refusal, Refusal::none);
  EXPECT_EQ(keys_of(rig, 1), "none");
}

TEST(Leases, checkpoints_of_another_term_change_nothing) {
  KvRig rig;
  rig.run(LeaseGrant{1, 600}, 4);
  rig.run(LeaseCheckpoint{.left = {{1, 50}, {9, 50}}, .term = 4}, 4);
  EXPECT_EQ(rig.machine.leases().find(1)->left, 50);
  rig.run(LeaseCheckpoint{.left = {{1, 20}}, .term = 4}, 5);
  EXPECT_EQ(rig.machine.leases().find(1)->left, 50);
}

// It was proposed for the first one, and a client was quicker to revoke that and to grant anew.
TEST(Leases, what_is_late_is_not_for_the_next_lease_of_that_id) {
  KvRig rig;
  rig.run(LeaseGrant{1, 600}, 4);
  LeaseClock clock(rig.machine.leases());
  clock.lead(4, Time{}, Duration(0));
  const LeaseCheckpoint left = clock.checkpoint(Time{seconds(400)}, 300, seconds(300), 10);
  const std::vector<LeaseRevoke> due = clock.due(Time{seconds(700)}, 10);
  ASSERT_EQ(left.left.size(), 1U);
  ASSERT_EQ(due.size(), 1U);
  rig.run(LeaseRevoke{1}, 4);
  rig.run(LeaseGrant{1, 600}, 4);
  rig.run(left, 4);
  EXPECT_EQ(rig.machine.leases().find(1)->left, 0);
  EXPECT_EQ(rig.run(due[0], 4).refusal, Refusal::expired_elsewhere);
  EXPECT_NE(rig.machine.leases().find(1), nullptr);
}

class Clock : public ::testing::Test {
 public:
  Clock() : clock(rig.machine.leases()) {}
  Time at(int second) const { return Time{seconds(second)}; }
  std::string due(int second, std::size_t most = 100) {
    std::string ids;
    for (const LeaseRevoke& revoke : clock.due(at(second), most)) {
      EXPECT_EQ(revoke.expired_in, term);
      ids += std::to_string(revoke.id) + ' ';
    }
    return ids;
  }
  void lead(int second, Duration grace = {}) { clock.lead(++term, at(second), grace); }

  KvRig rig;
  LeaseClock clock;
  std::uint64_t term = 1;
};

TEST_F(Clock, names_each_lease_once_when_it_has_expired) {
  lead(0);
  rig.run(LeaseGrant{1, 10}, term);
  rig.run(LeaseGrant{2, 5}, term);
  clock.tick(at(1));
  EXPECT_EQ(clock.deadline(), at(6)) << "time counts from when it was seen";
  EXPECT_EQ(due(5), "");
  EXPECT_EQ(due(6), "2 ");
  EXPECT_EQ(due(7), "") << "once";
  EXPECT_NE(rig.machine.leases().find(2), nullptr) << "nothing is ended here";
  clock.again(2);
  EXPECT_EQ(due(7), "2 ") << "unless that failed";
  rig.run(LeaseRevoke{.id = 2, .expired_in = term}, term);
  EXPECT_EQ(due(100), "1 ");
  EXPECT_EQ(clock.deadline(), never);
}

TEST_F(Clock, is_kept_alive_until_it_has_expired) {
  lead(0);
  rig.run(LeaseGrant{1, 10}, term);
  clock.tick(at(0));
  EXPECT_EQ(clock.keep_alive(1, at(9))->ttl, 10);
  EXPECT_EQ(due(18), "");
  EXPECT_EQ(clock.remaining(1, at(15)), 4);
  EXPECT_EQ(clock.remaining(1, at(15) + std::chrono::milliseconds(1)), 3);
  EXPECT_EQ(clock.keep_alive(9, at(9)).has_value(), false) << "nobody knows it";
  EXPECT_EQ(clock.keep_alive(1, at(19)).has_value(), false) << "too late, although it is there";
  EXPECT_EQ(clock.remaining(1, at(19)), 0);
  EXPECT_EQ(due(19), "1 ");
  EXPECT_FALSE(clock.keep_alive(1, at(5)).has_value()) << "its end is proposed already";
  EXPECT_EQ(clock.remaining(2, at(5)), std::nullopt);
}

TEST_F(Clock, a_new_leader_gives_all_of_the_time_again) {
  rig.run(LeaseGrant{1, 10}, term);
  EXPECT_EQ(due(100), "") << "on a follower nothing expires";
  lead(100, seconds(2));
  EXPECT_EQ(due(111), "");
  EXPECT_EQ(due(112), "1 ");
  clock.follow();
  EXPECT_EQ(due(200), "");
  EXPECT_FALSE(clock.keep_alive(1, at(200)).has_value());
  lead(300);
  EXPECT_EQ(due(309), "");
  EXPECT_EQ(due(310), "1 ");
}

TEST_F(Clock, names_only_so_many_at_once) {
  lead(0);
  for (LeaseId id = 1; id <= 5; ++id) rig.run(LeaseGrant{id, 1}, term);
  clock.tick(at(0));
  EXPECT_EQ(due(2, 3), "1 2 3 ");
  EXPECT_EQ(due(2, 3), "4 5 ");
}

TEST_F(Clock, checkpoints_shorten_what_the_next_leader_gives) {
  lead(0);
  rig.run(LeaseGrant{1, 1000}, term);
  rig.run(LeaseGrant{2, 100}, term);
  clock.tick(at(0));
  EXPECT_TRUE(clock.checkpoint(at(200), 300, seconds(300), 10).left.empty()) << "too soon";
  const LeaseCheckpoint made = clock.checkpoint(at(301), 300, seconds(300), 10);
  ASSERT_EQ(made, (LeaseCheckpoint{.left = {{1, 699, 1}}, .term = term})) << "long ones only";
  rig.run(made, term);
  EXPECT_TRUE(clock.checkpoint(at(302), 300, seconds(300), 10).left.empty());
  lead(400);
  EXPECT_EQ(clock.remaining(1, at(400)), 699);
}

TEST_F(Clock, a_lease_kept_alive_after_a_checkpoint_waits_for_another_one) {
  lead(0);
  rig.run(LeaseGrant{1, 1000}, term);
  clock.tick(at(0));
  EXPECT_FALSE(clock.keep_alive(1, at(1))->propose_first);
  const LeaseCheckpoint made = clock.checkpoint(at(400), 300, seconds(300), 10);
  ASSERT_EQ(made.left.size(), 1U);
  EXPECT_TRUE(clock.keep_alive(1, at(401))->propose_first) << "it may be applied any time";
  rig.run(made, term);
  EXPECT_TRUE(clock.keep_alive(1, at(402))->propose_first);
  EXPECT_TRUE(clock.checkpoint(at(900), 300, seconds(300), 10).left.empty())
      << "what is under way must not be overtaken";
  rig.run(clock.all_again(1), term);
  EXPECT_FALSE(clock.keep_alive(1, at(403))->propose_first);
  lead(500);
  EXPECT_EQ(clock.remaining(1, at(500)), 1000);
}

TEST_F(Clock, a_new_leader_knows_that_a_checkpoint_is_there) {
  rig.run(LeaseGrant{1, 1000}, term);
  rig.run(LeaseCheckpoint{.left = {{1, 300}}, .term = term}, term);
  lead(0);
  EXPECT_EQ(clock.remaining(1, at(0)), 300);
  EXPECT_TRUE(clock.keep_alive(1, at(1))->propose_first);
}

TEST_F(Clock, does_not_overflow) {
  lead(0);
  rig.run(LeaseGrant{1, 9'000'000'000}, term);
  rig.run(LeaseGrant{2, std::numeric_limits<std::int64_t>::max()}, term);
  rig.run(LeaseGrant{3, -5}, term);
  EXPECT_EQ(due(1), "3 ");
  EXPECT_GT(*clock.remaining(1, at(1)), 8'000'000'000);
  EXPECT_GT(*clock.remaining(2, at(1)), 8'000'000'000);
}

TEST_F(Clock, begins_anew_when_the_state_is_replaced) {
  lead(0);
  rig.run(LeaseGrant{1, 10}, term);
  clock.tick(at(0));
  KvRig other;
  other.run(LeaseGrant{2, 10});
  const auto reader = other.machine.snapshot();
  const auto writer = rig.machine.restore();
  ASSERT_TRUE(writer->add(*reader->next(1 << 20)));
  ASSERT_TRUE(writer->commit());
  EXPECT_EQ(due(5), "");
  EXPECT_EQ(due(100), "2 ");
}

}  // namespace
}  // namespace bowline::kv
