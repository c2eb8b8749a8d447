// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <vector>

#include "bowline/wal/replay.h"

namespace bowline::wal {

// So many entries, and the bytes of their payloads.
struct Load {
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;

  void add(std::uint64_t payload) { ++entries, bytes += payload; }
  // What of all this is `live`, in percent; each entry weighs a little even if it is empty.
  std::uint64_t percent(const Load& live) const;
};

struct SegmentLoad {
  Load all;
  Load live;                    // what no later write made needless
  std::vector<GroupId> pinned;  // by which groups: something of theirs is only here
};

struct GroupLoad {
  Load live;
  std::uint64_t oldest = 0;  // the first segment with something of it; 0: there is none
};

// What of each segment still counts. Takes the same batches a second time, once all groups are
// known, since only then it is known what was overruled.
class Weighing {
 public:
  explicit Weighing(const std::map<GroupId, GroupState>& groups) : groups_(groups) {}

  void add(std::uint64_t segment, const std::vector<Batch>&);
  // Once all are added.
  std::map<std::uint64_t, SegmentLoad> segments() const;
  std::map<GroupId, GroupLoad> groups() const;

 private:
  struct Newest {  // row of its kind: its number, and where it is
    std::uint64_t number = 0;
    std::uint64_t segment = 0;
  };
  struct Group {
    Load live;
    std::map<std::uint64_t, Load> in;  // by segment
    Newest hard;
    Newest base;
  };

  void add_row(const Row&, Spot, SegmentLoad&);

  const std::map<GroupId, GroupState>& groups_;
  std::map<std::uint64_t, SegmentLoad> segments_;
  std::map<GroupId, Group> found_;
};

}  // namespace bowline::wal
