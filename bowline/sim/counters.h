// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <bit>
#include <cstdint>

#include "bowline/raft/effect.h"
#include "bowline/sim/plan.h"

namespace bowline::sim {

// What happened how often. Plain numbers, so that a process can hand them to another.
struct Counters {
  std::array<std::uint64_t, troubles> troubles_begun{};
  std::array<std::uint64_t, troubles> troubles_ended{};  // the others the calm cut short
  std::array<std::uint64_t, acts> acts_begun{};
  std::array<std::uint64_t, 3> outcomes{};  // along raft::Outcome
  std::uint64_t refused = 0;
  std::uint64_t reads_served = 0;
  std::uint64_t old_reads = 0;  // that may be a little old, and were served
  std::uint64_t old_reads_refused = 0;
  std::uint64_t unanswered = 0;  // the node of the request died

  std::uint64_t events = 0;
  std::uint64_t steps = 0;
  std::uint64_t messages = 0;
  std::uint64_t messages_lost = 0;
  std::uint64_t messages_doubled = 0;
  std::uint64_t message_bytes = 0;
  std::uint64_t writes = 0;
  std::uint64_t entries_applied = 0;

  std::uint64_t elections_won = 0;
  std::uint64_t campaigns = 0;
  std::uint64_t starts = 0;
  std::uint64_t crashes = 0;
  std::uint64_t kills = 0;
  std::uint64_t writes_lost = 0;
  std::uint64_t pauses = 0;
  std::uint64_t links_cut = 0;
  std::uint64_t blocks_hit = 0;      // of a disk: they rotted, or cannot be read
  std::uint64_t hits_mended = 0;     // at once, and nothing was lost
  std::uint64_t batches_mended = 0;  // by a start
  std::uint64_t entries_rotten = 0;
  std::uint64_t entries_mended = 0;
  std::uint64_t read_in_memory = 0;  // entries, by couriers
  std::uint64_t read_on_disk = 0;
  std::uint64_t not_readable = 0;      // that a courier met
  std::uint64_t full = 0;              // how often a log found no space
  std::uint64_t waited_for_space = 0;  // and how often something waited until it did
  std::uint64_t wipes = 0;
  std::uint64_t rejoined = 0;  // of those wiped: bound again
  std::uint64_t snapshots_taken = 0;
  std::uint64_t snapshots_fetched = 0;
  std::uint64_t fetches_failed = 0;
  std::uint64_t memberships_committed = 0;
  std::uint64_t suspicions = 0;
  std::uint64_t naps = 0;  // how often a replica fell asleep
  std::uint64_t forced = 0;
  std::uint64_t forced_with_loss = 0;  // something that was committed is gone
  std::uint64_t foreign = 0;           // messages that were dropped: of another cluster
  // Of whole nodes.
  std::uint64_t connections = 0;
  std::uint64_t connections_broken = 0;
  std::uint64_t connections_timed_out = 0;
  std::uint64_t chunks = 0;  // of bytes, on these
  std::uint64_t chunks_sent_again = 0;
  std::uint64_t chunks_flipped = 0;  // of which a bit was changed
  std::uint64_t calls_again = 0;     // tries of calls in sessions, but for the first of each
  std::uint64_t calls_done = 0;
  std::uint64_t calls_refused = 0;
  std::uint64_t calls_maybe = 0;
  std::uint64_t sessions_over = 0;
  std::uint64_t groups_founded = 0;    // side groups: lives that began
  std::uint64_t groups_destroyed = 0;  // on one node each
  std::uint64_t groups_settled = 0;    // that found a leader after the weather, and took a write
  std::uint64_t group_writes = 0;      // that their clients know to be done
  // Of the world kv.
  std::uint64_t answers = 0;         // that clients of the map got
  std::uint64_t no_answers = 0;      // of these, those that say that nobody knows
  std::uint64_t ranges_checked = 0;  // compared with a replay
  std::uint64_t watch_events = 0;
  std::uint64_t watches_resumed = 0;  // after the end of their stream
  std::uint64_t watches_compacted = 0;
  std::uint64_t leases_kept_alive = 0;
  std::uint64_t leases_expired = 0;
  std::uint64_t leases_bounded = 0;  // looks at those of which a checkpoint says what is left
  std::uint64_t old_programs = 0;    // starts of processes that do not speak the newest version
};
static_assert(sizeof(Counters) % sizeof(std::uint64_t) == 0);
inline constexpr std::size_t counter_words = sizeof(Counters) / sizeof(std::uint64_t);

// Word by word; both of them hold nothing but counts.
inline void add(const Counters& from, Counters& to) {
  using Words = std::array<std::uint64_t, counter_words>;
  const auto a = std::bit_cast<Words>(from);
  auto b = std::bit_cast<Words>(to);
  for (std::size_t i = 0; i < counter_words; ++i) b[i] += a[i];
  to = std::bit_cast<Counters>(b);
}

}  // namespace bowline::sim
