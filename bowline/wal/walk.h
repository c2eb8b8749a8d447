// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/wal/batch.h"

namespace bowline::wal {

// What lies at one place of a segment: a batch, or blocks of which nobody can say what they held.
struct Judged {
  std::uint64_t block = 0;  // where it begins ...
  std::uint64_t blocks = 0;
  std::uint64_t number = 0;    // ... of which batch; 0: that is not known
  std::optional<Batch> batch;  // nothing: its table cannot be read

  State state() const { return batch ? batch->state : State::damaged; }
};

// Looks through a segment of which the end is known, a piece at a time, and judges it batch by
// batch as a survey would. It never holds more than one batch and one piece.
class Walk {
 public:
  // `end`, `most`: of the segment and of a batch, in blocks.
  Walk(const Place& first, std::uint64_t end, std::uint64_t most)
      : first_(first), end_(end), most_(most) {}

  std::uint64_t wanted() const { return begin_ + heads_.size(); }  // the block that comes next
  bool ended() const { return begin_ == end_; }

  void feed(std::string_view blocks);  // the next ones
  // What comes next; a single bad block is made again. Nothing: more blocks are needed first.
  std::optional<Judged> judge();
  std::string_view blocks() const { return held_; }  // from where that begins
  void pass(const Judged&);                          // goes on behind it
  // Blocks that are held were read once more. What is good in either of both is good.
  void renew(std::uint64_t block, std::string_view blocks);

 private:
  std::uint64_t held() const { return heads_.size(); }
  std::optional<Head> candidate() const;
  std::optional<Judged> gap() const;
  Judged unknown(std::uint64_t blocks, std::uint64_t number = 0) const {
    return {.block = begin_, .blocks = blocks, .number = number, .batch = {}};
  }

  Place first_;
  std::uint64_t end_;
  std::uint64_t most_;
  std::uint64_t begin_ = 0;                // of what is held
  std::optional<std::uint64_t> last_ = 0;  // the batch before it; nothing: not known
  std::string held_;
  std::vector<Head> heads_;  // what each block says of itself; no blocks: it is bad
};

}  // namespace bowline::wal
