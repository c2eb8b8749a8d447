// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "bowline/api/group.h"
#include "bowline/api/promise.h"

// For coroutines: `const Outcome outcome = co_await await::propose(group, "put a 1");`. Which kind
// of coroutine does not matter. It goes on on the node's thread, and so may read the state machine
// there after a read; hand over to a thread of yours before anything that takes long. Only where a
// request is refused as `full` because the node has no room, it goes on at once, where it was.
namespace bowline::await {

// What a coroutine is told whose question was dropped with a node that ended.
template <class What>
What unanswered() {
  if constexpr (std::is_same_v<What, Outcome>) {
    return Unknown{};
  } else if constexpr (std::is_same_v<What, ReadOutcome>) {
    return Refused{raft::Refusal::stopped, {}};
  } else {
    return std::unexpected(host::error_of({raft::Refusal::stopped, {}}));
  }
}

// To be awaited once, by whoever made it. It goes on in any case, also when the node ends.
template <class What>
class Awaited {
 public:
  using Begin = std::move_only_function<void(env::Done<What>)>;
  explicit Awaited(Begin begin) : begin_(std::move(begin)) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> coroutine) {
    // It may go on, and end us, before this returns.
    Begin begin = std::move(begin_);
    const auto go_on = [this, coroutine](What what) {
      what_.emplace(std::move(what));
      coroutine.resume();
    };
    begin(Kept<What>(go_on, unanswered<What>()));
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

// What `look` sees of the machine, which it reads where and when it may: see Group::query().
template <class Look>
Awaited<Seen<Look>> query(Group group, raft::ReadKind kind, Look look) {
  return Awaited<Seen<Look>>(
      [group = std::move(group), kind, look = std::move(look)](auto reply) mutable {
        group.query(kind, std::move(look), std::move(reply));
      });
}
template <class Look>
Awaited<Seen<Look>> query(Group group, Look look) {
  return query(std::move(group), raft::ReadKind::linearizable, std::move(look));
}
template <class Look>
Awaited<Seen<Look>> query_within(Group group, Duration at_most, Look look) {
  return Awaited<Seen<Look>>(
      [group = std::move(group), at_most, look = std::move(look)](auto reply) mutable {
        group.query_within(at_most, std::move(look), std::move(reply));
      });
}

// The state machine of any member, if it is at most so old.
inline Awaited<ReadOutcome> read_within(Group group, Duration at_most) {
  return Awaited<ReadOutcome>([group = std::move(group), at_most](host::ReadReply reply) {
    group.read_within(at_most, std::move(reply));
  });
}

inline Awaited<ReadOutcome> verify(Group group) {
  return Awaited<ReadOutcome>(
      [group = std::move(group)](host::ReadReply reply) { group.verify(std::move(reply)); });
}

inline Awaited<Result<NodeId>> leader(Group group, Duration within) {
  return Awaited<Result<NodeId>>([group = std::move(group), within](auto reply) {
    group.await_leader(within, std::move(reply));
  });
}

inline Awaited<Outcome> barrier(Group group) {
  return Awaited<Outcome>(
      [group = std::move(group)](host::Reply reply) { group.barrier(std::move(reply)); });
}

inline Awaited<Outcome> reconfigure(Group group, std::vector<raft::Wanted> wanted,
                                    std::optional<Index> expected = {}) {
  return Awaited<Outcome>(
      [group = std::move(group), wanted = std::move(wanted), expected](host::Reply reply) mutable {
        group.reconfigure(std::move(wanted), expected, std::move(reply));
      });
}

inline Awaited<Outcome> put_member(Group group, raft::Wanted one) {
  return Awaited<Outcome>(
      [group = std::move(group), one = std::move(one)](host::Reply reply) mutable {
        group.put_member(std::move(one), std::move(reply));
      });
}

inline Awaited<Outcome> remove_member(Group group, NodeId id) {
  return Awaited<Outcome>([group = std::move(group), id](host::Reply reply) {
    group.remove_member(id, std::move(reply));
  });
}

inline Awaited<Outcome> set_standing(Group group, NodeId id, raft::Standing standing) {
  return Awaited<Outcome>([group = std::move(group), id, standing](host::Reply reply) {
    group.set_standing(id, standing, std::move(reply));
  });
}

inline Awaited<Outcome> cancel_change(Group group) {
  return Awaited<Outcome>(
      [group = std::move(group)](host::Reply reply) { group.cancel_change(std::move(reply)); });
}

inline Awaited<Outcome> transfer(Group group, NodeId to = {}) {
  return Awaited<Outcome>(
      [group = std::move(group), to](host::Reply reply) { group.transfer(to, std::move(reply)); });
}

inline Awaited<Result<raft::Base>> snapshot(Group group) {
  return Awaited<Result<raft::Base>>(
      [group = std::move(group)](auto reply) { group.snapshot(std::move(reply)); });
}

inline Awaited<Result<raft::Base>> export_snapshot(Group group, std::string path) {
  return Awaited<Result<raft::Base>>(
      [group = std::move(group), path = std::move(path)](auto reply) mutable {
        group.export_snapshot(std::move(path), std::move(reply));
      });
}

inline Awaited<Result<host::LogPart>> read_log(Group group, Index from,
                                               std::uint64_t bytes = 1 << 20) {
  return Awaited<Result<host::LogPart>>([group = std::move(group), from, bytes](auto reply) {
    group.read_log(from, bytes, std::move(reply));
  });
}

inline Awaited<Result<void>> tune(Group group, host::GroupOptions options) {
  return Awaited<Result<void>>(
      [group = std::move(group), options = std::move(options)](auto reply) mutable {
        group.tune(std::move(options), std::move(reply));
      });
}

}  // namespace bowline::await
