// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/sim/hash.h"

namespace bowline::sim {

enum class What : std::uint8_t {
  input,     // a message, a request or a hint reaches a node
  wake,      // a core's deadline may have passed
  process,   // the loop of a node's process has something to do
  broken,    // a node's disk has failed, so its process ends
  errand,    // a courier reads the log and sends
  apply,     // the machine goes on
  snapshot,  // a snapshot of one's own is durable
  fetched,   // a snapshot of another's has arrived, or not
  start,     // a process that stopped comes back
  strike,    // the power fails, as was arranged
  cables,    // something is due on a connection
  call,      // somebody outside asked to be called
};

struct Event {
  Time at;
  What what = What::call;
  std::uint8_t node = 0;   // 0: none; of a call: whose
  std::uint32_t slot = 0;  // where the rest of it lies
  std::uint64_t life = 0;  // of the node; 0: whichever
};

// What will happen, in order of time. Events of one instant come in an order that the seed decides,
// so that every order is tried; without a seed in the order in which they were made.
class Agenda {
 public:
  explicit Agenda(std::uint64_t tie_seed) : tie_seed_(tie_seed) {}

  bool empty() const { return heap_.empty(); }
  Time next_at() const { return heap_.front().event.at; }
  std::size_t size() const { return heap_.size(); }

  void add(Event event) {
    ++made_;
    const std::uint64_t tie = tie_seed_ == 0 ? made_ : mixed(tie_seed_, made_);
    heap_.push_back({event, tie, made_});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  Event take() {
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Event event = heap_.back().event;
    heap_.pop_back();
    return event;
  }

 private:
  struct Item {
    Event event;
    std::uint64_t tie;
    std::uint64_t number;
  };
  static bool later(const Item& a, const Item& b) {
    if (a.event.at != b.event.at) return a.event.at > b.event.at;
    if (a.tie != b.tie) return a.tie > b.tie;
    return a.number > b.number;
  }

  std::uint64_t tie_seed_;
  std::uint64_t made_ = 0;
  std::vector<Item> heap_;
};

// Things that wait, named by small numbers which are used again.
template <class Thing>
class Pool {
 public:
  std::uint32_t put(Thing thing) {
    if (free_.empty()) {
      things_.push_back(std::move(thing));
      return static_cast<std::uint32_t>(things_.size() - 1);
    }
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    things_[slot] = std::move(thing);
    return slot;
  }
  const Thing& at(std::uint32_t slot) const { return things_[slot]; }
  Thing take(std::uint32_t slot) {
    free_.push_back(slot);
    return std::exchange(things_[slot], Thing{});
  }

 private:
  std::vector<Thing> things_;
  std::vector<std::uint32_t> free_;
};

}  // namespace bowline::sim
