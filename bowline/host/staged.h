// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/env/env.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/hello.h"

// A network of which the test plays the other side.
namespace bowline::host {

// A connection to somebody whom the test plays.
struct Stage {
  std::optional<env::Identity> identity;
  env::Connection::Hooks hooks;
  std::string sent = {};
  std::uint64_t queued = 0;  // as the connection says
  bool is_there = true;

  void say(const std::string& bytes) { hooks.received(bytes); }
  std::string refusal() const {
    wire::FrameReader reader(1 << 20);
    std::vector<wire::Frame> frames;
    ensure(reader.feed(sent, frames).has_value());
    for (const wire::Frame& frame : frames)
      if (frame.kind == wire::FrameKind::refusal) return wire::refusal_in(frame);
    return "";
  }
};

class StagedConnection final : public env::Connection {
 public:
  explicit StagedConnection(Stage& stage) : stage_(stage) {}
  ~StagedConnection() override { stage_.is_there = false; }
  StagedConnection(const StagedConnection&) = delete;
  StagedConnection& operator=(const StagedConnection&) = delete;
  void begin(Hooks hooks) override { stage_.hooks = std::move(hooks); }
  void send(std::string bytes) override { stage_.sent += bytes; }
  std::uint64_t queued() const override { return stage_.queued; }
  void hold(bool) override {}
  std::string peer() const override { return "10.0.0.9:4321"; }
  std::optional<env::Identity> identity() const override { return stage_.identity; }

 private:
  Stage& stage_;
};

inline wire::Hello hello(std::uint64_t self, std::uint64_t wanted = 0) {
  wire::Hello hello;
  hello.self = {self};
  hello.wanted = {wanted};
  hello.disk = {100 + self};
  hello.boot = 17;
  hello.cluster_name = "prod";
  return hello;
}

inline env::Identity certified(std::uint64_t node, const std::string& cluster = "prod") {
  return {.node = NodeId{node}, .cluster = cluster};
}

// Does at once what is to be done soon, when the test says so; no timer ever rings.
class Hand final : public env::Loop, public env::Clock {
 public:
  env::TimerId timer(std::move_only_function<void()>) override { return env::TimerId{++timers_}; }
  void set(env::TimerId, Time) override {}
  void drop(env::TimerId) override {}
  void soon(env::Done<> work) override { soon_.push_back(std::move(work)); }
  void aside(env::Done<> work, env::Done<> done) override {
    work();
    soon(std::move(done));
  }
  Time now() const override { return {}; }
  std::int64_t wall_ms() const override { return 0; }
  void run() {
    for (; !soon_.empty(); soon_.pop_front()) soon_.front()();
  }

 private:
  std::uint64_t timers_ = 0;
  std::deque<env::Done<>> soon_;
};

class StagedNetwork final : public env::Network {
 public:
  explicit StagedNetwork(Hand& hand) : hand_(hand) {}
  void listen(std::string, Accepted accepted,
              env::Done<Result<std::unique_ptr<env::Listener>>> done) override {
    accepted_ = std::move(accepted);
    hand_.soon([done = std::move(done)]() mutable { done(std::make_unique<StagedListener>()); });
  }
  void connect(std::string, env::Done<Result<std::unique_ptr<env::Connection>>> done) override {
    hand_.soon([done = std::move(done)]() mutable {
      done(std::unexpected(Error{Fault::unreachable, "nobody is there"}));
    });
  }
  void call(Stage& stage) { accepted_(std::make_unique<StagedConnection>(stage)); }

 private:
  struct StagedListener final : env::Listener {
    std::string address() const override { return "10.0.0.1:2380"; }
  };

  Hand& hand_;
  Accepted accepted_;
};

}  // namespace bowline::host
