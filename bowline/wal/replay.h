// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/raft/core.h"
#include "bowline/wal/runs.h"
#include "bowline/wal/survey.h"

namespace bowline::wal {

// One group, as its writes leave it.
struct GroupState {
  bool known = false;  // nothing but a forgotten group is not
  raft::HardState hard;
  raft::Base base;
  std::uint64_t hard_in = 0;  // the segments with their newest copies; 0: there is none
  std::uint64_t base_in = 0;
  Runs runs;
  std::vector<raft::Config> configs;  // brought by the entries, by rising index
};

// Puts the rows of all segments together again. They may come in any order of segments: it is the
// numbers that count.
class Replay {
 public:
  void add(std::uint64_t segment, const std::vector<Batch>& batches);

  // All groups, in the order of their ids. An error: entries are missing in the midst of a log.
  Result<std::map<GroupId, GroupState>> finish();
  std::uint64_t highest_number() const { return highest_; }

 private:
  // What few rows have.
  struct Rare {
    std::optional<raft::HardState> hard;
    std::optional<raft::Base> base;
    std::optional<Index> cut_after;
    std::vector<Run> more_runs;  // after the first one
    std::vector<raft::Config> configs;
  };
  // A row, and where its entries lie. There may be one for each entry that the log holds.
  struct Change {
    GroupId group;
    std::uint64_t number = 0;
    Run run;  // of which the spot is that of the row; count 0: it brings no entries
    std::unique_ptr<Rare> rare;
    bool forget = false;
    bool discard = false;
  };

  void add_row(const Row&, Spot);
  void replay(std::map<GroupId, GroupState>&);
  static void take_away(const Change&, GroupState&);
  static void bring(const Change&, GroupState&);

  std::vector<Change> changes_;
  std::vector<Run> runs_;  // of the row that is added
  std::uint64_t highest_ = 0;
};

// What the core is told of a group.
raft::Found found(const GroupState&);

}  // namespace bowline::wal
