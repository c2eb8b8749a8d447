// SPDX-License-Identifier: Apache-2.0
#include "bowline/env/conformance_talk.h"

#include <optional>
#include <string_view>
#include <utility>

namespace bowline::env {

Side::Side(Talk& talk, std::unique_ptr<Connection> connection)
    : talk_(talk), connection_(std::move(connection)) {}

void Side::note_hook() {
  talk_.expect(!talk_.is_within(), "a hook was called within a call");
  talk_.expect(is_there(), "a hook was called of a connection that is gone");
  talk_.expect(closed == 0, "a hook was called after it was closed");
}

void Side::begin() {
  Connection::Hooks hooks;
  hooks.received = [this](std::string_view bytes) {
    note_hook();
    talk_.expect(!bytes.empty(), "no bytes were received");
    received += bytes;
    on_received();
  };
  hooks.closed = [this](const Error& why) {
    note_hook();
    talk_.expect(!why.what.empty(), "it was closed without a reason");
    ++closed;
    on_closed();
  };
  hooks.drained = [this] {
    note_hook();
    talk_.expect(queued() == 0, "drained, although something is queued");
    ++drained;
    on_drained();
  };
  talk_.within([&] { connection_->begin(std::move(hooks)); });
}

void Side::send(const std::string& bytes) {
  talk_.within([&] { connection_->send(bytes); });
}

void Side::hold(bool held) {
  talk_.within([&] { connection_->hold(held); });
}

void Side::end() {
  talk_.within([&] { connection_.reset(); });
}

bool Talk::expect(bool holds, const std::string& wrong) {
  if (!holds && wrong_.empty()) wrong_ = wrong;
  return holds;
}

// After the first thing that went wrong nothing is waited for: it may never come.
bool Talk::wait(const std::function<bool()>& holds, const std::string& wrong) {
  if (!wrong_.empty()) return false;
  return expect(field_.run_until([&] { return !wrong_.empty() || holds(); }), wrong) &&
         wrong_.empty();
}

void Talk::within(const std::function<void()>& call) {
  const bool was_within = std::exchange(is_within_, true);
  call();
  is_within_ = was_within;
}

Side* Talk::add(std::unique_ptr<Connection> connection) {
  return sides_.emplace_back(std::make_unique<Side>(*this, std::move(connection))).get();
}

Result<std::unique_ptr<Listener>> Talk::try_to_listen(const std::string& address) {
  using Listened = Result<std::unique_ptr<Listener>>;
  const auto result = std::make_shared<std::optional<Listened>>();
  within([&] {
    field_.network().listen(
        address,
        [this](std::unique_ptr<Connection> connection) {
          expect(!is_within_, "accepted within a call");
          if (expect(connection != nullptr, "nothing was accepted"))
            accepted_.push_back(add(std::move(connection)));
        },
        [this, result](Listened listened) {
          expect(!is_within_, "listen() called back within a call");
          expect(!result->has_value(), "listen() called back twice");
          *result = std::move(listened);
        });
  });
  if (!wait([&] { return result->has_value(); }, "listen() never called back"))
    return std::unexpected(Error{Fault::io, wrong_});
  return std::move(**result);
}

std::unique_ptr<Listener> Talk::listen(const std::string& address) {
  Result<std::unique_ptr<Listener>> listener = try_to_listen(address);
  if (!listener) expect(false, "listen() failed: " + listener.error().what);
  return listener ? std::move(*listener) : nullptr;
}

std::unique_ptr<Listener> Talk::listen() { return listen(field_.address()); }

Result<std::unique_ptr<Connection>> Talk::try_to_connect(const std::string& address) {
  using Connected = Result<std::unique_ptr<Connection>>;
  const auto result = std::make_shared<std::optional<Connected>>();
  within([&] {
    field_.another().connect(address, [this, result](Connected connected) {
      expect(!is_within_, "connect() called back within a call");
      expect(!result->has_value(), "connect() called back twice");
      *result = std::move(connected);
    });
  });
  if (!wait([&] { return result->has_value(); }, "connect() never called back"))
    return std::unexpected(Error{Fault::io, wrong_});
  return std::move(**result);
}

Side* Talk::connect(const std::string& address) {
  Result<std::unique_ptr<Connection>> connection = try_to_connect(address);
  if (connection) return add(std::move(*connection));
  expect(false, "connect() failed: " + connection.error().what);
  return nullptr;
}

Pair Talk::pair() {
  const std::unique_ptr<Listener> listener = listen();
  if (listener == nullptr) return {};
  const std::size_t before = accepted_.size();
  Side* const other = connect(listener->address());
  if (other == nullptr) return {};
  if (!wait([&] { return accepted_.size() > before; }, "nothing was accepted")) return {};
  return {.one = accepted_[before], .other = other};
}

Pair Talk::begun_pair() {
  const Pair pair = this->pair();
  if (pair.one == nullptr) return {};
  pair.one->begin();
  pair.other->begin();
  return pair;
}

void Talk::pass_time() {
  constexpr std::size_t times = 100;
  const auto [one, other] = begun_pair();
  if (one == nullptr) return;
  one->on_received = [side = one] { side->send("x"); };
  other->on_received = [side = other] { side->send("x"); };
  one->send("x");
  const auto is_over = [side = one] { return side->received.size() >= times; };
  if (!wait(is_over, "bytes do not go around")) return;
  one->end();
  other->end();
}

}  // namespace bowline::env
