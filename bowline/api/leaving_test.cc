// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "bowline/api/test_node.h"

// Groups that end, are destroyed, or do not start.
namespace bowline {
namespace {

// Says whether it is there, and may wait with the first piece of a snapshot that it takes in.
class Guarded final : public machine::StateMachine {
 public:
  explicit Guarded(std::atomic<int>& alive, std::shared_future<void> gate = {})
      : alive_(alive), gate_(std::move(gate)) {
    ++alive_;
  }
  ~Guarded() override { --alive_; }
  void apply(std::span<const machine::Command>, std::span<std::string>) override {}
  std::unique_ptr<machine::Reader> snapshot() override { return std::make_unique<Nothing>(); }
  std::unique_ptr<machine::Writer> restore() override { return std::make_unique<Away>(gate_); }

 private:
  struct Nothing final : machine::Reader {
    Result<std::string> next(std::size_t most) override {
      const std::size_t bytes = std::min(most, left);
      left -= bytes;
      return std::string(bytes, 's');
    }
    std::size_t left = 100 << 10;
  };
  struct Away final : machine::Writer {
    explicit Away(std::shared_future<void> open) : gate(std::move(open)) {}
    Result<void> add(std::string_view) override {
      if (gate.valid()) {
        waits = true;
        gate.wait();
      }
      return {};
    }
    Result<void> commit() override { return {}; }
    std::shared_future<void> gate;
  };
  std::atomic<int>& alive_;
  std::shared_future<void> gate_;

 public:
  static inline std::atomic<bool> waits{false};  // one of them, at its gate
};

class LeavingTest : public NodeTest {
 protected:
  ~LeavingTest() override { members_.clear(); }  // they may call until then

  GroupSetup founded(std::uint64_t id) {
    GroupSetup setup;
    setup.founders = {{.id = NodeId{id}, .address = addresses_[id]}};
    return setup;
  }
  std::atomic<int> alive_{0};
};

TEST_F(LeavingTest, a_group_that_was_destroyed_starts_anew) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  ASSERT_TRUE(members_[1].group->snapshot().get().has_value());
  Node& node = *members_[1].node;
  ASSERT_TRUE(node.destroy(group).has_value());
  EXPECT_FALSE(members_[1].group->status().get().here);
  for (const auto& file : std::filesystem::directory_iterator(place_ + "/1"))
    EXPECT_FALSE(file.path().filename().string().starts_with("snapshot")) << file.path();
  start(1);
  EXPECT_EQ(write("b"), "1");
  EXPECT_EQ(read(1), "b\n");
  ASSERT_TRUE(node.destroy(group).has_value());
  ASSERT_TRUE(node.destroy(group).has_value());  // it may be gone already
  members_.clear();
  open(1);
  start(1);
  EXPECT_EQ(write("c"), "1");
  EXPECT_EQ(members_[1].node->destroy(GroupId{}).error().fault, Fault::invalid);
}

// It has nothing that could be lost, so it is destroyed first: then it is founded like any other.
TEST_F(LeavingTest, groups_that_wait_to_be_added_are_founded_while_their_nodes_run) {
  adjust_setup_ = [](std::uint64_t, GroupSetup& setup) { setup.founders.clear(); };
  found(3);
  adjust_setup_ = {};
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const GroupStatus waits = members_.at(id).group->status().get();
    EXPECT_TRUE(waits.here);
    EXPECT_EQ(waits.last.index, Index{});
    ASSERT_TRUE(members_.at(id).node->destroy(group));
    start(id);
  }
  EXPECT_EQ(write("a"), "1");
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), "a\n") << id;
}

TEST_F(LeavingTest, machines_are_let_go_when_their_group_ends_or_does_not_start) {
  open(1);
  Node& node = *members_[1].node;
  const auto machine = [&] { return std::make_unique<Guarded>(alive_); };
  ASSERT_TRUE(node.start(group, founded(1), machine()).has_value());
  EXPECT_EQ(alive_, 1);
  EXPECT_FALSE(node.start(group, founded(1), machine()).has_value());
  GroupSetup odd = founded(1);
  odd.options.slice_bytes = 0;
  EXPECT_FALSE(node.start(GroupId{8}, odd, machine()).has_value());
  EXPECT_EQ(alive_, 1);
  node.end(group);
  EXPECT_TRUE(soon([&] { return alive_ == 0; }));
  ASSERT_TRUE(node.start(GroupId{9}, founded(1), machine()).has_value());
  ASSERT_TRUE(node.destroy(GroupId{9}).has_value());
  EXPECT_EQ(alive_, 0);
}

TEST_F(LeavingTest, another_start_of_the_same_group_takes_nobodys_place) {
  std::atomic<int> first{0}, second{0};
  adjust_ = [](NodeOptions& options) { options.snapshots.piece_bytes = 4096; };  // of many pieces
  open(1);
  const Result<Group> here =
      members_[1].node->start(group, founded(1), std::make_unique<Guarded>(alive_));
  ASSERT_TRUE(here.has_value());
  ASSERT_TRUE(soon([&] { return here->status().get().applied.index.value > 0; }));
  ASSERT_TRUE(here->snapshot().get().has_value());
  members_.clear();
  open(1);
  Node& again = *members_[1].node;
  GroupSetup mine = founded(1);
  mine.role = [&](const raft::RoleChanged&) { ++first; };
  GroupSetup theirs = founded(1);
  theirs.role = [&](const raft::RoleChanged&) { ++second; };
  std::promise<void> gate;
  auto slow = std::async(std::launch::async, [&] {
    return again.start(group, mine, std::make_unique<Guarded>(alive_, gate.get_future().share()));
  });
  // The thread of the node stands in the first one's snapshot, and the second comes before its end.
  ASSERT_TRUE(soon([&] { return Guarded::waits.load(); }));
  auto late = std::async(std::launch::async, [&] {
    return again.start(group, theirs, std::make_unique<Guarded>(alive_));
  });
  soon([&] { return alive_ == 2; });
  gate.set_value();
  ASSERT_TRUE(slow.get().has_value());
  EXPECT_FALSE(late.get().has_value());
  EXPECT_TRUE(soon([&] { return first > 0; }));
  EXPECT_EQ(second, 0);
}

}  // namespace
}  // namespace bowline
