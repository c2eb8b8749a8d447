// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/server.h"

#include <algorithm>
#include <list>
#include <map>
#include <utility>
#include <vector>

#include "bowline/env/life.h"
#include "bowline/rpc/connection.h"

namespace bowline::rpc {
namespace {

// What the network still has of a connection: more is given to it when that is less.
constexpr std::uint64_t most_unsent = 1U << 20U;

std::string host_of(const std::string& peer) { return peer.substr(0, peer.rfind(':')); }

}  // namespace

class Server::Door {
 public:
  Door(env::Loop& loop, const env::Clock& clock, env::Network& network, Router& router,
       const ServerOptions& options)
      : loop_(loop),
        clock_(clock),
        network_(network),
        router_(router),
        options_(options),
        timer_(loop.timer([this] { ring(); })) {}
  ~Door() { loop_.drop(timer_); }
  Door(const Door&) = delete;
  Door& operator=(const Door&) = delete;

  void listen(std::string address, env::Done<Result<std::string>> done);
  void drain(env::Done<> done);
  std::size_t connections() const { return guests_.size(); }
  const ServerCounters& counters() const { return counters_; }

 private:
  struct Guest;
  using Place = std::list<Guest>::iterator;
  using Due = std::pair<Time, std::uint64_t>;  // and who
  // One connection. It stays where it is until nobody looks at it any more.
  struct Guest {
    std::unique_ptr<env::Connection> connection;
    std::unique_ptr<Session> session;
    std::string host;
    std::uint64_t number = 0;  // in the order in which they came
    Place place = {};
    bool is_awake = false;     // in awake_
    bool is_held = false;      // not received
    bool is_closed = false;    // by the other side
    bool is_leaving = false;   // over; it goes once all is sent
    std::uint64_t unsent = 0;  // by the network, when it was last looked at
    Time unsent_since = never;
    Time due = never;        // in due_, unless never; may be too early
    std::uint64_t held = 0;  // when it was last looked at; counted in held_
  };

  void accepted(std::unique_ptr<env::Connection>);
  void received(Guest&, std::string_view bytes);
  void wake(Guest&);
  void serve_awake();
  void serve(Guest&);
  void look_at_unsent(Guest&, Time now);
  void count_held(Guest&);
  void make_room();
  void set_due(Guest&);
  void ring();
  void remove(Guest&);

  env::Loop& loop_;
  const env::Clock& clock_;
  env::Network& network_;
  Router& router_;
  ServerOptions options_;
  env::TimerId timer_;
  Time armed_ = never;
  std::vector<std::unique_ptr<env::Listener>> listeners_;
  std::list<Guest> guests_;
  std::map<std::string, std::size_t> hosts_;
  std::vector<Guest*> awake_;
  std::map<Due, Guest*> due_;
  std::uint64_t held_ = 0;  // by all
  bool serves_soon_ = false;
  bool drains_ = false;
  env::Done<> drained_;
  std::string out_;
  ServerCounters counters_;
  env::Life life_;
};

void Server::Door::listen(std::string address, env::Done<Result<std::string>> done) {
  network_.listen(
      std::move(address),
      [this, life = life_.watch()](std::unique_ptr<env::Connection> connection) {
        if (!life.expired()) accepted(std::move(connection));
      },
      life_.guard(
          [this, done = std::move(done)](Result<std::unique_ptr<env::Listener>> listener) mutable {
            if (!listener) return done(std::unexpected(listener.error()));
            const std::string at = (*listener)->address();
            if (!drains_) listeners_.push_back(std::move(*listener));
            done(at);
          }));
}

void Server::Door::accepted(std::unique_ptr<env::Connection> connection) {
  const std::string host = host_of(connection->peer());
  std::size_t& of_host = hosts_[host];
  if (drains_ || guests_.size() >= options_.most_connections ||
      of_host >= options_.most_connections_of_a_host) {
    if (of_host == 0) hosts_.erase(host);
    ++counters_.refused;
    return;
  }
  ++of_host;
  ++counters_.accepted;
  guests_.emplace_back();
  Guest& guest = guests_.back();
  guest.place = std::prev(guests_.end());
  guest.number = counters_.accepted;
  guest.host = host;
  guest.connection = std::move(connection);
  guest.session = make_connection(router_, options_.limits, guest.connection->peer(), clock_.now(),
                                  [this, &guest] { wake(guest); });
  guest.connection->begin({.received = [this, &guest](auto bytes) { received(guest, bytes); },
                           .closed =
                               [this, &guest](const Error&) {
                                 guest.is_closed = true;
                                 wake(guest);
                               },
                           .drained = [this, &guest] { wake(guest); }});
  set_due(guest);
}

void Server::Door::received(Guest& guest, std::string_view bytes) {
  counters_.bytes_in += bytes.size();
  guest.session->received(bytes, clock_.now());
  wake(guest);
}

// All that comes in a turn is answered at its end, with one send for each connection.
void Server::Door::wake(Guest& guest) {
  if (std::exchange(guest.is_awake, true)) return;
  awake_.push_back(&guest);
  if (std::exchange(serves_soon_, true)) return;
  loop_.soon(life_.guard([this] { serve_awake(); }));
}

void Server::Door::serve_awake() {
  serves_soon_ = false;
  const std::vector<Guest*> awake = std::exchange(awake_, {});
  for (Guest* const guest : awake) {
    guest->is_awake = false;
    serve(*guest);
  }
  if (!drains_ || !guests_.empty() || !drained_) return;
  loop_.soon(std::exchange(drained_, {}));
}

void Server::Door::serve(Guest& guest) {
  if (guest.is_closed) return remove(guest);
  const Time now = clock_.now();
  const std::uint64_t unsent = guest.connection->queued();
  if (!guest.is_leaving && unsent < most_unsent) {
    guest.session->take(out_, options_.limits.most_taken_bytes, now);
    counters_.bytes_out += out_.size();
    const bool may_have_more = out_.size() >= options_.limits.most_taken_bytes;
    if (!out_.empty()) guest.connection->send(std::exchange(out_, {}));
    // If all of it has left at once, nobody will say that there is room again.
    if (may_have_more && guest.connection->queued() == 0) wake(guest);
  }
  if (guest.session->over() && !std::exchange(guest.is_leaving, true) &&
      !guest.session->why().empty())
    ++counters_.broken;
  if (guest.is_leaving && guest.connection->queued() == 0) return remove(guest);
  const bool holds = guest.is_leaving || guest.session->holds();
  if (holds != guest.is_held) guest.connection->hold(guest.is_held = holds);
  look_at_unsent(guest, now);
  set_due(guest);
  count_held(guest);
}

void Server::Door::count_held(Guest& guest) {
  held_ -= guest.held;
  guest.held = guest.session->held() + guest.connection->queued();
  held_ += guest.held;
  if (held_ > options_.most_held_bytes) make_room();
}

// Nobody's share is small enough to be spared, as who means harm comes with many connections.
void Server::Door::make_room() {
  while (held_ > options_.most_held_bytes) {
    Guest& most = *std::ranges::max_element(guests_, {}, &Guest::held);
    held_ -= std::exchange(most.held, 0);
    most.is_closed = true;
    ++counters_.broken;
    wake(most);
  }
}

// A client that lets its end of the network fill up for too long is gone, or might as well be.
void Server::Door::look_at_unsent(Guest& guest, Time now) {
  const std::uint64_t unsent = guest.connection->queued();
  if (unsent == 0) {
    guest.unsent_since = never;
  } else if (guest.unsent_since == never || unsent < guest.unsent) {
    guest.unsent_since = now;
  }
  guest.unsent = unsent;
}

// The timer is not moved for each call: it may ring too early, and then looks again.
void Server::Door::set_due(Guest& guest) {
  Time next = guest.is_leaving ? never : guest.session->deadline();
  if (guest.unsent_since != never)
    next = std::min(next, later(guest.unsent_since, options_.limits.taken_within));
  if (next >= guest.due) return;
  if (guest.due != never) due_.erase({guest.due, guest.number});
  guest.due = next;
  due_.emplace(Due{next, guest.number}, &guest);
  if (next >= armed_) return;
  armed_ = next;
  loop_.set(timer_, next);
}

void Server::Door::ring() {
  const Time now = clock_.now();
  armed_ = never;
  while (!due_.empty() && due_.begin()->first.first <= now) {
    Guest& guest = *due_.begin()->second;
    due_.erase(due_.begin());
    guest.due = never;
    look_at_unsent(guest, now);
    if (guest.unsent_since != never &&
        later(guest.unsent_since, options_.limits.taken_within) <= now) {
      ++counters_.broken;
      guest.is_closed = true;
      wake(guest);
      continue;
    }
    if (!guest.is_leaving && guest.session->deadline() <= now) {
      guest.session->tick(now);
      wake(guest);
      continue;  // serve() sets when it is due again
    }
    set_due(guest);
  }
  if (due_.empty() || due_.begin()->first.first >= armed_) return;
  armed_ = due_.begin()->first.first;
  loop_.set(timer_, armed_);
}

void Server::Door::remove(Guest& guest) {
  if (guest.due != never) due_.erase({guest.due, guest.number});
  if (guest.is_awake) std::erase(awake_, &guest);
  held_ -= guest.held;
  const auto of_host = hosts_.find(guest.host);
  if (--of_host->second == 0) hosts_.erase(of_host);
  // Its calls are cancelled now, and these may wake others, but not this one.
  guest.is_awake = true;
  guest.session.reset();
  guests_.erase(guest.place);
}

void Server::Door::drain(env::Done<> done) {
  drains_ = true;
  drained_ = std::move(done);
  listeners_.clear();
  const Time now = clock_.now();
  for (Guest& guest : guests_) {
    guest.session->drain(now);
    wake(guest);
  }
  if (std::exchange(serves_soon_, true)) return;
  loop_.soon(life_.guard([this] { serve_awake(); }));
}

Server::Server(env::Loop& loop, const env::Clock& clock, env::Network& network, Router& router,
               ServerOptions options)
    : door_(std::make_unique<Door>(loop, clock, network, router, options)) {}

Server::~Server() = default;

void Server::listen(std::string address, env::Done<Result<std::string>> done) {
  door_->listen(std::move(address), std::move(done));
}

void Server::drain(env::Done<> done) { door_->drain(std::move(done)); }

std::size_t Server::connections() const { return door_->connections(); }

const ServerCounters& Server::counters() const { return door_->counters(); }

}  // namespace bowline::rpc
