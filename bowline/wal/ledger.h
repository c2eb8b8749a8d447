// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <ranges>

#include "bowline/base/ids.h"

namespace bowline::wal {

// What each segment is still needed for: for each group the entries, the hard state and the base of
// which the newest copy is there. A segment that is needed for nothing can go.
class Ledger {
 public:
  using Needs = std::map<GroupId, std::uint64_t>;

  void opened(std::uint64_t segment) { segments_[segment]; }
  void closed(std::uint64_t segment) { segments_.erase(segment); }
  void add(std::uint64_t segment, GroupId, std::uint64_t count);
  void take(std::uint64_t segment, GroupId, std::uint64_t count);

  bool empty() const { return segments_.empty(); }
  std::uint64_t oldest() const { return segments_.begin()->first; }
  const Needs& needs(std::uint64_t segment) const { return segments_.at(segment).needs; }
  // Of all that was ever written there, as parts of 1,000.
  std::uint64_t permille_live(std::uint64_t segment) const;
  std::uint64_t live(std::uint64_t segment) const { return segments_.at(segment).live; }
  std::size_t segments() const { return segments_.size(); }
  auto all() const { return std::views::keys(segments_); }

 private:
  struct Segment {
    Needs needs;
    std::uint64_t live = 0;
    std::uint64_t ever = 0;
  };
  std::map<std::uint64_t, Segment> segments_;
};

}  // namespace bowline::wal
