// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <asio/ip/tcp.hpp>

#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/runtime/pulse.h"
#include "bowline/runtime/traffic.h"

namespace bowline::runtime {

// What a Connection owns. It stays until the hook returns that destroys its connection.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  Stream(Traffic&, asio::ip::tcp::socket, std::string peer);

  void begin(env::Connection::Hooks);
  void send(std::string bytes);
  std::uint64_t queued() const { return queued_; }
  void hold(bool held);
  const std::string& peer() const { return peer_; }
  void feel_pulse(Time now);
  void end();  // nobody is told any more

 private:
  void wait_to_receive();
  void receive();
  void wait_to_send();
  void send_queued();
  void fail(Error why);
  void give_up();
  void close(Error why);
  void leave();

  Traffic& traffic_;
  asio::ip::tcp::socket socket_;
  std::string peer_;
  Pulse pulse_;
  Traffic::Place place_;

  std::optional<env::Connection::Hooks> hooks_;  // once it has begun
  bool is_over_ = false;                         // nobody is told anything any more
  bool is_held_ = false;
  bool is_waiting_to_receive_ = false;
  std::optional<Error> broken_;  // and soon, that is told

  // What the kernel has not taken. Whoever sends asks how much it is, and stops.
  std::deque<std::string> queue_;
  std::size_t sent_of_first_ = 0;
  std::uint64_t queued_ = 0;
};

class Connection final : public env::Connection {
 public:
  Connection(Traffic& traffic, asio::ip::tcp::socket socket, std::string peer)
      : stream_(std::make_shared<Stream>(traffic, std::move(socket), std::move(peer))) {}
  ~Connection() override { stream_->end(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void begin(Hooks hooks) override { stream_->begin(std::move(hooks)); }
  void send(std::string bytes) override { stream_->send(std::move(bytes)); }
  std::uint64_t queued() const override { return stream_->queued(); }
  void hold(bool held) override { stream_->hold(held); }
  std::string peer() const override { return stream_->peer(); }

 private:
  std::shared_ptr<Stream> stream_;
};

}  // namespace bowline::runtime
