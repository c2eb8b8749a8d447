// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/sim/site.h"

namespace bowline::sim {

// The history that the group has committed, as the witnesses saw it happen: the replay that
// everything else is compared with. Filled by one witness, read by all.
class Committed {
 public:
  Index last() const { return {lines_.size()}; }
  const Line& at(Index index) const { return lines_[index.value - 1]; }
  // True if a log or a machine with this hash at `index` holds exactly what was committed.
  bool agrees(Index index, std::uint64_t prefix) const;
  LogId id_at(Index index) const { return index ? at(index).entry.id : LogId{}; }

  // The newest index that was committed by leaders of terms below this one.
  Index before(Term) const;
  // The newest term in which something was committed.
  Term term() const { return by_.empty() ? Term{} : by_.back().first; }
  const raft::Config& membership_at(Index) const;
  // Where this command is; 0: nowhere.
  Index find(std::string_view command) const;
  // A command that is there twice; 0: there is none.
  Index twice() const { return twice_; }

  void begin(raft::MembershipPtr first);
  bool begun() const { return !configs_.empty(); }
  void append(const Line&, Term by);
  // An operator gave up everything past this, and began a new cluster in this term. Of leaders of
  // such a term it knows nothing.
  void forget_after(Index keep, Term begun_anew);

 private:
  Index by_before_last() const;

  std::vector<Line> lines_;
  std::vector<raft::Config> configs_;
  std::vector<std::pair<Term, Index>> by_;      // which term committed through where
  std::map<std::string_view, Index> commands_;  // the texts belong to lines_
  Index twice_;
};

}  // namespace bowline::sim
