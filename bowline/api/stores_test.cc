// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"
#include "bowline/wal/log.h"
#include "bowline/wal/memory_log.h"

// Nodes whose stores a program chose, and what the log says to whoever reads it.
namespace bowline {
namespace {

struct StoresTest : NodeTest {
  Result<host::LogPart> log_from(std::uint64_t index, std::uint64_t bytes = 1 << 20) {
    return members_.at(1).group->read_log({index}, bytes).get();
  }
  std::string commands_from(std::uint64_t index, std::uint64_t bytes = 1 << 20) {
    const Result<host::LogPart> found = log_from(index, bytes);
    if (!found) return found.error().what;
    std::string all;
    for (const raft::Entry& each : found->commands) all += std::string(each.payload.view()) + ";";
    return all;
  }
  std::string why(const NodeOptions& options) {
    const Result<std::unique_ptr<Node>> node = Node::open(options);
    return node ? "it opened" : node.error().what;
  }
};

TEST_F(StoresTest, a_node_in_memory_needs_no_directory_and_leaves_no_file) {
  // One does not even name a directory; the others leave theirs as it is.
  adjust_ = [](NodeOptions& options) {
    options.stores = host::memory_stores();
    if (options.id == NodeId{1}) options.directory = "";
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
  for (const auto& each : std::filesystem::recursive_directory_iterator(place_))
    EXPECT_FALSE(each.is_regular_file() && each.file_size() > 0) << each.path();
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

TEST_F(StoresTest, snapshots_that_are_gone_sooner_than_the_log_are_refused) {
  NodeOptions forgetful = options(1);
  forgetful.stores.snapshots = host::memory_stores().snapshots;
  EXPECT_NE(why(forgetful).find("gone with the process, and the log is not: keep both, or none"),
            std::string::npos);
}

// It is written as an entry like all others.
TEST_F(StoresTest, a_membership_that_no_entry_takes_is_refused) {
  host::GroupOptions of;
  auto raft = std::make_shared<raft::Options>();
  raft->entry_bytes = 500;
  of.raft = raft;
  found(1, of);
  ASSERT_EQ(write("x"), "1");
  std::vector<raft::Wanted> wanted = {{.id = NodeId{1}, .address = addresses_[1]}};
  wanted.push_back({.id = NodeId{2}, .address = "127.0.0.1:1", .metadata = std::string(600, 'x')});
  wanted.back().standing = raft::Standing::learner;
  const Outcome large = members_[1].group->reconfigure(wanted).get();
  ASSERT_TRUE(std::holds_alternative<Refused>(large));
  EXPECT_EQ(std::get<Refused>(large).why, raft::Refusal::too_large);
  wanted.back().metadata = std::string(60, 'x');
  EXPECT_TRUE(std::holds_alternative<Applied>(members_[1].group->reconfigure(wanted).get()));
}

struct Leaving final : machine::StateMachine {
  explicit Leaving(std::thread::id& left_in) : thread(left_in) {}
  ~Leaving() override { thread = std::this_thread::get_id(); }
  Leaving(const Leaving&) = delete;
  Leaving& operator=(const Leaving&) = delete;
  void apply(std::span<const machine::Command>, std::span<std::string>) override {
    worked = std::this_thread::get_id();
  }
  std::unique_ptr<machine::Reader> snapshot() override { return nullptr; }
  std::unique_ptr<machine::Writer> restore() override { return nullptr; }
  std::thread::id& thread;
  static inline std::thread::id worked;
};

TEST_F(StoresTest, a_machine_ends_on_the_thread_on_which_it_worked) {
  std::thread::id left;
  open(1);
  GroupSetup setup;
  setup.founders.push_back({.id = NodeId{1}, .address = addresses_[1]});
  members_[1].group = *members_[1].node->start(group, setup, std::make_unique<Leaving>(left));
  ASSERT_NE(write("x"), "never");
  const Group handle = *members_[1].group;
  members_.clear();
  EXPECT_EQ(left, Leaving::worked);
  EXPECT_NE(left, std::this_thread::get_id());
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
    const Result<host::LogPart> first = log_from(1, 1);
    ASSERT_TRUE(first && first->commands.size() == 1);
    EXPECT_EQ(commands_from(first->next.value, 1), "b;");
    // Whoever has read all of it stands at its end, and asks again later.
    const Result<host::LogPart> all = log_from(0);
    ASSERT_TRUE(all && all->commands.size() == 3);
    const Result<host::LogPart> end = log_from(all->next.value);
    ASSERT_TRUE(end && end->commands.empty());
    EXPECT_EQ(end->next, all->next);
    write("d");
    EXPECT_EQ(commands_from(end->next.value), "d;");
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
  const Result<host::LogPart> gone = log_from(base);
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
    const Result<host::LogPart> found = log_from(at, 1);
    ASSERT_TRUE(found) << found.error().what;
    if (found->next == Index{at}) break;
    for (const raft::Entry& each : found->commands) all += each.payload.view();
    at = found->next.value;
  }
  EXPECT_EQ(all, "abc");
  const Group handle = *members_[1].group;
  members_.clear();
  const Result<host::LogPart> gone = handle.read_log({1}).get();
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().what, "the group is not on this node");
}

}  // namespace
}  // namespace bowline
