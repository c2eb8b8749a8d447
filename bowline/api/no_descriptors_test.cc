// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"
#include "bowline/runtime/test_limits.h"

// Nodes whose process has as many files open as it may. Not with the sanitizer for undefined
// behaviour, which needs a pipe to look at an object of a type that is new to it.
#ifndef __SANITIZE_ADDRESS__
namespace bowline {
namespace {

using runtime::NoMoreFiles;

class NoDescriptorsTest : public NodeTest {
 protected:
  NoDescriptorsTest() {
    adjust_ = [this](NodeOptions& options) {
      options.log.segment_bytes = 256 << 10;
      options.log.batch_bytes = 32 << 10;
      options.log.retry_full_after = 50ms;
      options.broken = [this](const Error& error) {
        const std::lock_guard lock(mutex_);
        lines_ += "BROKEN: " + error.what + "\n";
      };
      options.log_sink = [this](std::string_view line) {
        const std::lock_guard lock(mutex_);
        lines_ += std::string(line) + "\n";
      };
    };
    of_.snapshot_entries = 20;
    of_.keep_entries = 5;
    auto raft = std::make_shared<raft::Options>();
    raft->entry_bytes = 32 << 10;
    of_.raft = raft;
  }
  ~NoDescriptorsTest() override { members_.clear(); }  // they may call until then

  bool is_said(const std::string& words) {
    const std::lock_guard lock(mutex_);
    return lines_.contains(words);
  }
  // Of 8 KiB. True: it was acknowledged. What comes to a log without room waits for it, and that
  // is not known then; nor is there always a leader.
  bool adds(const std::string& name) {
    for (auto& [id, member] : members_) {
      if (member.group->status().get().role != raft::Role::leader) continue;
      std::future<Outcome> asked = member.group->propose(name + std::string(8 << 10, '.'));
      return asked.wait_for(500ms) == std::future_status::ready &&
             std::holds_alternative<Applied>(asked.get());
    }
    return false;
  }
  std::set<std::uint64_t> full() {
    std::set<std::uint64_t> ids;
    for (auto& [id, member] : members_)
      if (member.node->status().get().log.full) ids.insert(id);
    return ids;
  }
  std::size_t links_up() {
    std::size_t up = 0;
    for (auto& [id, member] : members_)
      for (const LinkStatus& link : member.node->status().get().links) up += link.up ? 1 : 0;
    return up;
  }

  host::GroupOptions of_;
  std::mutex mutex_;
  std::string lines_;  // of all nodes
};

TEST_F(NoDescriptorsTest, nodes_wait_until_some_are_free_and_nothing_is_lost) {
  found(3, of_);
  std::vector<std::string> acknowledged;
  int number = 0;
  const auto add = [&] {
    const std::string name = "entry-" + std::to_string(++number) + "-";
    if (adds(name)) acknowledged.push_back(name);
  };
  ASSERT_TRUE(soon([&] {
    add();
    return acknowledged.size() == 30;
  }));
  ASSERT_TRUE(soon([&] { return members_.at(1).group->status().get().snapshot.index > Index{}; }));
  ASSERT_TRUE(soon([&] { return links_up() == 6; }));
  {
    const NoMoreFiles limit;
    // Each of them, but not all at the same time: what one gives back, another one takes.
    std::set<std::uint64_t> were_full;
    ASSERT_TRUE(soon([&] {
      add();
      were_full.merge(full());
      return were_full.size() == 3;
    }));
    // With what a segment that went gave back, or in vain: neither may end the node.
    members_.at(1).group->snapshot().wait();
    EXPECT_EQ(links_up(), 6U);
    EXPECT_TRUE(is_said("Too many open files: this process may not open more; raise its limit"));
  }
  EXPECT_TRUE(soon([&] { return full().empty(); }));
  ASSERT_TRUE(soon([&] { return adds("afterwards-"); }));
  acknowledged.emplace_back("afterwards-");
  EXPECT_FALSE(is_said("BROKEN"));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const std::string text = read(id);
    for (const std::string& name : acknowledged) ASSERT_TRUE(text.contains(name)) << id << name;
  }
  // None of what is on the disks was spoilt by that.
  for (std::uint64_t id = 1; id <= 3; ++id) members_.erase(id);
  for (std::uint64_t id = 1; id <= 3; ++id) open(id);
  for (std::uint64_t id = 1; id <= 3; ++id) start(id, of_);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    const GroupStatus status = members_.at(id).group->status().get();
    EXPECT_FALSE(status.damaged || status.stateless) << id;
    const std::string text = read(id);
    for (const std::string& name : acknowledged) ASSERT_TRUE(text.contains(name)) << id << name;
  }
}

// It is asked for the newest snapshot, by whoever exports it, and cannot look at it.
TEST_F(NoDescriptorsTest, a_snapshot_that_cannot_be_looked_at_is_still_the_newest) {
  found(1, of_);
  ASSERT_TRUE(soon([&] { return adds("a"); }));
  const Result<raft::Base> taken = members_.at(1).group->snapshot().get();
  ASSERT_TRUE(taken) << taken.error().what;
  const auto newest = [&] {
    std::promise<bool> is_there;
    members_.at(1).node->at([&](host::Shard* shard) {
      is_there.set_value(shard->snapshots().newest(group) != nullptr);
    });
    return is_there.get_future().get();
  };
  {
    const NoMoreFiles limit;
    std::promise<Result<env::Buffer>> read;
    members_.at(1).node->at([&](host::Shard* shard) {
      shard->snapshots().read_piece(
          shard->snapshots().hold(group), 0,
          [&](Result<env::Buffer> one) { read.set_value(std::move(one)); });
    });
    EXPECT_EQ(read.get_future().get().error().fault, Fault::full);
    EXPECT_TRUE(newest());
  }
  EXPECT_TRUE(members_.at(1).group->export_snapshot(place_ + "/state").get().has_value());
  EXPECT_TRUE(newest());
}

}  // namespace
}  // namespace bowline
#endif
