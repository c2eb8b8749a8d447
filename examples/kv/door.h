// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "bowline/api/group.h"
#include "bowline/env/env.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"
#include "examples/kv/kv_machine.h"
#include "examples/kv/wire.h"

namespace bowline::examples::kv {

// Where clients come in: a port and a thread of its own, beside those of the node. Lives longer
// than the node, whose last replies it takes.
class Door {
 public:
  struct Options {
    std::string listen;  // "host:port"; port 0: any
    // Reads ask nobody whether this node is up to date. That is wrong, and here so that a test can
    // show that it notices.
    bool stale_reads = false;
    std::size_t most_clients = 10'000;
  };

  Door() = default;
  ~Door();
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  // The address where it listens. The machine is that of the group.
  Result<std::string> open(Group, const KvMachine&, const Options&);

 private:
  using ClientId = std::uint64_t;
  struct Client {
    std::unique_ptr<env::Connection> connection;
    Frames frames;
    std::uint64_t waiting = 0;  // requests without an answer
    bool held = false;
  };

  void came(std::unique_ptr<env::Connection>);
  void received(ClientId, std::string_view bytes);
  void serve(ClientId, Request);
  void write(ClientId, Request);
  void read(ClientId, const Request&);
  void answer(ClientId, const Response&);
  void hold_if_full(Client&);
  Response read_now(std::uint64_t id, const std::string& key) const;  // on the node's thread

  Options options_;
  std::optional<Group> group_;
  const KvMachine* machine_ = nullptr;
  runtime::Loop loop_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<env::Listener> listener_;
  std::map<ClientId, Client> clients_;
  ClientId last_client_ = 0;
  std::thread thread_;
};

}  // namespace bowline::examples::kv
