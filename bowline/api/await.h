// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "bowline/api/group.h"

// For coroutines: `const Outcome outcome = co_await await::propose(group, "put a 1");`. Which kind
// of coroutine does not matter. It goes on on the node's thread, and so may read the state machine
// there after a read; hand over to a thread of yours before anything that takes long.
namespace bowline::await {

// To be awaited once, by whoever made it.
template <class What>
class Awaited {
 public:
  using Begin = std::move_only_function<void(env::Done<What>)>;
  explicit Awaited(Begin begin) : begin_(std::move(begin)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    // It may go on, and end us, before this returns.
    Begin begin = std::move(begin_);
    begin([this, coroutine](What what) {
      what_.emplace(std::move(what));
      coroutine.resume();
    });
  }
  What await_resume() { return *std::move(what_); }

 private:
  Begin begin_;
  std::optional<What> what_;
};

inline Awaited<Outcome> propose(Group group, std::string command, Term expected = {}) {
  return Awaited<Outcome>([group = std::move(group), command = std::move(command),
                           expected](host::Reply reply) mutable {
    group.propose(std::move(command), expected, std::move(reply));
  });
}

inline Awaited<ReadOutcome> read(Group group, raft::ReadKind kind = raft::ReadKind::linearizable) {
  return Awaited<ReadOutcome>([group = std::move(group), kind](host::ReadReply reply) {
    group.read(kind, std::move(reply));
  });
}

}  // namespace bowline::await
