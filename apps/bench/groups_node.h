// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/host/shard.h"
#include "bowline/machine/state_machine.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"

namespace bowline::bench {

// How the groups of a node stand.
struct GroupsSeen {
  std::uint64_t started = 0;
  std::uint64_t led = 0;    // by this node
  std::uint64_t known = 0;  // somebody leads them, as far as this node knows
  std::uint64_t awake = 0;  // have a deadline
};
struct GroupsTraffic {  // since the node began
  std::uint64_t frames = 0;
  std::uint64_t letters = 0;
  std::uint64_t bytes = 0;
};

// One node with many groups, on a thread of its own: a shard, without the front that programs have,
// so that nothing else is measured.
class GroupsNode {
 public:
  struct Setting {
    std::uint64_t id = 1;
    std::vector<std::string> addresses;  // of all nodes
    std::string directory;
    Duration hibernate_after{0};
  };
  explicit GroupsNode(Setting);
  ~GroupsNode();
  GroupsNode(const GroupsNode&) = delete;
  GroupsNode& operator=(const GroupsNode&) = delete;

  void start(std::uint64_t count);  // returns at once
  GroupsSeen seen();
  GroupsTraffic traffic();
  std::string disk() const { return disk_words_; }
  // How long work from elsewhere waits until the thread comes to it.
  Duration lag();

 private:
  template <class Work>
  auto on_thread(Work work);
  void run(std::promise<void> opened);
  void start_some(std::uint64_t next, std::uint64_t count);
  void changed(GroupId, const raft::RoleChanged&);

  Setting setting_;
  runtime::Loop loop_;
  std::unique_ptr<env::Disk> disk_;
  std::string disk_words_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<machine::StateMachine> machine_;  // of all: they do nothing
  std::unique_ptr<host::Shard> shard_;
  host::GroupOptions options_;
  raft::MembershipPtr founders_;
  std::vector<NodeId> leaders_;  // of each group
  GroupsSeen seen_;
  env::TimerId starter_;
  std::thread thread_;
};

}  // namespace bowline::bench
