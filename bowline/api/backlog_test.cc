// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/metrics.h"
#include "bowline/api/test_node.h"

// Threads that ask faster than the node listens, or than its disk writes.
namespace bowline {
namespace {

constexpr std::uint64_t most = 1 << 20;

bool is_full(const auto& outcome) {
  const auto* const refused = std::get_if<Refused>(&outcome);
  return refused != nullptr && refused->why == raft::Refusal::full;
}

class BacklogOfNode : public NodeTest {
 protected:
  BacklogOfNode() {
    adjust_ = [](NodeOptions& options) { options.backlog_bytes = most; };
    found(1);
    EXPECT_EQ(write("a"), "1");
  }
  ~BacklogOfNode() override { release(); }

  const Group& mine() { return *members_.at(1).group; }
  NodeStatus status() { return members_.at(1).node->status().get(); }
  // The node's thread does nothing from here on.
  void stop_thread() {
    std::promise<void> stopped;
    members_.at(1).node->at([&stopped, goes_on = goes_on_.get_future()](host::Shard*) {
      stopped.set_value();
      goes_on.wait();
    });
    stopped.get_future().wait();
    stands_ = true;
  }
  void release() {
    if (std::exchange(stands_, false)) goes_on_.set_value();
  }

  std::promise<void> goes_on_;
  bool stands_ = false;
};

TEST_F(BacklogOfNode, threads_in_a_loop_are_refused_at_once_while_the_node_does_not_listen) {
  stop_thread();
  std::atomic<std::uint64_t> refused = 0;
  std::vector<std::vector<std::future<Outcome>>> taken(3);
  std::vector<std::thread> threads;
  threads.reserve(taken.size());
  for (auto& mine_taken : taken)
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        std::future<Outcome> outcome = mine().propose(std::string(1000, 'x'));
        if (outcome.wait_for(0s) != std::future_status::ready) {
          mine_taken.push_back(std::move(outcome));
        } else if (is_full(outcome.get())) {
          ++refused;
        }
      }
    });
  for (std::thread& thread : threads) thread.join();
  std::uint64_t count = 0;
  for (const auto& each : taken) count += each.size();
  EXPECT_EQ(count, most / (1000 + host::Backlog::overhead));
  EXPECT_EQ(count + refused, 60'000U);
  release();
  for (auto& each : taken)
    for (std::future<Outcome>& one : each) EXPECT_TRUE(std::holds_alternative<Applied>(one.get()));
  EXPECT_TRUE(soon([&] { return status().backlog_bytes == 0; }));
  EXPECT_EQ(status().backlog_refused, refused);
  EXPECT_EQ(write("b"), std::to_string(count + 2));
}

TEST_F(BacklogOfNode, whatever_is_asked_for_has_its_place_in_the_same_bound) {
  stop_thread();
  std::vector<std::future<ReadOutcome>> reads;
  reads.reserve(5000);
  for (int i = 0; i < 5000; ++i) reads.push_back(mine().read());
  EXPECT_TRUE(is_full(reads.back().get()));
  reads.pop_back();
  EXPECT_TRUE(is_full(mine().read_within(1h).get()));
  EXPECT_TRUE(is_full(mine().verify().get()));
  EXPECT_TRUE(is_full(mine().propose("x").get()));
  EXPECT_TRUE(is_full(mine().barrier().get()));
  EXPECT_TRUE(is_full(mine().transfer().get()));
  EXPECT_TRUE(is_full(mine().put_member({.id = NodeId{2}, .address = "127.0.0.1:1"}).get()));
  EXPECT_TRUE(is_full(mine().reconfigure({}).get()));
  EXPECT_TRUE(is_full(mine().cancel_change().get()));
  EXPECT_TRUE(is_full(mine().recover(ClusterId{9}).get()));
  release();
  std::uint64_t ready = 0;
  for (auto& read : reads) ready += std::holds_alternative<Ready>(read.get()) ? 1 : 0;
  EXPECT_EQ(ready, most / host::Backlog::overhead);
  EXPECT_TRUE(soon([&] { return status().backlog_bytes == 0; }));
  const std::string page = metrics_text(*members_.at(1).node);
  EXPECT_NE(page.find("\nbowline_backlog_bytes 0\n"), std::string::npos) << page;
  EXPECT_NE(
      page.find("\nbowline_backlog_refused_total " + std::to_string(status().backlog_refused)),
      std::string::npos);
}

TEST_F(BacklogOfNode, what_waits_when_the_node_ends_is_told) {
  stop_thread();
  std::vector<std::future<Outcome>> waiting;
  waiting.reserve(100);
  for (int i = 0; i < 100; ++i) waiting.push_back(mine().propose(std::string(1000, 'x')));
  const Group handle = mine();
  std::thread ends([&] { members_.at(1).node.reset(); });
  release();
  ends.join();
  for (std::future<Outcome>& one : waiting) EXPECT_EQ(one.wait_for(10s), std::future_status::ready);
  const Outcome later = handle.propose("x").get();
  EXPECT_FALSE(is_full(later));
  EXPECT_TRUE(std::holds_alternative<Refused>(later));
}

}  // namespace
}  // namespace bowline
