// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace bowline::session {

// How much is remembered. Part of the replicated state: what is forgotten has to be the same on
// every node, so these change by a command and never by the configuration of a node. The ones
// below hold until a command says otherwise, and are the same for all time.
struct Bounds {
  std::uint64_t most_sessions = 100'000;     // beyond: the one that was not used for longest ends
  std::uint64_t most_calls = 64;             // of one session, done and not acknowledged
  std::uint64_t most_answer_bytes = 64'000;  // a longer answer is given once, and not kept
  std::uint64_t most_bytes = 64'000'000;     // of all answers that are kept
  std::uint64_t lifetime_ms = 3'600'000;     // of a session that is not used
  std::uint64_t most_step_ms = 10'000;       // that one tick moves the time on

  // Empty if these can work; else a sentence that says what to change.
  std::string fault() const;
  friend bool operator==(const Bounds&, const Bounds&) = default;
};

}  // namespace bowline::session
