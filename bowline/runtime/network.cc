// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/network.h"

#include <cerrno>
#include <cstddef>
#include <list>
#include <utility>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "bowline/env/life.h"
#include "bowline/runtime/connection.h"
#include "bowline/runtime/endpoint.h"
#include "bowline/runtime/fault.h"
#include "bowline/runtime/listener.h"
#include "bowline/runtime/loop_asio.h"
#include "bowline/runtime/names.h"
#include "bowline/runtime/traffic.h"

namespace bowline::runtime {
namespace {

using asio::ip::tcp;
using Connected = Result<std::unique_ptr<env::Connection>>;
using Listened = Result<std::unique_ptr<env::Listener>>;
using Endpoints = Result<std::vector<Endpoint>>;

Names::Options names_options(const NetworkOptions& options) {
  return {.look_up = options.look_up ? options.look_up : LookUp(look_up_by_system),
          .patience = options.connect_timeout / 4};
}

}  // namespace

struct Network::Parts {
  struct Attempt;

  Parts(Loop& loop, const NetworkOptions& options)
      : traffic(loop, options), names(loop, names_options(options)) {}

  Traffic traffic;
  Names names;
  std::list<std::shared_ptr<Attempt>> attempts;  // nobody else keeps one for longer than a call
  env::Life life;
};

// To connect: to one endpoint of an address after the other.
struct Network::Parts::Attempt : std::enable_shared_from_this<Attempt> {
  Attempt(Parts& p, std::string a, env::Done<Connected> d)
      : parts(p),
        address(std::move(a)),
        done(std::move(d)),
        socket(p.traffic.loop.asio().context),
        deadline(p.traffic.loop.asio().context) {}

  void start();
  void try_next();
  void try_one(const Endpoint&);
  void finish(Connected);

  Parts& parts;
  std::list<std::shared_ptr<Attempt>>::iterator place = {};
  std::string address;
  env::Done<Connected> done;
  tcp::socket socket;
  asio::steady_timer deadline;
  std::vector<Endpoint> endpoints;
  std::size_t next = 0;
  Error failed{Fault::unreachable, {}};  // the last of them
};

void Network::Parts::Attempt::start() {
  const auto weak = weak_from_this();
  deadline.expires_after(parts.traffic.options.connect_timeout);
  deadline.async_wait([weak](const asio::error_code& ended) {
    const std::shared_ptr<Attempt> self = weak.lock();
    if (self == nullptr || ended) return;
    self->finish(std::unexpected(
        Error{Fault::timeout, "cannot connect to " + self->address +
                                  ": nobody answers; is that machine up, and lets us through?"}));
  });
  find_endpoints(parts.traffic.loop, parts.names, address, weak, [weak](Endpoints found) {
    const std::shared_ptr<Attempt> self = weak.lock();
    if (self == nullptr) return;
    if (!found) return self->finish(std::unexpected(std::move(found.error())));
    self->endpoints = std::move(*found);
    self->try_next();
  });
}

void Network::Parts::Attempt::try_next() {
  if (next == endpoints.size()) return finish(std::unexpected(failed));
  try_one(endpoints[next++]);
}

void Network::Parts::Attempt::try_one(const Endpoint& endpoint) {
  asio::error_code ignored;
  socket.close(ignored);
  socket.async_connect(endpoint, [weak = weak_from_this()](const asio::error_code& error) {
    const std::shared_ptr<Attempt> self = weak.lock();
    if (self == nullptr) return;
    const bool is_useless = !error && is_to_itself(self->socket);
    if (!error && !is_useless) {
      return self->finish(std::make_unique<Connection>(self->parts.traffic, std::move(self->socket),
                                                       self->address));
    }
    self->failed = system_error(is_useless ? ECONNREFUSED : error.value(),
                                "cannot connect to " + self->address);
    if (self->failed.fault == Fault::unreachable) self->failed.what += "; does it run there?";
    self->try_next();
  });
}

void Network::Parts::Attempt::finish(Connected connected) {
  const std::shared_ptr<Attempt> self = shared_from_this();
  parts.attempts.erase(place);
  done(std::move(connected));
}

Network::Network(Loop& loop, const NetworkOptions& options)
    : parts_(std::make_unique<Parts>(loop, options)) {}

Network::~Network() = default;

void Network::listen(std::string address, Accepted accepted, env::Done<Listened> done) {
  auto open = [this, address, accepted = std::move(accepted),
               done = std::move(done)](const Endpoints& found) mutable {
    if (!found) return done(std::unexpected(found.error()));
    // A name that leads to several: the first, as whoever connects tries that one first, too.
    done(Listener::open(parts_->traffic, address, found->front(), std::move(accepted)));
  };
  find_endpoints(parts_->traffic.loop, parts_->names, address, parts_->life.watch(),
                 parts_->life.guard(std::move(open)));
}

void Network::connect(std::string address, env::Done<Connected> done) {
  auto& attempts = parts_->attempts;
  const auto attempt =
      std::make_shared<Parts::Attempt>(*parts_, std::move(address), std::move(done));
  attempt->place = attempts.insert(attempts.end(), attempt);
  attempt->start();
}

}  // namespace bowline::runtime
