// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/env/conformance.h"
#include "bowline/env/env.h"

namespace bowline::env {

class Talk;

// One side of a connection. It notes what comes, and what must not.
class Side {
 public:
  Side(Talk& talk, std::unique_ptr<Connection> connection);

  void begin();
  void send(const std::string& bytes);
  void hold(bool held);
  void end();  // destroys the connection; hooks may call this, too
  bool is_there() const { return connection_ != nullptr; }
  std::uint64_t queued() const { return connection_->queued(); }
  std::string peer() const { return connection_->peer(); }

  std::string received;
  int closed = 0;
  int drained = 0;
  // What a check does within the hook of that name, after it was noted.
  std::function<void()> on_received = [] {};
  std::function<void()> on_closed = [] {};
  std::function<void()> on_drained = [] {};

 private:
  void note_hook();

  Talk& talk_;
  std::unique_ptr<Connection> connection_;
};

struct Pair {
  Side* one = nullptr;    // that was accepted by the first process
  Side* other = nullptr;  // that connected from the other
};

// What the checks of a network are made of. The first thing that goes wrong is kept.
class Talk {
 public:
  explicit Talk(Field& field) : field_(field) {}

  const std::string& wrong() const { return wrong_; }
  // Notes what is wrong if it does not hold, or never comes to hold.
  bool expect(bool holds, const std::string& wrong);
  bool wait(const std::function<bool()>& holds, const std::string& wrong);

  // Of the first process; nullptr if that fails. Each that connects becomes a side.
  std::unique_ptr<Listener> listen();
  std::unique_ptr<Listener> listen(const std::string& address);
  Result<std::unique_ptr<Listener>> try_to_listen(const std::string& address);
  // Of the other process.
  Side* connect(const std::string& address);
  Result<std::unique_ptr<Connection>> try_to_connect(const std::string& address);
  const std::vector<Side*>& accepted() const { return accepted_; }

  // Both sides of a connection, not begun. nullptr, both of them, if something is wrong.
  Pair pair();
  Pair begun_pair();
  // As long as it takes for some bytes to go around between sides of their own, many times:
  // whatever else was under way has come by then.
  void pass_time();

  // No hook and no Done is called within a call.
  void within(const std::function<void()>& call);
  bool is_within() const { return is_within_; }

 private:
  Side* add(std::unique_ptr<Connection> connection);

  Field& field_;
  std::string wrong_;
  bool is_within_ = false;
  std::vector<std::unique_ptr<Side>> sides_;
  std::vector<Side*> accepted_;
};

}  // namespace bowline::env
