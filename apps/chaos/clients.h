// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/prng.h"
#include "bowline/base/time.h"
#include "bowline/check/operation.h"
#include "examples/kv/clerk.h"

namespace bowline::chaos {

// An operation, and what finds it in a journal.
struct Recorded {
  check::Operation operation;
  std::uint64_t mark = 0;
};

// Clients on threads of their own, who do what a seed says, and write down what they see.
class Clients {
 public:
  struct Options {
    std::map<NodeId, std::string> servers;
    std::uint64_t seed = 0;
    std::size_t count = 6;
    std::size_t keys = 4;            // at a time ...
    std::uint64_t operations = 300;  // ... and others after so many
    // For one call. Every third client has a tenth of it, and so often does not know in the end.
    Duration patience = std::chrono::seconds(4);
    Duration attempt = std::chrono::milliseconds(700);
  };
  explicit Clients(Options);
  ~Clients() { stop(); }
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  std::uint64_t done() const { return done_; }
  void wait_for(std::uint64_t done);  // so many in all
  // After what is under way.
  void stop();
  // Looks at every key, with much patience, and at whether a write is done at all. False: not.
  bool look_at_all(Duration patience);
  const std::vector<Recorded>& history() const { return history_; }  // once stopped

 private:
  void run(std::uint64_t client);
  examples::kv::Command draw(Prng&, std::uint64_t client);
  examples::kv::Reply record(examples::kv::Clerk&, std::uint64_t client,
                             const examples::kv::Command&);

  Options options_;
  std::atomic<bool> stops_ = false;
  std::atomic<std::uint64_t> done_ = 0;
  std::atomic<std::uint64_t> begun_ = 0;
  std::mutex mutex_;
  std::vector<Recorded> history_;                  // under the mutex
  std::map<std::string, std::uint64_t> versions_;  // that somebody has seen; under the mutex
  std::vector<std::thread> threads_;
};

}  // namespace bowline::chaos
