// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/sim/network.h"

namespace bowline::sim {

// How connections behave. The weather is that of the links below them.
struct StreamClimate {
  Duration connect_timeout = std::chrono::seconds(1);
  // Who is silent for so long, though there is something to acknowledge, is gone.
  Duration user_timeout = std::chrono::seconds(3);
  // What is not acknowledged is sent again after so long, then after twice that, and so on, up to
  // the second of them: so that all recovers soon after a link heals.
  Duration retransmit = std::chrono::milliseconds(200);
  Duration retransmit_at_most = std::chrono::seconds(1);
  Duration rest = std::chrono::microseconds(100);  // until the rest of a chunk comes, in the mean
  std::uint64_t window_bytes = 128 << 10;          // that the kernels hold, of one direction
  std::uint32_t pieces_ppm = 0;                    // of what is received: its rest comes later
  std::uint32_t breaks_ppm = 0;                    // of chunks: the connection is reset, by nobody
  std::uint32_t flipped_ppm = 0;                   // of chunks: one bit of it changes on the way
};

struct StreamCounters {
  std::uint64_t connections = 0;  // that opened
  std::uint64_t refused = 0;      // nobody listened
  std::uint64_t unanswered = 0;   // nobody answered in time
  std::uint64_t resets = 0;       // sides that were closed by one
  std::uint64_t timeouts = 0;     // and by having waited too long
  std::uint64_t broken = 0;       // that broke by themselves
  std::uint64_t chunks = 0;
  std::uint64_t bytes = 0;  // in these, once each
  std::uint64_t retransmits = 0;
  std::uint64_t in_pieces = 0;
  std::uint64_t flipped = 0;
};

// Of a connection.
enum class Side : std::uint8_t { caller, answerer };
constexpr Side other(Side side) { return side == Side::caller ? Side::answerer : Side::caller; }

// One side of one connection.
struct Plug {
  std::uint64_t cable = 0;
  Side side = Side::caller;
};

struct Packet {
  enum class Kind : std::uint8_t {
    chunk,
    acknowledgement,
    probe,  // asks for an acknowledgement
    reset,
    // These do not travel: they remind a side of something.
    alarm,
    deadline,
  };
  Kind kind = Kind::chunk;
  Plug to;
  std::uint64_t number = 0;  // of a chunk, an alarm; or of the first chunk not acknowledged
  std::uint64_t taken = 0;   // an acknowledgement: bytes that the process has taken
  bool travels() const { return kind < Kind::alarm; }
};

// Carries packets over the links between nodes, and keeps what is under way in order of time.
class Wires {
 public:
  Wires(Network& links, const StreamClimate& climate, const Time& now)
      : links_(links), climate_(climate), now_(now) {}

  Time now() const { return now_; }
  const StreamClimate& climate() const { return climate_; }
  StreamCounters& counters() { return counters_; }
  const StreamCounters& counters() const { return counters_; }

  void send(NodeId from, NodeId to, const Packet&);
  void remind(Time when, const Packet&);
  // A link that was cut since a packet left loses it, too.
  bool cut(NodeId from, NodeId to) const { return links_.cut(from, to); }

  Time next_at() const { return heap_.empty() ? never : heap_.front().at; }
  Packet take();

 private:
  struct Event {
    Time at;
    std::uint64_t order = 0;
    Packet packet;
  };
  static bool later(const Event& a, const Event& b) {
    return a.at != b.at ? a.at > b.at : a.order > b.order;
  }

  Network& links_;
  const StreamClimate& climate_;  // may change at any time
  const Time& now_;
  StreamCounters counters_;
  std::uint64_t orders_ = 0;
  std::vector<Event> heap_;
};

}  // namespace bowline::sim
