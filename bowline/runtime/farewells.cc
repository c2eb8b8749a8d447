// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/farewells.h"

#include <cerrno>
#include <utility>

#include <sys/socket.h>

#include "bowline/runtime/loop_asio.h"

namespace bowline::runtime {
namespace {

using asio::ip::tcp;

constexpr int rounds = 16;  // of receiving, before others have their turn

}  // namespace

struct Farewells::Farewell {
  tcp::socket socket;
  Time until;
  std::list<std::shared_ptr<Farewell>>::iterator place = {};
};

Farewells::Farewells(Loop& loop, std::span<char> scratch, std::size_t most, Duration longest)
    : loop_(loop),
      scratch_(scratch),
      most_(most),
      longest_(longest),
      timer_(loop.timer([this] { end_late_ones(); })) {}

Farewells::~Farewells() { loop_.drop(timer_); }

void Farewells::take(tcp::socket socket) {
  if (most_ == 0) return;
  asio::error_code error;
  socket.shutdown(tcp::socket::shutdown_send, error);
  if (error) return;  // it is broken already
  if (farewells_.size() == most_) farewells_.pop_front();
  const Time until = loop_.clock().now() + longest_;
  const auto farewell = std::make_shared<Farewell>(Farewell{std::move(socket), until});
  farewell->place = farewells_.insert(farewells_.end(), farewell);
  loop_.set(timer_, farewells_.front()->until);
  wait(farewell);
}

void Farewells::wait(const std::shared_ptr<Farewell>& farewell) {
  farewell->socket.async_wait(tcp::socket::wait_read, [this, weak = std::weak_ptr(farewell)](
                                                          const asio::error_code& error) {
    // Only our list keeps it alive: if it is there, we are.
    const std::shared_ptr<Farewell> self = weak.lock();
    if (self != nullptr && !error) receive(self);
  });
}

void Farewells::receive(const std::shared_ptr<Farewell>& farewell) {
  for (int round = 0; round < rounds; ++round) {
    const ssize_t count =
        ::recv(farewell->socket.native_handle(), scratch_.data(), scratch_.size(), MSG_DONTWAIT);
    if (count > 0) continue;
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) break;
    farewells_.erase(farewell->place);
    return;
  }
  wait(farewell);
}

void Farewells::end_late_ones() {
  const Time now = loop_.clock().now();
  while (!farewells_.empty() && farewells_.front()->until <= now) farewells_.pop_front();
  if (!farewells_.empty()) loop_.set(timer_, farewells_.front()->until);
}

}  // namespace bowline::runtime
