// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>

#include "bowline/kv/version.h"

namespace bowline::kv {

// All writes that are not compacted, in the order of their revisions. Each has a number, which
// counts from the first that this process saw and says nothing to others.
class History {
 public:
  using Place = std::uint64_t;

  Place begin() const { return first_; }
  Place end() const { return first_ + versions_.size(); }
  const Version& at(Place place) const { return *versions_[place - first_]; }
  Version& at(Place place) { return *versions_[place - first_]; }
  // The first write at this revision or later.
  Place find(std::int64_t main) const;

  void append(Version& version) { versions_.push_back(&version); }
  void pop() {
    versions_.pop_front();
    ++first_;
  }

 private:
  std::deque<Version*> versions_;
  Place first_ = 0;
};

}  // namespace bowline::kv
