// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"
#include "bowline/wal/log.h"
#include "bowline/wal/memory_log.h"

// Nodes whose stores a program chose, and what the log says to whoever reads it.
namespace bowline {
namespace {

struct StoresTest : NodeTest {
  Result<raft::Batch> log_from(std::uint64_t index, std::uint64_t bytes = 1 << 20) {
    return members_.at(1).group->read_log({index}, bytes).get();
  }
  std::string commands_from(std::uint64_t index, std::uint64_t bytes = 1 << 20) {
    const Result<raft::Batch> found = log_from(index, bytes);
    if (!found) return found.error().what;
    std::string all;
    for (const raft::Entry& each : *found) all += std::string(each.payload.view()) + ";";
    return all;
  }
  std::string why(const NodeOptions& options) {
    const Result<std::unique_ptr<Node>> node = Node::open(options);
    return node ? "it opened" : node.error().what;
  }
};

TEST_F(StoresTest, a_node_in_memory_needs_no_directory_and_leaves_no_file) {
  adjust_ = [](NodeOptions& options) {
    options.stores = host::memory_stores();
    options.directory = "";
  };
  host::GroupOptions of;
  of.snapshot_entries = 10;
  of.keep_entries = 2;
  found(3, of);
  std::string all;
  for (int i = 1; i <= 30; ++i) {
    ASSERT_EQ(write("x"), std::to_string(i));
    all += "x\n";
  }
  for (std::uint64_t id = 1; id <= 3; ++id) EXPECT_EQ(read(id), all);
  EXPECT_TRUE(soon([&] { return members_[1].group->status().get().base.index > Index{10}; }));
  const LogStatus log = members_[1].node->status().get().log;
  EXPECT_EQ(log.segments, 0U);
  EXPECT_GT(log.bytes, 0U);
  EXPECT_TRUE(std::filesystem::is_empty(place_));
}

TEST_F(StoresTest, a_directory_with_snapshots_only_is_taken_all_the_same) {
  adjust_ = [](NodeOptions& options) { options.stores.log = host::memory_stores().log; };
  open(1);
  NodeOptions other = options(1);
  other.listen = "127.0.0.1:0";
  EXPECT_NE(why(other), "it opened");
  members_.clear();
  EXPECT_EQ(why(other), "it opened");
}

TEST_F(StoresTest, a_store_that_is_not_made_is_told_in_a_sentence) {
  NodeOptions no_log = options(1);
  no_log.stores.log = [](wal::LogStore::Setting) { return nullptr; };
  EXPECT_NE(why(no_log).find("stores.log and stores.snapshots have to give one"),
            std::string::npos);
  NodeOptions no_snapshots = options(1);
  no_snapshots.stores.snapshots = [](env::Env) { return nullptr; };
  EXPECT_NE(why(no_snapshots).find("stores.log and stores.snapshots have to give one"),
            std::string::npos);
}

TEST_F(StoresTest, what_a_store_of_ones_own_takes_bounds_commands) {
  NodeOptions small = options(1);
  small.stores.log = [](wal::LogStore::Setting setting) {
    return std::make_unique<wal::MemoryLog>(std::move(setting),
                                            wal::MemoryLog::Options{.payload_bytes = 1 << 20});
  };
  const Result<std::unique_ptr<Node>> node = Node::open(small);
  ASSERT_TRUE(node.has_value()) << node.error().what;
  const Result<Group> mine = (*node)->start(group, {}, std::make_unique<Diary>());
  ASSERT_FALSE(mine.has_value());
  EXPECT_NE(mine.error().what.find("entry_bytes is more than the log takes, which is 1048576"),
            std::string::npos);
}

TEST_F(StoresTest, the_largest_command_that_may_be_configured_is_one_that_the_log_takes) {
  adjust_ = [](NodeOptions& options) {
    options.log.segment_bytes = 1 << 20;
    options.log.batch_bytes = 64 << 10;
  };
  host::GroupOptions of;
  auto raft = std::make_shared<raft::Options>();
  raft->entry_bytes = wal::Options{.segment_bytes = 1 << 20}.most_payload_bytes();
  of.raft = raft;
  found(1, of);
  EXPECT_EQ(write(std::string(raft->entry_bytes, 'x')), "1");
  EXPECT_EQ(read(1).size(), raft->entry_bytes + 1);
}

// ---- the log, read by whoever likes

TEST_F(StoresTest, committed_commands_are_read_from_the_log) {
  for (const bool in_memory : {true, false}) {
    addresses_.clear();
    adjust_ = [in_memory](NodeOptions& options) {
      if (in_memory) options.stores = host::memory_stores();
    };
    found(1);
    for (const char* command : {"a", "b", "c"}) write(command);
    EXPECT_EQ(commands_from(1), "a;b;c;");  // what a leader begins with is no command
    const Result<raft::Batch> first = log_from(1, 1);
    ASSERT_TRUE(first && first->size() == 1);
    EXPECT_EQ(commands_from(first->front().id.index.value + 1, 1), "b;");
    const std::uint64_t last = members_[1].group->status().get().commit.value;
    EXPECT_NE(commands_from(last + 1).find("is not known to be committed here"), std::string::npos);
    EXPECT_NE(commands_from(0).find("is not there any more"), std::string::npos);
    members_.clear();
  }
}

TEST_F(StoresTest, what_a_snapshot_covers_is_not_in_the_log_and_the_error_says_so) {
  host::GroupOptions of;
  of.snapshot_entries = 10;
  of.keep_entries = 2;
  found(1, of);
  for (int i = 1; i <= 15; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  ASSERT_TRUE(soon([&] { return members_[1].group->status().get().base.index > Index{0}; }));
  const std::uint64_t base = members_[1].group->status().get().base.index.value;
  const Result<raft::Batch> gone = log_from(base);
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().fault, Fault::not_found);
  EXPECT_NE(gone.error().what.find("the log begins behind entry " + std::to_string(base)),
            std::string::npos);
  EXPECT_NE(commands_from(base + 1).find("x;"), std::string::npos);
}

TEST_F(StoresTest, what_is_only_on_the_disk_is_read_from_there_and_a_group_that_is_gone_says_so) {
  adjust_ = [](NodeOptions& options) { options.log.tail_bytes = 1; };
  found(1);
  for (const char* command : {"a", "b", "c"}) ASSERT_NE(write(command), "never");
  EXPECT_EQ(commands_from(1, 1), "a;");
  std::string all;
  for (std::uint64_t at = 1;;) {
    const Result<raft::Batch> found = log_from(at);
    if (!found || found->empty()) break;
    for (const raft::Entry& each : *found) all += each.payload.view();
    at = found->back().id.index.value + 1;
  }
  EXPECT_EQ(all, "abc");
  const Group handle = *members_[1].group;
  members_.clear();
  const Result<raft::Batch> gone = handle.read_log({1}).get();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().what, "the group is not on this node");
}

}  // namespace
}  // namespace bowline
