// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "bowline/base/few.h"
#include "bowline/base/ids.h"

namespace bowline::raft {

// Entries of one term that follow each other.
struct Held {
  LogId last;
  std::uint64_t count = 1;
  std::uint64_t bytes = 0;  // about what they weigh together
  Index first() const { return {last.index.value - count + 1}; }
};

// The log as the protocol sees it: which term each index has, about how heavy it is, and how much
// of it is on disk. The entries themselves live in the log; they pass through the core but never
// stay here.
class Outline {
 public:
  Outline() = default;
  Outline(LogId base, std::span<const Held> entries);  // as found on disk: all durable

  LogId base() const { return base_; }  // the last entry the snapshot covers
  LogId last() const { return runs_.empty() ? base_ : LogId{runs_.back().term, last_}; }
  Index durable() const { return durable_; }
  std::optional<Term> term_at(Index) const;  // none: below base, or past the end
  bool contains(LogId id) const { return term_at(id.index) == id.term; }
  // The last entry at or below `index` whose term is at most `term`: where a log of that term
  // may still agree with this one.
  LogId last_at_most(Index index, Term term) const;

  void append(Held);
  void cut_after(Index keep);     // a leader overruled everything past `keep`
  void rebase(LogId base);        // a snapshot covers through `base`, which is in the log
  void restart_from(LogId base);  // a snapshot replaces the log
  void submitted(Seq);            // what is here now is on its way to disk as write `seq`
  void persisted(Seq);            // write `seq`, and all before it, are on disk

  // Bytes in (after, through]: exact at the end, and within one grain (64 KiB) or what was found as
  // one piece elsewhere.
  std::uint64_t weight(Index after, Index through) const;

 private:
  friend class Abstraction;

  struct Write {
    Seq seq;
    Index reaches;
  };
  struct Mark {  // all entries through `index` weigh `bytes` together
    Index index;
    std::uint64_t bytes = 0;
  };
  std::uint64_t weight_through(Index) const;

  LogId base_;
  Few<LogId> runs_;  // the first entry of each run of equal terms
  Index last_;
  Index durable_;  // invariant: durable_ <= last_
  Few<Write> in_flight_;
  Few<Mark> marks_;
  std::uint64_t bytes_ = 0;  // through last_
};

}  // namespace bowline::raft
