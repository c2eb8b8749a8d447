// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/listener.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include <asio/steady_timer.hpp>

#include "bowline/runtime/connection.h"
#include "bowline/runtime/fault.h"
#include "bowline/runtime/loop_asio.h"

namespace bowline::runtime {
namespace {

using asio::ip::tcp;

constexpr std::chrono::milliseconds pause{50};  // when there are no descriptors left

std::unexpected<Error> refused(const asio::error_code& error, const std::string& address) {
  const std::string doing = "cannot listen at " + address;
  switch (error.value()) {
    case EADDRINUSE:
      return std::unexpected(Error{
          Fault::exists, doing + ": another process has that port; stop it, or take another"});
    case EADDRNOTAVAIL:
      return std::unexpected(
          Error{Fault::not_found, doing + ": this machine has no such address; take one that it "
                                          "has, or 0.0.0.0 for all of them"});
    default: return std::unexpected(system_error(error.value(), doing));
  }
}

}  // namespace

struct Listener::Door : std::enable_shared_from_this<Door> {
  Door(Traffic& t, env::Network::Accepted a)
      : traffic(t),
        accepted(std::move(a)),
        acceptor(t.loop.asio().context),
        later(t.loop.asio().context) {}

  asio::error_code open(const Endpoint&);
  void accept();
  void take(const asio::error_code&, tcp::socket);

  Traffic& traffic;
  env::Network::Accepted accepted;
  tcp::acceptor acceptor;
  asio::steady_timer later;
  std::string address;
};

asio::error_code Listener::Door::open(const Endpoint& endpoint) {
  asio::error_code error;
  acceptor.open(endpoint.protocol(), error);
  // Else the port of a process that ended is taken for a minute.
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(traffic.options.backlog, error);
  if (!error) address = text_of(acceptor.local_endpoint(error));
  return error;
}

void Listener::Door::accept() {
  acceptor.async_accept(
      [weak = weak_from_this()](const asio::error_code& error, tcp::socket socket) {
        if (const std::shared_ptr<Door> self = weak.lock()) self->take(error, std::move(socket));
      });
}

void Listener::Door::take(const asio::error_code& error, tcp::socket socket) {
  if (error) {
    // Mostly, there are no descriptors left, and at once there would be none either.
    later.expires_after(pause);
    later.async_wait([weak = weak_from_this()](const asio::error_code& ended) {
      const std::shared_ptr<Door> self = weak.lock();
      if (self != nullptr && !ended) self->accept();
    });
    return;
  }
  asio::error_code unknown;
  const Endpoint peer = socket.remote_endpoint(unknown);
  if (!unknown)  // else it is gone again
    accepted(std::make_unique<Connection>(traffic, std::move(socket), text_of(peer)));
  accept();
}

Result<std::unique_ptr<env::Listener>> Listener::open(Traffic& traffic, const std::string& address,
                                                      const Endpoint& endpoint,
                                                      env::Network::Accepted accepted) {
  const auto door = std::make_shared<Door>(traffic, std::move(accepted));
  if (const asio::error_code error = door->open(endpoint)) return refused(error, address);
  door->accept();
  return std::make_unique<Listener>(door);
}

Listener::Listener(std::shared_ptr<Door> door) : door_(std::move(door)) {}

Listener::~Listener() = default;

std::string Listener::address() const { return door_->address; }

}  // namespace bowline::runtime
