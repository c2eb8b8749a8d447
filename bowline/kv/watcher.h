// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bowline/kv/interval.h"
#include "bowline/kv/watches.h"

// What Watches keeps of each stream and each watcher.
namespace bowline::kv {

struct WatchStream;

struct Watcher {
  enum class State : std::uint8_t {
    synced,   // has been told all; is told of each write as it comes
    waiting,  // is to be given the past, from `next` on
    joined,   // is being given it
    blocked,  // as waiting, but its stream has no room
  };

  Interval keys() const { return {key, range_end}; }

  WatchStream* stream = nullptr;
  WatchId id = 0;
  std::uint64_t serial = 0;  // of all watchers, in the order in which they came
  std::string key;
  std::string range_end;
  bool no_put = false;
  bool no_erase = false;
  bool prev_kv = false;
  bool fragment = false;
  bool progress_notify = false;
  bool was_told = false;  // something, since the last progress_due()

  State state = State::waiting;
  // It needs nothing that is older. While it is synced or joined, what was told to all of these
  // counts as well.
  std::int64_t next = 0;
  std::size_t place = 0;                // in its group: the group's
  std::size_t joined_place = 0;         // in the list of those that joined
  std::vector<const Version*> pending;  // for it, within one call; its own order
};

struct WatchStream {
  WatchSink* sink = nullptr;
  std::map<WatchId, std::unique_ptr<Watcher>> watchers;
  std::map<std::uint64_t, Watcher*> blocked;  // by serial
};

}  // namespace bowline::kv
