// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/wal/inspect.h"
#include "bowline/wal/options.h"
#include "bowline/wal/patience.h"
#include "bowline/wal/walk.h"

namespace bowline::wal {

// What scrubbing came to, since the start.
struct Scrubbed {
  struct Found {
    Time at;
    std::uint64_t segment = 0;
    BatchReport batch;
  };
  std::uint64_t bytes = 0;  // read, at most: where the disk refuses some, it is asked more often
  std::uint64_t rounds = 0;
  std::optional<Time> round_ended;  // the last one
  std::uint64_t whole = 0;          // batches, and each counts as often as it is met
  std::uint64_t mended = 0;         // one block was bad, and was written anew
  std::uint64_t damaged = 0;        // more were
  std::deque<Found> found;          // the last few that were not whole
};

// Reads what is on the disk for long, to meet what rotted there before so much of it has that it
// is lost. A little at a time: nobody waits for more than one small read.
class Scrubber {
 public:
  struct Segment {
    std::uint64_t number = 0;
    std::uint64_t end = 0;  // in blocks
    std::shared_ptr<env::File> file;
  };
  struct Hooks {
    // The oldest one behind this number that is not written any more.
    std::move_only_function<std::optional<Segment>(std::uint64_t number)> next;
    std::move_only_function<bool(std::uint64_t segment)> there;  // it did not go meanwhile
    std::move_only_function<void(std::uint64_t segment, const Judged&, std::string_view blocks)>
        damaged;
    std::move_only_function<void(std::uint64_t segment, const PatientlyRead&)> read;
    std::move_only_function<void()> mended;  // nothing is written any more
    std::move_only_function<void(Error)> broken;
  };

  Scrubber(env::Env, const Options&, Hooks);
  ~Scrubber();
  Scrubber(const Scrubber&) = delete;
  Scrubber& operator=(const Scrubber&) = delete;

  // A start has just read everything, so the first round can wait.
  void begin(Incarnation disk);
  // Something in it is being written. Until that is over, its file must not become another one.
  bool mends(std::uint64_t segment) const { return mending_ && segment_->number == segment; }
  const Scrubbed& scrubbed() const { return scrubbed_; }

 private:
  // Blocks that were not whole: they are looked at twice before anything is done.
  struct Stretch {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t next = 0;  // to be read
  };

  void go_on();
  void end_round();
  void read();
  void take(const PatientlyRead&, std::uint64_t block, std::uint64_t blocks);
  void judge_all();
  bool judge_next(const Judged&);
  void mend(const Judged&);
  void note(const Judged&);
  void rest();
  void leave();
  void pay_for(std::uint64_t bytes);

  env::Env env_;
  std::uint64_t bytes_per_second_;
  Duration every_;
  std::uint64_t most_blocks_;  // of a batch
  Hooks hooks_;
  Incarnation disk_;
  env::TimerId timer_;
  Scrubbed scrubbed_;

  Time round_began_;
  Time due_;                 // when what was read so far may have been read
  std::uint64_t after_ = 0;  // the segment before
  std::optional<Segment> segment_;
  std::optional<Walk> walk_;
  std::optional<Stretch> doubt_;
  bool mending_ = false;
  env::Life life_;
};

}  // namespace bowline::wal
