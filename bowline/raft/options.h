// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "bowline/base/time.h"

namespace bowline::raft {

inline constexpr std::size_t most_entries = 1 << 16;  // in one message; more is malformed

// How a group behaves. The same on every member, by custom: the timeouts of one node are promises
// that another relies on (dissertation 9.3, 6.4.1). Shared by all replicas of a host.
struct Options {
  Duration election{1'000'000'000};     // at least; at most twice
  Duration heartbeat{0};                // 0: what the factor makes of `election`
  std::uint32_t heartbeat_factor = 10;  // so many heartbeats in an election timeout

  bool pre_vote = true;
  bool check_quorum = true;

  // Reads from the leader's memory without asking anyone, while its lease holds. They trust that
  // no clock runs faster or slower than true time by more than `drift_permille`, pauses included.
  bool lease_reads = false;
  std::uint32_t drift_permille = 50;

  // A group that nobody wanted anything of for so long falls asleep, if all agree: no heartbeats,
  // no timeouts. 0: never. Only for hosts that say Suspect and Contact, see sleep.cc: from then on
  // nothing else tells that a node is gone.
  Duration hibernate_after{0};

  // A suspicion starts an election after stagger x rank; a split round tries again after a draw
  // from [retry, 3 x retry), at most `hasty_tries` times.
  Duration stagger{5'000'000};
  Duration retry{10'000'000};
  std::uint32_t hasty_tries = 5;

  std::size_t inflight_messages = 64;  // to one peer, unanswered
  std::uint64_t inflight_bytes = 4 << 20;
  std::uint64_t span_entries = 1024;  // in one SendSpan
  std::uint64_t span_bytes = 512 << 10;
  std::uint64_t uncommitted_bytes = 64 << 20;  // beyond: proposals are refused
  std::uint64_t entry_bytes = 8 << 20;         // a larger command is refused
  std::size_t pending_reads = 65'536;

  bool stop_on_removal = false;  // or go on as an onlooker

  Duration heartbeat_every() const {
    return heartbeat != Duration{0} || heartbeat_factor == 0 ? heartbeat
                                                             : election / heartbeat_factor;
  }
  // Empty if these can work; else a sentence that says what to change.
  std::string fault() const;
};

}  // namespace bowline::raft
