// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <list>
#include <memory>
#include <span>

#include <asio/ip/tcp.hpp>

#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/runtime/loop.h"

namespace bowline::runtime {

// Sockets whose connection is gone. If one were closed while there is something that we did not
// receive, the kernel would throw away what it still has to send, and tell the other side to do the
// same: the sentence that says why we end would be lost. So we send no more, throw away what comes
// until the other side ends, too, and close it then, or when it takes too long.
class Farewells {
 public:
  Farewells(Loop&, std::span<char> scratch, std::size_t most, Duration longest);
  ~Farewells();
  Farewells(const Farewells&) = delete;
  Farewells& operator=(const Farewells&) = delete;

  void take(asio::ip::tcp::socket);

 private:
  struct Farewell;

  void wait(const std::shared_ptr<Farewell>&);
  void receive(const std::shared_ptr<Farewell>&);
  void end_late_ones();

  Loop& loop_;
  std::span<char> scratch_;  // what is received there, nobody reads
  std::size_t most_;
  Duration longest_;
  env::TimerId timer_;                              // set, unless there are none
  std::list<std::shared_ptr<Farewell>> farewells_;  // the oldest first
};

}  // namespace bowline::runtime
