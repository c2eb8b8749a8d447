// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bowline/wal/replay.h"
#include "bowline/wal/survey.h"

// What a log's files hold and what an opening would make of them, for people. Reads as an opening
// does, but writes nothing, and goes on where an opening stops.
namespace bowline::wal {

struct BatchReport {
  std::uint64_t number = 0;
  std::uint64_t block = 0;
  std::uint32_t blocks = 0;
  State state = State::whole;
  bool echoed = false;             // the table comes from the next batch
  std::vector<std::uint32_t> bad;  // which of its blocks
  std::uint64_t rows = 0;
  std::uint64_t entries = 0;
  std::uint64_t lost = 0;  // of the entries
};

BatchReport report_of(const Batch&);

struct SegmentReport {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;  // of the file
  std::uint64_t end = 0;    // in blocks
  std::vector<BatchReport> batches;
  bool torn = false;
  bool newest = false;  // the log ends here
  // The next segment says nothing of this one, though it should: the last batches are in doubt.
  bool alone = false;
  std::vector<std::uint64_t> unreadable;  // blocks that the disk does not give
  std::optional<Seal> seal;               // by which it was judged
  std::string wrong;                      // why an opening would refuse the log
  std::vector<std::string> steps;         // what an opening would do here

  std::uint64_t with(State) const;
  // What only a power failure amid the last write explains as well as rot does.
  bool excused(const BatchReport&) const;
  // A disk that keeps its promises leaves no such segment.
  bool harmed() const;
};

struct Findings {
  std::vector<SegmentReport> segments;  // in the order of their numbers
  std::map<GroupId, GroupState> groups;
  std::string wrong;  // why the groups cannot be put together

  bool refused() const;  // an opening would end in an error
  bool harmed() const;   // it would not, or not without mending what rotted
};

class Inspector {
 public:
  explicit Inspector(Incarnation disk) : disk_(disk) {}

  // The newest segment first. What an opening would rebuild is rebuilt in `bytes`, which are zero
  // in blocks that are `unreadable`.
  const SegmentReport& judge(std::uint64_t number, std::span<char> bytes,
                             std::vector<std::uint64_t> unreadable = {});
  Findings finish();

 private:
  void take(SegmentReport&, const Survey&);
  void empty(SegmentReport&, bool blank);
  void refuse(SegmentReport&, std::string why);
  static void plan(SegmentReport&);

  Incarnation disk_;
  std::optional<Seal> seal_;  // of the next segment
  bool seal_missing_ = false;
  bool begun_ = false;  // a segment was met that holds something
  Replay replay_;
  Findings findings_;
};

// Of a segment that cannot be judged: all batches that can be read, in order of place, the newest
// where two share blocks. Which of them count nobody knows. Rebuilds like survey().
std::vector<Batch> salvage(std::span<char> bytes, const Place& first);

}  // namespace bowline::wal
