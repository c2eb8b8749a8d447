// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <limits>

namespace bowline {

// A counted thing. Two different things never mix by accident, and none of them is an int.
template <class Thing>
struct Ordinal {
  std::uint64_t value = 0;

  constexpr Ordinal next() const { return {value + 1}; }
  constexpr Ordinal prev() const { return {value - 1}; }
  constexpr explicit operator bool() const { return value != 0; }
  friend constexpr auto operator<=>(Ordinal, Ordinal) = default;
  friend constexpr std::uint64_t operator-(Ordinal a, Ordinal b) { return a.value - b.value; }
  friend constexpr Ordinal operator+(Ordinal a, std::uint64_t n) { return {a.value + n}; }
};

using NodeId = Ordinal<struct NodeTag>;  // 0: nobody
using GroupId = Ordinal<struct GroupTag>;
using Term = Ordinal<struct TermTag>;
using Index = Ordinal<struct IndexTag>;    // the first entry is 1
using Seq = Ordinal<struct SeqTag>;        // numbers the writes of one replica
using Round = Ordinal<struct RoundTag>;    // numbers the heartbeats of one leader
using Ticket = Ordinal<struct TicketTag>;  // names one request of a local client

// One life of one disk. A node that comes back without its data draws a new one, so that nobody
// takes it for the member that made promises under the same id. 0: not known yet.
using Incarnation = Ordinal<struct IncarnationTag>;

// Which cluster a message belongs to. Two clusters may use the same node ids. 0: not known yet.
using ClusterId = Ordinal<struct ClusterTag>;

// A term, index or round above this is no count but damage: nothing we count gets there, and the
// arithmetic below it cannot wrap around.
inline constexpr std::uint64_t absurd = std::numeric_limits<std::uint64_t>::max() - (1ULL << 32);

// Names one entry for all time. The order is Raft's "more up to date" (dissertation 3.6.1), so the
// election restriction is written `candidate.last >= outline.last()`.
struct LogId {
  Term term;
  Index index;
  friend constexpr auto operator<=>(LogId, LogId) = default;
};

}  // namespace bowline
