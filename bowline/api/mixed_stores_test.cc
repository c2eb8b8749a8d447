// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bowline/api/test_node.h"
#include "bowline/runtime/memory_disk.h"
#include "bowline/wal/log.h"

// A node of which one store is a program's own, and the other is files in its directory: what it
// has of that in its next life.
namespace bowline {
namespace {

using Files = std::shared_ptr<runtime::MemoryFiles>;

class MixedNodes : public NodeTest {
 protected:
  MixedNodes() {
    of_.snapshot_entries = 10;
    of_.keep_entries = 2;
  }
  ~MixedNodes() override { stop(); }

  // A place that is not the directory of the node, and outlives it.
  static Files elsewhere() { return std::make_shared<runtime::MemoryFiles>(); }
  env::Env at(const env::Env& env, const Files& files) {
    disks_.push_back(runtime::memory_disk(env.loop, files));
    return {env.clock, env.loop, *disks_.back()};
  }
  host::Stores log_in(const Files& files) {
    return {.log =
                [this, files](wal::LogStore::Setting setting) {
                  return std::make_unique<wal::Log>(at(setting.env, files), wal::Options{},
                                                    setting.owner, setting.fresh,
                                                    std::move(setting.hooks));
                },
            .snapshots = {}};
  }
  host::Stores snapshots_in(const Files& files) {
    return {.log = {}, .snapshots = [this, files](env::Env env) {
              return std::make_unique<host::Snapshots>(at(env, files), host::Snapshots::Options{});
            }};
  }
  static host::Stores log_in_memory() {
    return {.log = host::memory_stores().log, .snapshots = {}};
  }

  void stop() {
    for (auto& [id, member] : members_) member.node.reset();
    disks_.clear();  // whoever used them has ended
    members_.clear();
  }
  // Of one node; and in its next life.
  void begin(const host::Stores& stores) {
    stop();
    adjust_ = [stores](NodeOptions& options) { options.stores = stores; };
    open(1);
    start(1, of_);
  }
  GroupStatus status() { return members_.at(1).group->status().get(); }
  std::string explained() { return members_.at(1).group->explain().get(); }
  // Until the log does not begin at the beginning any more.
  std::string written(int count) {
    std::string all;
    for (int i = 1; i <= count; ++i) {
      EXPECT_EQ(write(std::to_string(i)), std::to_string(i));
      all += std::to_string(i) + "\n";
    }
    EXPECT_TRUE(soon([this] { return status().base.index > Index{0}; }));
    return all;
  }
  std::string why(const host::Stores& stores, const std::string& directory) {
    NodeOptions other{.id = NodeId{1}, .directory = directory, .listen = "127.0.0.1:0"};
    other.disk.direct = false;
    other.stores = stores;
    const Result<std::unique_ptr<Node>> node = Node::open(other);
    return node ? "it opened" : node.error().what;
  }
  std::string directory() const { return place_ + "/1"; }

  host::GroupOptions of_;
  std::vector<std::unique_ptr<env::Disk>> disks_;
};

TEST_F(MixedNodes, a_log_elsewhere_and_snapshots_in_the_directory_survive) {
  const host::Stores stores = log_in(elsewhere());
  begin(stores);
  const std::string all = written(25);
  begin(stores);
  EXPECT_EQ(read(1), all);
  EXPECT_EQ(write("x"), "26");
  // The snapshots are for one process at a time, wherever the log is.
  EXPECT_NE(why(log_in(elsewhere()), directory()).find(directory()), std::string::npos);
}

TEST_F(MixedNodes, snapshots_elsewhere_and_a_log_in_the_directory_survive) {
  const host::Stores stores = snapshots_in(elsewhere());
  begin(stores);
  const std::string all = written(25);
  begin(stores);
  EXPECT_EQ(read(1), all);
  // With others the state is nowhere, and the node says so. With the right ones it is there again.
  begin(snapshots_in(elsewhere()));
  EXPECT_TRUE(status().stateless);
  EXPECT_NE(explained().find("its own snapshot was lost"), std::string::npos) << explained();
  EXPECT_EQ(status().applied, LogId{});
  begin(stores);
  EXPECT_EQ(read(1), all);
  EXPECT_EQ(write("x"), "26");
}

TEST_F(MixedNodes, a_log_in_memory_takes_the_place_of_no_log_that_is_there) {
  begin({});
  ASSERT_EQ(write("a"), "1");
  stop();
  for (const host::Stores& stores : {log_in_memory(), host::memory_stores()})
    EXPECT_NE(why(stores, directory()).find("there is a log in the directory"), std::string::npos);
  EXPECT_EQ(why(host::memory_stores(), ""), "it opened");
  begin({});
  EXPECT_EQ(read(1), "a\n");
}

// What was behind the snapshot is gone, and clients were told that it is not. Only whoever says
// that this may be goes on without it.
TEST_F(MixedNodes, without_its_log_a_node_does_not_go_on_as_if_nothing_had_been) {
  for (const bool in_files : {false, true}) {
    addresses_.clear();
    begin(log_in_memory());
    const std::string all = written(25);
    begin(in_files ? host::Stores{} : log_in_memory());
    EXPECT_NE(explained().find("came back without its log"), std::string::npos) << explained();
    EXPECT_NE(explained().find("recover the group"), std::string::npos) << explained();
    EXPECT_TRUE(std::holds_alternative<Refused>(members_.at(1).group->propose("x", Term{}).get()));
    ASSERT_TRUE(
        std::holds_alternative<Applied>(members_.at(1).group->recover(ClusterId{99}).get()));
    const std::string kept = read(1);
    EXPECT_TRUE(all.starts_with(kept) && kept.size() > 10) << kept;
    const auto lines = std::ranges::count(kept, '\n');
    EXPECT_EQ(write("x"), std::to_string(lines + 1));
    of_.cluster = ClusterId{99};
    if (in_files) {
      begin({});
      EXPECT_EQ(read(1), kept + "x\n");
    }
    of_.cluster = {};
    stop();
    std::filesystem::remove_all(directory());
  }
}

}  // namespace
}  // namespace bowline
