// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "apps/chaos/victim.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"

namespace bowline::chaos {

// A kv_server as a process of its own.
class Server final : public Victim {
 public:
  struct Options {
    std::string program;
    NodeId id;
    std::string peers;      // as the program takes them
    std::string directory;  // of all servers
    std::vector<std::string> more;
  };
  explicit Server(Options options) : options_(std::move(options)) {}

  // Returns when it takes clients.
  Result<void> start() override;
  NodeId id() const override { return options_.id; }
  const std::string& peer_address() const override { return peer_address_; }
  const std::string& client_address() const { return client_address_; }
  std::string journal() const;

 private:
  Result<void> try_to_start();

  Options options_;
  std::string peer_address_;
  std::string client_address_ = "127.0.0.1:0";
};

}  // namespace bowline::chaos
