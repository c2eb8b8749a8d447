// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

// What clients of etcd's API saw, as it was on the wire.
namespace bowline::chaos {

using Moment = std::uint64_t;  // microseconds, of one clock for all clients

// One call of one message.
struct EtcdCall {
  enum class Kind : std::uint8_t {
    put,
    erase,
    txn,
    range,
    compact,
    grant,
    revoke,
    keep_alive,
    time_to_live
  };
  enum class Fate : std::uint8_t {
    done,     // once, between its call and its end
    refused,  // never
    unknown,  // once at any time after its call, or never
  };
  std::uint64_t client = 0;  // for people
  Kind kind = Kind::put;
  std::string request;     // its message
  std::size_t member = 0;  // that was asked, ...
  std::uint64_t life = 0;  // ... and the how manieth process of it
  Fate fate = Fate::unknown;
  std::string response;  // its message, if it was done
  std::string error;     // instead: it was done, and the answer is no
  Moment called = 0;
  Moment ended = 0;
};

// What one client that watches said and heard, in its order. It goes on elsewhere when its stream
// ends.
struct WatchStep {
  enum class Kind : std::uint8_t { opened, said, heard, broke };
  Kind kind = Kind::opened;
  Moment at = 0;
  std::size_t member = 0;
  std::uint64_t life = 0;
  std::string message;  // a WatchRequest or a WatchResponse
};
struct WatchStory {
  std::string name;        // for people
  bool is_of_all = false;  // from the first revision on, of every key: the record is made of these
  std::vector<WatchStep> steps;
};

struct EtcdHistory {
  std::vector<EtcdCall> calls;
  std::vector<WatchStory> stories;
  std::int64_t through = 0;  // those who watch were given time to hear of this in the end
};

}  // namespace bowline::chaos
