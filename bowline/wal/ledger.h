// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <ranges>
#include <vector>

namespace bowline::wal {

// What each segment is still needed for: about how many bytes of entries, hard states and bases, of
// which the newest copy is there. A segment that is needed for nothing can go.
class Ledger {
 public:
  struct Need {
    std::uint64_t segment = 0;
    std::uint64_t bytes = 0;  // never 0
  };
  using Needs = std::vector<Need>;  // of one group, which keeps them; older segments first

  void opened(std::uint64_t segment) { segments_[segment]; }
  void ended(std::uint64_t segment, std::uint64_t blocks) { segments_.at(segment).end = blocks; }
  void gone(std::uint64_t segment) { segments_.erase(segment); }
  void add(std::uint64_t segment, Needs& of, std::uint64_t bytes);
  void take(std::uint64_t segment, Needs& of, std::uint64_t bytes);

  bool has(std::uint64_t segment) const { return segments_.contains(segment); }
  bool empty() const { return segments_.empty(); }
  std::uint64_t oldest() const { return segments_.begin()->first; }
  std::uint64_t end(std::uint64_t segment) const { return segments_.at(segment).end; }  // in blocks
  std::uint64_t live(std::uint64_t segment) const { return segments_.at(segment).live; }
  // How much of what was written is still needed, as parts of 1,000.
  std::uint64_t permille_live(std::uint64_t segment) const;
  std::uint64_t permille_live() const;  // of all segments that are not written any more
  std::size_t segments() const { return segments_.size(); }
  auto all() const { return std::views::keys(segments_); }

 private:
  struct Segment {
    std::uint64_t live = 0;
    std::uint64_t end = 0;  // 0: it is still being written
  };
  std::map<std::uint64_t, Segment> segments_;
};

}  // namespace bowline::wal
