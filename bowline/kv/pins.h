// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <set>
#include <utility>

namespace bowline::kv {

// From which revision on the past is needed by somebody: a snapshot on its way out, a long read.
using PinnedFloors = std::multiset<std::int64_t>;

// As long as this lives, the store can answer for `floor` and all that came after, even if that is
// compacted meanwhile. It costs memory: end it soon.
class Pin {
 public:
  Pin() = default;
  Pin(const std::shared_ptr<PinnedFloors>& floors, std::int64_t floor)
      : floors_(floors), place_(floors->insert(floor)) {}
  Pin(Pin&& other) noexcept : floors_(std::exchange(other.floors_, {})), place_(other.place_) {}
  Pin& operator=(Pin&& other) noexcept {
    std::swap(floors_, other.floors_);
    std::swap(place_, other.place_);
    return *this;
  }
  ~Pin() {
    if (const auto floors = floors_.lock()) floors->erase(place_);
  }

  // No: there is nothing pinned, or the state was replaced since by that of a snapshot.
  bool holds() const { return !floors_.expired(); }
  std::int64_t floor() const { return *place_; }  // if it holds
  bool is_of(const std::shared_ptr<PinnedFloors>& floors) const { return floors_.lock() == floors; }

 private:
  std::weak_ptr<PinnedFloors> floors_;
  PinnedFloors::iterator place_;
};

}  // namespace bowline::kv
