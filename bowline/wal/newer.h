// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "bowline/raft/core.h"

namespace bowline::wal {

// What was asked for of a group and is not settled yet. Whoever copies older writes must not bring
// back what this replaces.
class Newer {
 public:
  // A plain append replaces nothing: it need not be told.
  static bool matters(const raft::Persist&);

  void add(const raft::Persist&);
  void add_forget() { forgets_ = true; }

  bool hard_state() const { return forgets_ || hard_state_; }
  bool base() const { return forgets_ || base_; }
  bool replaces(Index) const;

 private:
  bool forgets_ = false;
  bool discards_ = false;
  bool hard_state_ = false;
  std::optional<Index> base_;
  std::optional<Index> cut_after_;  // the lowest
  std::vector<Index> repaired_;     // sorted
};

}  // namespace bowline::wal
