// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "examples/kv/clerk.h"
#include "examples/kv/kv_node.h"

namespace bowline::examples::kv {

// Servers of one group in this process, with real disks and sockets.
class KvTrio : public testing::Test {
 protected:
  KvTrio() { std::filesystem::create_directories(place_); }
  ~KvTrio() override {
    nodes_.clear();
    std::filesystem::remove_all(place_);
  }

  void open(std::uint64_t number) {
    const NodeId id{number};
    KvOptions options{.id = id, .directory = place_ + "/" + std::to_string(number)};
    options.listen = peers_.contains(id) ? listens_[id] : "127.0.0.1:0";
    options.clients = clients_;
    options.clients.listen = servers_.contains(id) ? servers_[id] : "127.0.0.1:0";
    options.group = group_;
    options.tick_every = tick_every_;
    if (peers_.contains(id)) options.advertise = peers_[id];
    Result<std::unique_ptr<KvNode>> node = KvNode::open(options);
    ASSERT_TRUE(node.has_value()) << node.error().what;
    listens_[id] = (*node)->peer_address();
    peers_.try_emplace(id, (*node)->peer_address());
    nodes_[id] = *std::move(node);
  }
  void start(std::uint64_t number) {
    const NodeId id{number};
    const Result<void> started = nodes_.at(id)->start(peers_);
    ASSERT_TRUE(started.has_value()) << started.error().what;
    servers_[id] = nodes_.at(id)->client_address();
  }
  void found(std::uint64_t count) {
    for (std::uint64_t id = 1; id <= count; ++id) open(id);
    for (std::uint64_t id = 1; id <= count; ++id) start(id);
  }
  void stop(std::uint64_t number) { nodes_.erase(NodeId{number}); }
  void restart(std::uint64_t number) {
    stop(number);
    open(number);
    start(number);
  }
  // Whoever leads now, of those that run.
  std::uint64_t leader() {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (std::chrono::steady_clock::now() < until)
      for (const auto& [id, node] : nodes_)
        if (node->group().status().get().role == raft::Role::leader) return id.value;
    return 0;
  }
  Clerk::Options options(std::uint64_t seed) { return {.servers = servers_, .seed = seed}; }

  // Of this test, in this process.
  std::string place_ = testing::TempDir() + "bowline-kv-" +
                       testing::UnitTest::GetInstance()->current_test_info()->name() + "-" +
                       std::to_string(std::chrono::steady_clock::now().time_since_epoch().count());
  host::GroupOptions group_;
  Duration tick_every_ = std::chrono::seconds(1);
  Door::Options clients_;
  std::map<NodeId, std::string> peers_, listens_, servers_;
  std::map<NodeId, std::unique_ptr<KvNode>> nodes_;
};

}  // namespace bowline::examples::kv
