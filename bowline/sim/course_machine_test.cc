// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/course_seeds.h"

// The tests of the course for a state machine over the log: whole nodes count.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration election = 1s;

class Tally final : public machine::StateMachine {
 public:
  std::uint64_t value() const { return value_; }

  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    for (std::size_t i = 0; i < commands.size(); ++i) answers[i] = std::to_string(++value_);
  }
  std::unique_ptr<machine::Reader> snapshot() override {
    return std::make_unique<Out>(std::to_string(value_));
  }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<In>(*this); }

 private:
  struct Out final : machine::Reader {
    explicit Out(std::string all) : left(std::move(all)) {}
    Result<std::string> next(std::size_t most) override {
      std::string part = left.substr(0, most);
      left.erase(0, part.size());
      return part;
    }
    std::string left;
  };
  struct In final : machine::Writer {
    explicit In(Tally& tally) : of(tally) {}
    Result<void> add(std::string_view bytes) override {
      text += bytes;
      return {};
    }
    Result<void> commit() override {
      std::from_chars(text.data(), text.data() + text.size(), of.value_);
      return {};
    }
    Tally& of;
    std::string text;
  };
  std::uint64_t value_ = 0;
};

CourseSetup counting(bool snapshots = false) {
  return {.nodes = 3, .snapshots = snapshots, .guests = [](NodeId) {
            return std::make_unique<Tally>();
          }};
}

// Increments that somebody asked a node for. Each is a call that may be done once (I14).
class Submits {
 public:
  explicit Submits(CourseGroup& group) : group_(group) {}

  void submit(NodeId to, int count) {
    for (int i = 0; i < count; ++i)
      tickets_.push_back(
          group_.world().propose(to, Bytes::own(group_.fresh(std::string(Deeds::call_begins)))));
  }
  void submit_to_leader(int count) { submit(group_.check_one_leader(), count); }
  bool are_over() const {
    return count([](const Request& one) { return !one.open(); }) == size();
  }
  bool wait(Duration at_most) {
    return group_.world().run_until([this] { return are_over(); }, at_most);
  }
  std::size_t size() const { return tickets_.size(); }
  std::size_t done() const {
    return count([](const Request& one) { return one.committed(); });
  }
  std::size_t count(const std::function<bool(const Request&)>& which) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        tickets_, [&](Ticket ticket) { return which(group_.world().request(ticket)); }));
  }

 private:
  CourseGroup& group_;
  std::vector<Ticket> tickets_;
};

std::uint64_t value_at(CourseGroup& group, NodeId id) {
  return dynamic_cast<const Tally&>(group.world().guest(id)).value();
}

// All of them have counted to this, and they are not about to count on.
void expect_counted(CourseGroup& group, std::uint64_t value) {
  const auto all = [&] {
    return std::ranges::all_of(group.everybody(),
                               [&](NodeId id) { return value_at(group, id) == value; });
  };
  EXPECT_TRUE(group.world().run_until(all, 10s));
  group.run(election);
  for (const NodeId id : group.everybody()) EXPECT_EQ(value_at(group, id), value) << id.value;
}

void basic(CourseGroup& group) {
  Submits submits(group);
  for (int i = 0; i < 10; ++i) {
    submits.submit_to_leader(1);
    ASSERT_TRUE(submits.wait(1s));
  }
  EXPECT_EQ(submits.done(), 10U);
  expect_counted(group, 10);
}

TEST(Course, M29_machine_basic) { with_seeds(counting(), basic); }

void concurrent(CourseGroup& group) {
  Submits submits(group);
  submits.submit_to_leader(50);
  ASSERT_TRUE(submits.wait(1s));
  EXPECT_EQ(submits.done(), 50U);
  expect_counted(group, 50);
}

TEST(Course, M30_machine_concurrent) { with_seeds(counting(), concurrent); }

void leader_failure(CourseGroup& group) {
  Submits submits(group);
  submits.submit_to_leader(1);
  ASSERT_TRUE(submits.wait(1s));
  const NodeId old = group.check_one_leader();
  group.disconnect(old);
  submits.submit_to_leader(1);
  ASSERT_TRUE(submits.wait(1s));
  EXPECT_EQ(submits.done(), 2U);
  EXPECT_EQ(value_at(group, old), 1U);
  group.connect(old);
  expect_counted(group, 2);
}

TEST(Course, M31_machine_leader_failure) { with_seeds(counting(), leader_failure); }

double ms(Duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

void leader_partition(CourseGroup& group) {
  Submits majority(group);
  Submits minority(group);
  majority.submit_to_leader(1);
  ASSERT_TRUE(majority.wait(1s));
  const NodeId old = group.check_one_leader();
  group.disconnect(old);
  minority.submit(old, 100);
  World& world = group.world();
  const auto is_replaced = [&] { return world.leader() && world.leader() != old; };
  ASSERT_TRUE(world.run_until(is_replaced, 5s));
  majority.submit(world.leader(), 100);
  ASSERT_TRUE(majority.wait(1s));
  EXPECT_EQ(majority.done(), 101U);
  minority.submit(old, 1);
  EXPECT_EQ(minority.done(), 0U);
  group.connect_all();
  const Time healed = world.now();
  EXPECT_TRUE(minority.wait(10s));
  expect_at_most("M32 submits in a minority return after it is healed", ms(world.now() - healed),
                 1000, "ms");
  EXPECT_EQ(minority.done(), 0U);
  expect_counted(group, 101);
}

TEST(Course, M32_machine_leader_partition) { with_seeds(counting(), leader_partition); }

void restart_replay(CourseGroup& group) {
  Submits submits(group);
  submits.submit_to_leader(100);
  ASSERT_TRUE(submits.wait(1s));
  group.crash_all();
  group.run(election);
  group.start_all();
  submits.submit_to_leader(1);
  ASSERT_TRUE(submits.wait(1s));
  EXPECT_EQ(submits.done(), 101U);
  expect_counted(group, 101);
}

TEST(Course, M33_machine_restart_replay) { with_seeds(counting(), restart_replay); }

// Whoever waits is told, and not only left alone.
void shutdown(CourseGroup& group) {
  Submits submits(group);
  submits.submit_to_leader(100);
  group.run(Duration(static_cast<std::int64_t>(group.chance().below(150'000))));
  const Time down = group.world().now();
  for (const NodeId id : group.everybody()) group.world().shut_down(id);
  EXPECT_TRUE(submits.wait(20s));
  expect_at_most("M34 submits under way return after a shutdown", ms(group.world().now() - down),
                 11'000, "ms");
  EXPECT_EQ(submits.count([](const Request& one) { return one.state == Request::State::lost; }),
            0U);
  EXPECT_LT(submits.done(), 100U) << "nothing was under way";
}

TEST(Course, M34_machine_shutdown) { with_seeds(counting(), shutdown); }

void restart_submit(CourseGroup& group) {
  Submits submits(group);
  submits.submit_to_leader(100);
  ASSERT_TRUE(submits.wait(1s));
  EXPECT_EQ(submits.done(), 100U);
  submits.submit_to_leader(100);
  group.run(Duration(static_cast<std::int64_t>(group.chance().below(1'000'000))));
  group.crash_all();
  EXPECT_TRUE(submits.are_over());
  group.start_all();
  Submits after(group);
  after.submit_to_leader(100);
  ASSERT_TRUE(after.wait(1s));
  EXPECT_EQ(after.done(), 100U);
  const std::uint64_t value = value_at(group, group.check_one_leader());
  EXPECT_GE(value, submits.done() + 100);
  EXPECT_LE(value, submits.size() + 100);
  expect_counted(group, value);
}

TEST(Course, M35_machine_restart_submit) { with_seeds(counting(), restart_submit); }

void snapshot(CourseGroup& group) {
  Submits submits(group);
  const NodeId leader = group.check_one_leader();
  for (int i = 0; i < 100; ++i) {
    submits.submit(leader, 1);
    ASSERT_TRUE(submits.wait(1s));
    expect_at_most("M36 state of raft beside the snapshot",
                   static_cast<double>(group.most_persisted_bytes()), 2000, "bytes");
  }
  expect_counted(group, 100);
  EXPECT_GT(group.world().counters().snapshots_taken, 0U);
  group.crash_all();
  group.start_all();
  submits.submit_to_leader(1);
  ASSERT_TRUE(submits.wait(1s));
  EXPECT_EQ(submits.done(), 101U);
  expect_counted(group, 101);
}

TEST(Course, M36_machine_snapshot) { with_seeds(counting(true), snapshot); }

}  // namespace
}  // namespace bowline::sim
