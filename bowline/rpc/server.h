// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/rpc/limits.h"
#include "bowline/rpc/router.h"

namespace bowline::rpc {

struct ServerOptions {
  Limits limits = {};  // of each connection
  std::size_t most_connections = 20'000;
  std::size_t most_connections_of_a_host = 10'000;
  // Of all connections together: requests that are not whole, and answers that were not taken.
  // Above it, whoever holds most goes.
  std::uint64_t most_held_bytes = std::uint64_t{1} << 30U;
};

struct ServerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // there were too many
  std::uint64_t broken = 0;   // that broke the rules, or were too slow
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
};

// Serves a router on any network: accepts, hands bytes to sessions and from them, keeps their time.
// Sends once for each connection and turn of the loop. On the thread of the loop.
class Server {
 public:
  Server(env::Loop&, const env::Clock&, env::Network&, Router&, ServerOptions = {});
  ~Server();  // ends all connections
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // May be called for several addresses. `done` is told the address, with the port that it got.
  void listen(std::string address, env::Done<Result<std::string>> done);
  // No new connections and calls; `done` when the last connection is over, at the latest when the
  // limits say so.
  void drain(env::Done<> done);
  std::size_t connections() const;
  const ServerCounters& counters() const;

 private:
  class Door;
  std::unique_ptr<Door> door_;
};

}  // namespace bowline::rpc
