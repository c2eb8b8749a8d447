// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "bowline/base/ids.h"

namespace bowline::wal {

// Where a batch lies.
struct Spot {
  std::uint64_t segment = 0;
  std::uint32_t block = 0;
  std::uint32_t row = 0;  // which of its table
  friend bool operator==(const Spot&, const Spot&) = default;
};

// Consecutive entries of one term, in one row of one batch.
struct Run {
  Index first;
  Term term;
  std::uint32_t count = 0;
  std::uint32_t skip = 0;   // entries of the row before these
  std::uint32_t bytes = 0;  // about what they take there
  Spot where;
  bool lost = false;  // the payloads cannot be read

  Index last() const { return first + (count - 1); }
  friend bool operator==(const Run&, const Run&) = default;
};

// Adds an entry of so many bytes that is the `skip`th of its row.
void extend(std::vector<Run>& runs, LogId, std::uint64_t bytes, Spot where, std::uint32_t skip,
            bool lost = false);

// Where the entries of one group are: runs by rising index, none twice. A gap is what nobody wrote
// (yet): while a log is replayed its oldest parts may be gone, and what made them needless is met
// later.
class Runs {
 public:
  bool empty() const { return runs_.empty(); }
  Index last() const;  // 0 if empty
  const std::vector<Run>& all() const { return runs_; }
  const Run* at(Index) const;

  // What is not needed any more goes to `dropped`, if somebody wants to know. Those of one segment
  // that go together are one: there may be very many.
  struct Gone {
    std::uint64_t segment = 0;
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };
  using Dropped = std::vector<Gone>;
  void put(Run, Dropped* dropped = nullptr);  // in place of whatever was known of these indexes
  void cut_after(Index, Dropped* dropped = nullptr);
  void rebase(Index, Dropped* dropped = nullptr);  // forgets everything through here
  void clear(Dropped* dropped = nullptr);
  void lose(Index first, Index last);  // what is known there cannot be read

 private:
  std::size_t behind(Index) const;  // the first run that ends at this index or later
  void carve(Index first, Index last, Dropped*);

  std::vector<Run> runs_;
};

}  // namespace bowline::wal
