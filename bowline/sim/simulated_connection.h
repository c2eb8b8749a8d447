// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "bowline/env/env.h"
#include "bowline/sim/socket.h"

namespace bowline::sim {

// A connection that a process has open. May outlive its network and its loop: then it is dead.
class SimulatedConnection final : public env::Connection {
 public:
  explicit SimulatedConnection(std::shared_ptr<Socket> socket) : socket_(std::move(socket)) {}
  ~SimulatedConnection() override { socket_->abandon(); }
  SimulatedConnection(const SimulatedConnection&) = delete;
  SimulatedConnection& operator=(const SimulatedConnection&) = delete;

  void begin(Hooks hooks) override { socket_->begin(std::move(hooks)); }
  void send(std::string bytes) override { socket_->send(std::move(bytes)); }
  std::uint64_t queued() const override { return socket_->queued(); }
  void hold(bool held) override { socket_->hold(held); }
  std::string peer() const override { return socket_->peer(); }

 private:
  std::shared_ptr<Socket> socket_;
};

}  // namespace bowline::sim
