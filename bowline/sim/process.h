// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/sim/running.h"
#include "bowline/wal/log.h"

namespace bowline::sim {

// The process of a node whose core is driven by hand: only the log on its disk is real. What the
// log reports is kept until the world comes for it, so that nothing happens inside of a callback.
class Process final : public Running {
 public:
  static constexpr GroupId group{1};

  // Opens the log at once: no time passes. `refusal` says why it could not be.
  Process(Platter&, Chance&, const Clock&, Time now, wal::Owner, Incarnation fresh,
          std::uint64_t tail_bytes);

  const raft::Found& found() const { return found_; }  // of the one group

  // Written at once: no time passes either.
  void found_with(raft::Persist);
  void submit(raft::Persist);
  std::vector<Seq> persisted() { return std::exchange(persisted_, {}); }

  // What the log has in memory of the entries in (after, through]. Empty: not the first of them.
  raft::Batch peek(Index after, Index through) const;
  // What it has on disk. The answer bears the number.
  void fetch(Index after, Index through, std::uint32_t number);
  struct Answer {
    std::uint32_t number = 0;
    Result<raft::Batch> result;
  };
  std::vector<Answer> answers();
  const std::vector<std::uint32_t>& unanswered() const { return unanswered_; }

  // Entries that the log has given up by itself.
  std::vector<raft::Stretch> lost() { return std::exchange(lost_, {}); }
  bool idle() const { return log_->idle(); }
  // Whether the log found no space for more, each time that this changed.
  std::vector<bool> fullness() { return std::exchange(fullness_, {}); }
  bool tells_the_truth() const { return Running::tells_the_truth(*log_); }

 private:
  wal::Log::Hooks hooks();
  void drain();

  std::unique_ptr<wal::Log> log_;
  raft::Found found_;
  std::vector<Seq> persisted_;
  std::vector<Answer> answers_;
  std::vector<std::uint32_t> unanswered_;
  std::vector<raft::Stretch> lost_;
  std::vector<bool> fullness_;
};

}  // namespace bowline::sim
