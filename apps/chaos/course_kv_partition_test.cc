// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "apps/chaos/course_kv.h"

// The tests of the course's KV servers with partitions, crashes and snapshots.
namespace bowline::chaos {
namespace {

using namespace std::chrono_literals;
using Fate = Reply::Fate;

TEST_F(CourseKv, m43_many_partitions_many_clients) {
  found_with_wires(5);
  Prng prng(43);
  Clients five(clients(5, 43));
  for (std::uint64_t i = 1; i <= 6; ++i) {
    relay_.mend();
    five.wait_for(five.done() + 20);
    const std::uint64_t sides = prng.next();
    part([sides](std::uint64_t id) { return (sides >> id & 1) != 0; });
    std::this_thread::sleep_for(1s + std::chrono::milliseconds(prng.below(200)));
  }
  relay_.mend();
  judge(five);
}

TEST_F(CourseKv, m45_persist_concurrent) {
  found_with_wires(5);
  Clients five(clients(5, 45));
  for (std::uint64_t i = 1; i <= 3; ++i) {
    five.wait_for(five.done() + 100);
    restart_all();
  }
  five.wait_for(five.done() + 100);
  judge(five);
}

// A server that missed what the others have forgotten is needed for the next quorum.
TEST_F(CourseKv, m50_snapshot_rpc) {
  group_.snapshot_entries = 10;
  group_.keep_entries = 2;
  found_with_wires(3);
  Clerk clerk({.servers = servers_, .seed = 1});
  ASSERT_EQ(clerk.put("a", "A").fate, Fate::done);
  const std::uint64_t leads = leader();
  const std::uint64_t late = leads % 3 + 1, other = late % 3 + 1;
  part([late](std::uint64_t id) { return id == late; });
  for (int i = 0; i < 50; ++i)
    ASSERT_EQ(clerk.put(std::to_string(i), std::to_string(i)).fate, Fate::done);
  ASSERT_EQ(clerk.put("b", "B").fate, Fate::done);
  const Index known = nodes_.at(NodeId{late})->group().status().get().last.index;
  std::promise<Index> promise;
  nodes_.at(NodeId{leads})->group().with([&promise](host::Replica* replica) {
    promise.set_value(replica->core().outline().base().index);
  });
  EXPECT_GT(promise.get_future().get(), known) << "the log would do, and no snapshot is needed";

  stop(other);
  relay_.mend();
  ASSERT_EQ(clerk.put("c", "C").fate, Fate::done);
  EXPECT_EQ(clerk.get("b").answer->value, "B");
  bring_up(other);
  stop(leads);
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(clerk.get(std::to_string(i)).answer->value, std::to_string(i));
  EXPECT_EQ(clerk.get("a").answer->value, "A");
  EXPECT_EQ(clerk.get("c").answer->value, "C");
}

}  // namespace
}  // namespace bowline::chaos
