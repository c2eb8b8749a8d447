// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "apps/bowline/grpc_channel.h"
#include "apps/chaos/victim.h"

namespace bowline::chaos {

// A `bowline serve` as a process of its own. Clients on other threads may call it at any time, and
// ask for its life.
class EtcdMember final : public Victim {
 public:
  struct Options {
    std::vector<std::string> words;  // the program, and what it is told
    NodeId id;                       // that the relay has for it
    NodeId own_name;                 // that clients see
    std::string client_address;
    std::string peer_address;
    std::string log;  // the file for what it says
  };
  explicit EtcdMember(Options options) : options_(std::move(options)) {}

  Result<void> start() override;  // does not wait for it: it may need the others
  NodeId id() const override { return options_.id; }
  NodeId own_name() const { return options_.own_name; }
  const std::string& peer_address() const override { return options_.peer_address; }
  const std::string& client_address() const { return options_.client_address; }

  // A connection to one of its processes, and the how manieth that is.
  struct Line {
    std::unique_ptr<apps::GrpcChannel> channel;
    std::uint64_t life = 0;
  };
  std::optional<Line> dial() const;

 private:
  Options options_;
  std::atomic<std::uint64_t> life_ = 0;
};

}  // namespace bowline::chaos
