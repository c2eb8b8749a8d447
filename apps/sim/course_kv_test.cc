// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/course_kv.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/course_seeds.h"

// The tests of the course's KV server on the simulated world. docs/COURSE.md says what differs.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration election = 1s;
constexpr int rounds = 3;

double ms(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

// Clients go on, while those things happen that the setup wants.
void one_round(KvCourse& course, const KvCourseSetup& setup) {
  CourseGroup& group = course.group();
  course.start_clients();
  group.run(setup.unreliable ? 5s : 1s);
  for (int i = 0; setup.partitions && i < 4; ++i) {
    course.part_at_random();
    group.run(election + 1ms * static_cast<std::int64_t>(group.chance().below(200)));
  }
  if (setup.crash) {
    group.crash_all();
    group.run(election);
    group.connect_all();
    group.start_all();
    group.run(election * 2);
  }
  course.stop_clients();
  group.connect_all();
  EXPECT_TRUE(course.wait_for_clients(30s)) << "somebody waits for ever";
}

void generic(const std::string& name, const KvCourseSetup& setup) {
  with_kv_seeds(setup, [&](KvCourse& course) {
    for (int round = 0; round < rounds; ++round) {
      one_round(course, setup);
      if (!setup.snapshots) continue;
      expect_at_most(name + " state of raft beside the snapshot",
                     static_cast<double>(course.group().most_persisted_bytes()), 2000, "bytes");
    }
    EXPECT_GE(course.operations(), 20 * setup.clients) << "too quiet to be a test";
    if (setup.snapshots) {
      EXPECT_GT(course.group().world().counters().snapshots_taken, 0U);
    }
    if (setup.unreliable || setup.partitions || setup.crash) {
      EXPECT_GT(course.tries(), course.operations() + setup.clients)
          << "nothing was sent again, so nothing was tested";
    }
  });
}

TEST(CourseKv, M37_basic) { generic("M37", {}); }
TEST(CourseKv, M39_concurrent) { generic("M39", {.clients = 5}); }
TEST(CourseKv, M40_unreliable) { generic("M40", {.clients = 5, .unreliable = true}); }
TEST(CourseKv, M42_many_partitions_one_client) { generic("M42", {.partitions = true}); }
TEST(CourseKv, M43_many_partitions_many_clients) {
  generic("M43", {.clients = 5, .partitions = true});
}
TEST(CourseKv, M44_persist_one_client) { generic("M44", {.crash = true}); }
TEST(CourseKv, M45_persist_concurrent) { generic("M45", {.clients = 5, .crash = true}); }
TEST(CourseKv, M46_persist_concurrent_unreliable) {
  generic("M46", {.clients = 5, .unreliable = true, .crash = true});
}
TEST(CourseKv, M47_persist_partition) {
  generic("M47", {.clients = 5, .crash = true, .partitions = true});
}
TEST(CourseKv, M48_persist_partition_unreliable) {
  generic("M48", {.clients = 5, .unreliable = true, .crash = true, .partitions = true});
}
TEST(CourseKv, M49_persist_partition_unreliable_linearizable) {
  generic("M49", {.nodes = 7,
                  .clients = 15,
                  .unreliable = true,
                  .crash = true,
                  .partitions = true,
                  .random_keys = true});
}

TEST(CourseKv, M52_snapshot_recover) { generic("M52", {.crash = true, .snapshots = true}); }
TEST(CourseKv, M53_snapshot_recover_many_clients) {
  generic("M53", {.clients = 20, .crash = true, .snapshots = true});
}
TEST(CourseKv, M54_snapshot_unreliable) {
  generic("M54", {.clients = 5, .unreliable = true, .snapshots = true});
}
TEST(CourseKv, M55_snapshot_unreliable_recover) {
  generic("M55", {.clients = 5, .unreliable = true, .crash = true, .snapshots = true});
}
TEST(CourseKv, M56_snapshot_unreliable_recover_concurrent_partition) {
  generic("M56",
          {.clients = 5, .unreliable = true, .crash = true, .partitions = true, .snapshots = true});
}
TEST(CourseKv, M57_snapshot_unreliable_recover_concurrent_partition_linearizable) {
  generic("M57", {.nodes = 7,
                  .clients = 15,
                  .unreliable = true,
                  .crash = true,
                  .partitions = true,
                  .snapshots = true,
                  .random_keys = true});
}

// ---- the others have a story of their own

Command put(const std::string& key, const std::string& value) {
  return {.verb = Verb::put, .key = key, .value = value};
}
Command get(const std::string& key) { return {.verb = Verb::get, .key = key}; }

void speed(KvCourse& course, const std::string& margin) {
  const KvCourse::Client client = course.add_client(course.group().everybody());
  course.call(client, put("x", "first"));
  const Time begun = course.group().world().now();
  for (int i = 0; i < 1000; ++i) course.call(client, put("x", "y"));
  expect_at_most(margin, ms(course.group().world().now() - begun) / 1000, 2, "ms");
  EXPECT_EQ(course.call(client, get("x")).version, 1001U);
}

TEST(CourseKv, M38_speed) {
  with_kv_seeds({.nodes = 3},
                [](KvCourse& course) { speed(course, "M38 a put after the other, each"); });
}
TEST(CourseKv, M38_speed_with_snapshots) {
  with_kv_seeds({.nodes = 3, .snapshots = true}, [](KvCourse& course) {
    speed(course, "M38 a put after the other, with snapshots, each");
  });
}

// Reads and writes of a minority do not end, nor lie; and they do, once it is one no more.
void one_partition(KvCourse& course) {
  CourseGroup& group = course.group();
  const NodeId leader = group.check_one_leader();
  const NodeId beside = group.nth_after(leader, 1);
  const auto is_few = [&](NodeId id) { return id == leader || id == beside; };
  std::vector<NodeId> few, many;
  for (const NodeId id : group.everybody()) (is_few(id) ? few : many).push_back(id);
  course.call(course.add_client(group.everybody()), put("x", "13"));

  group.part(is_few);
  const KvCourse::Client major = course.add_client(many);
  const KvCourse::Client putting = course.add_client(few);
  const KvCourse::Client getting = course.add_client(few);
  course.call(major, put("x", "14"));
  const auto late_put = course.ask(putting, put("x", "15"));
  const auto late_get = course.ask(getting, get("x"));
  group.run(1s);
  EXPECT_FALSE(late_put->over);
  EXPECT_FALSE(late_get->over);
  EXPECT_EQ(course.call(major, get("x")).value, "14");
  course.call(major, put("x", "16"));
  EXPECT_EQ(course.call(major, get("x")).value, "16");

  group.connect_all();
  for (const KvCourse::Client client : {putting, getting}) course.reach_all(client);
  const Time healed = group.world().now();
  EXPECT_TRUE(course.wait(*late_put, 30s));
  EXPECT_TRUE(course.wait(*late_get, 30s));
  expect_at_most("M41 a minority's put and get after it is healed",
                 ms(group.world().now() - healed), 1000, "ms");
  EXPECT_EQ(course.call(major, get("x")).value, "15");
}

TEST(CourseKv, M41_one_partition) { with_kv_seeds({.nodes = 5}, one_partition); }

// Whoever missed what the others have forgotten is needed for the next quorum.
void snapshot_rpc(KvCourse& course) {
  CourseGroup& group = course.group();
  World& world = group.world();
  const KvCourse::Client client = course.add_client(group.everybody());
  course.call(client, put("a", "A"));
  const NodeId leader = group.check_one_leader();
  const NodeId late = group.nth_after(leader, 1), other = group.nth_after(leader, 2);
  group.disconnect(late);
  const KvCourse::Client of_two = course.add_client({leader, other});
  for (int i = 0; i < 50; ++i) course.call(of_two, put(std::to_string(i), std::to_string(i)));
  group.run(6s);  // what was sent meanwhile is lost for good
  course.call(of_two, put("b", "B"));
  expect_at_most("M50 state of raft beside the snapshot",
                 static_cast<double>(group.most_persisted_bytes()), 2000, "bytes");
  EXPECT_GT(world.core(leader)->outline().base().index, world.core(late)->outline().last().index)
      << "the log would do, and no snapshot is needed";

  group.disconnect(other);
  group.connect(late);
  const KvCourse::Client of_others = course.add_client({leader, late});
  course.call(of_others, put("c", "C"));
  EXPECT_EQ(course.call(of_others, get("b")).value, "B");
  EXPECT_GE(world.counters().snapshots_fetched, 1U);
  group.connect(other);
  group.disconnect(leader);
  const KvCourse::Client without = course.add_client({late, other});
  for (int i = 0; i < 50; ++i)
    EXPECT_EQ(course.call(without, get(std::to_string(i))).value, std::to_string(i));
  EXPECT_EQ(course.call(without, get("a")).value, "A");
  EXPECT_EQ(course.call(without, get("c")).value, "C");
  group.connect_all();
}

TEST(CourseKv, M50_snapshot_rpc) { with_kv_seeds({.nodes = 3, .snapshots = true}, snapshot_rpc); }

void snapshot_size(KvCourse& course) {
  const KvCourse::Client client = course.add_client(course.group().everybody());
  for (int i = 0; i < 200; ++i) {
    for (const char* value : {"0", "1"}) {
      course.call(client, put("x", value));
      EXPECT_EQ(course.call(client, get("x")).value, value);
    }
  }
  course.group().run(election);
  EXPECT_GT(course.most_snapshot_bytes(), 0U);
  expect_at_most("M51 state of raft beside the snapshot",
                 static_cast<double>(course.group().most_persisted_bytes()), 2000, "bytes");
  expect_at_most("M51 snapshot", static_cast<double>(course.most_snapshot_bytes()), 500, "bytes");
}

TEST(CourseKv, M51_snapshot_size) { with_kv_seeds({.nodes = 3, .snapshots = true}, snapshot_size); }

}  // namespace
}  // namespace bowline::sim
