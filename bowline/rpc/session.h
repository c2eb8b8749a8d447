// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bowline/base/time.h"

namespace bowline::rpc {

// Not past the end of time.
inline Time later(Time time, Duration duration) {
  return duration > never - time ? never : time + duration;
}

// The server's side of one connection, from bytes to bytes: of sockets and clocks it knows nothing.
// Its owner passes in what comes and the time, takes what is to be sent, and calls tick() when
// deadline() has passed. Handlers run within received() and tick(), and may answer then or later.
// It may not be destroyed from within these.
class Session {
 public:
  // There is something to take, or it is over, or the deadline came nearer: called once, until the
  // next take(). For answers that come outside of received() and tick(), after which the owner
  // looks anyhow. It may only note that.
  using Wakes = std::move_only_function<void()>;

  virtual ~Session() = default;  // cancels what is open
  virtual void received(std::string_view bytes, Time now) = 0;
  // Appends what is to be sent, about `room` bytes at most, in as few pieces as it has. What it
  // does not give because there is no room, it gives later. One send for all answers of a turn.
  virtual void take(std::string& out, std::uint64_t room, Time now) = 0;
  virtual void tick(Time now) = 0;
  virtual Time deadline() const = 0;
  // No new calls: the client is told (GOAWAY, Connection: close), what is open is finished, and
  // then it is over.
  virtual void drain(Time now) = 0;
  // The connection is to be closed, once what was taken has been sent.
  virtual bool over() const = 0;
  // The client is to be received no more for now: too much waits to be sent to it.
  virtual bool holds() const = 0;
  virtual std::uint64_t queued() const = 0;  // bytes of answers that were not taken
  // These, bytes of requests that are not whole, and what handlers keep for their calls.
  virtual std::uint64_t held() const = 0;
  virtual std::uint64_t calls() const = 0;  // that are open
  virtual std::string why() const = 0;      // once over, in a sentence; empty: as it should be
};

}  // namespace bowline::rpc
