// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>

#include "bowline/base/time.h"

namespace bowline::rpc {

// What one connection may cost us. docs/RPC.md says what happens at each of them.
struct Limits {
  // Requests
  std::uint32_t most_streams = 10'000;  // at once
  std::uint64_t most_message_bytes = 2UL
                                     << 20U;  // 1.5 MiB and etcd's 512 KiB for what is around it
  std::uint64_t most_unfinished_bytes = 64UL << 20U;  // of requests that came in part
  std::uint32_t most_header_bytes = 64U << 10U;       // of one request, unpacked
  std::uint32_t most_headers = 200;
  std::uint32_t stream_window = 128U << 10U;  // more is given to a message that needs more
  std::uint32_t connection_window = 8U << 20U;

  // Answers
  std::uint64_t low_queue_bytes = 64UL << 10U;    // of a call: `drained` is told at or below this
  std::uint64_t most_queued_bytes = 64UL << 20U;  // of all calls: above, nothing more is received
  std::uint64_t most_taken_bytes = 1UL << 20U;    // handed to the network at once

  // Time
  Duration first_within = std::chrono::seconds(10);   // from the connection to its first request
  Duration header_within = std::chrono::seconds(10);  // from a request's first byte to its body
  Duration body_within = std::chrono::seconds(60);    // the client may send, but nothing comes
  Duration taken_within = std::chrono::seconds(60);   // the client takes nothing of what waits
  Duration idle_within = never.since_start;           // no call is open; etcd waits for ever
  Duration http1_idle_within = std::chrono::seconds(120);
  Duration drain_within = std::chrono::seconds(10);  // from drain() to the end, whoever waits

  // Keep-alive
  Duration ping_after = std::chrono::hours(2);            // nothing was heard
  Duration ping_within = std::chrono::seconds(20);        // for the answer
  Duration ping_at_most_every = std::chrono::seconds(5);  // of the client; with three strikes

  // Floods: so many in each second, and so many at once
  std::uint32_t resets_a_second = 200;  // of streams that we have not answered
  std::uint32_t resets_at_once = 2'000;
  std::uint32_t controls_a_second = 200;  // SETTINGS, PRIORITY, unknown and empty frames
  std::uint32_t controls_at_once = 2'000;
  std::uint32_t continuations = 16;  // of one header block

  // HTTP/1.1
  std::uint64_t most_body_bytes = 4UL << 20U;  // JSON says everything longer
  std::uint32_t most_pipelined = 16;           // requests that wait for their turn
};

}  // namespace bowline::rpc
