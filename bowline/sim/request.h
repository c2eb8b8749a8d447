// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "bowline/base/time.h"
#include "bowline/raft/effect.h"

namespace bowline::sim {

// One request of a client, and what became of it.
struct Request {
  enum class Kind : std::uint8_t { write, barrier, read, verify, transfer, change, recover };
  enum class State : std::uint8_t {
    waiting,
    admitted,  // in the log, undecided
    allowed,   // a read that waits for the machine
    refused,
    decided,
    served,
    lost,  // its node died; nobody will answer
  };
  Kind kind = Kind::write;
  State state = State::waiting;
  raft::Refusal why = raft::Refusal::not_leader;   // if refused
  raft::Outcome outcome = raft::Outcome::unknown;  // if decided
  NodeId node;
  NodeId leader;  // where it was sent on to, if refused
  std::uint64_t life = 0;
  LogId first;    // once admitted
  Index read_at;  // once allowed
  Time begun;     // true time
  Time ended;
  std::optional<std::string> answer;  // of a whole node's machine, to a single command

  bool open() const { return state <= State::allowed; }
  bool committed() const { return state == State::decided && outcome == raft::Outcome::committed; }
};

}  // namespace bowline::sim
