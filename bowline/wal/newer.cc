// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/newer.h"

#include <algorithm>

namespace bowline::wal {

bool Newer::matters(const raft::Persist& what) {
  return what.discard || what.hard_state || what.base || what.cut_after || !what.repaired.empty();
}

void Newer::add(const raft::Persist& what) {
  discards_ = discards_ || what.discard;
  hard_state_ = hard_state_ || what.hard_state;
  if (what.base) base_ = std::max(base_.value_or(Index{}), what.base->id.index);
  if (what.cut_after) cut_after_ = std::min(cut_after_.value_or(*what.cut_after), *what.cut_after);
  bool sorted = true;
  for (const raft::Entry& entry : what.repaired) {
    sorted = sorted && (repaired_.empty() || repaired_.back() < entry.id.index);
    repaired_.push_back(entry.id.index);
  }
  if (!sorted) std::ranges::sort(repaired_);
}

bool Newer::replaces(Index index) const {
  if (forgets_ || discards_) return true;
  if (base_ && index <= *base_) return true;
  if (cut_after_ && *cut_after_ < index) return true;
  return std::ranges::binary_search(repaired_, index);
}

}  // namespace bowline::wal
