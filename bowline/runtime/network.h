// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/runtime/loop.h"

namespace bowline::runtime {

// The addresses of a host, as numbers. It may block, is called on threads of its own, several at
// once, and may go on when the network is gone. Fault::not_found: there is no such host.
using LookUp = std::function<Result<std::vector<std::string>>(const std::string& host)>;

struct NetworkOptions {
  // Looking up the name included: after a quarter of it the last good answer has to do.
  Duration connect_timeout = std::chrono::seconds(1);
  // A peer that answered nothing for that long, although its kernel was asked to, is gone.
  Duration peer_timeout = std::chrono::seconds(3);
  // Where nothing was said for that long, the kernel of the peer is asked whether it is there.
  // Rounded up to seconds.
  Duration keep_alive = std::chrono::seconds(5);
  // How long we receive, and throw away, what comes when a connection is gone: see farewells.h.
  Duration farewell = std::chrono::seconds(1);
  std::size_t farewells = 1000;  // at most at once; whoever connects shall not cost us more
  std::size_t receive_bytes = 64UL << 10U;  // at most with one call of the kernel
  // What the kernel takes before it is on its way. More would only be late to be dropped.
  int unsent_bytes = 128 << 10;
  int backlog = 1024;  // that wait to be accepted
  LookUp look_up;      // of names; empty: the system is asked
};

// TCP. On the thread of the loop, which alone may use it and must outlive it.
class Network final : public env::Network {
 public:
  explicit Network(Loop&, const NetworkOptions& = {});
  ~Network() override;
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  void listen(std::string address, Accepted,
              env::Done<Result<std::unique_ptr<env::Listener>>>) override;
  void connect(std::string address, env::Done<Result<std::unique_ptr<env::Connection>>>) override;

 private:
  struct Parts;  // keeps Asio out of this header

  std::unique_ptr<Parts> parts_;
};

}  // namespace bowline::runtime
