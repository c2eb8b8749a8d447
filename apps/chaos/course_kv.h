// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "apps/chaos/relay.h"
#include "bowline/base/prng.h"
#include "examples/kv/kv_trio.h"

namespace bowline::chaos {

using examples::kv::Answer;
using examples::kv::Clerk;
using examples::kv::Reply;

// Servers of the example, with wires between them that can be spoiled, as the course has them.
class CourseKv : public examples::kv::KvTrio {
 protected:
  ~CourseKv() override { nodes_.clear(); }  // before the wires

  void found_with_wires(std::uint64_t count) {
    count_ = count;
    for (std::uint64_t id = 1; id <= count; ++id) {
      const Result<std::string> address = relay_.stand_in_for(NodeId{id});
      ASSERT_TRUE(address.has_value()) << address.error().what;
      peers_[NodeId{id}] = *address;
      listens_[NodeId{id}] = "127.0.0.1:0";
    }
    for (std::uint64_t id = 1; id <= count; ++id) bring_up(id);
  }
  void bring_up(std::uint64_t id) {
    open(id);
    relay_.lead(NodeId{id}, listens_[NodeId{id}]);
    start(id);
  }

  // Messages of both ways are up to 26 ms late, and now and then a connection ends.
  void be_unreliable(Prng& prng) {
    for (std::uint64_t from = 1; from <= count_; ++from)
      for (std::uint64_t to = 1; to <= count_; ++to)
        if (from != to)
          relay_.delay(NodeId{from}, NodeId{to}, std::chrono::milliseconds(prng.below(27)));
    if (prng.chance(10))
      relay_.reset(NodeId{1 + prng.below(count_)}, NodeId{1 + prng.below(count_)});
  }
  // Some at once, each with a clerk and a number from 1.
  void together(std::uint64_t count, Duration attempt,
                const std::function<void(Clerk&, std::uint64_t)>& work,
                const std::function<void()>& meanwhile = {}) {
    std::atomic<std::uint64_t> left = count;
    std::vector<std::thread> threads;
    threads.reserve(count);
    for (std::uint64_t who = 1; who <= count; ++who) {
      threads.emplace_back([&, who] {
        Clerk clerk({.servers = servers_, .attempt = attempt, .seed = who});
        work(clerk, who);
        --left;
      });
    }
    while (meanwhile && left > 0) {
      meanwhile();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // as often as that
    }
    for (std::thread& thread : threads) thread.join();
  }

  std::uint64_t count_ = 0;
  Relay relay_;
};

inline constexpr Duration calm = std::chrono::seconds(2);
// Shorter than what messages take now and then: many requests are sent again while the first of
// them is still on its way.
inline constexpr Duration hasty = std::chrono::milliseconds(40);

}  // namespace bowline::chaos
