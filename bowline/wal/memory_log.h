// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <limits>
#include <string>
#include <vector>

#include "bowline/base/id_map.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/wal/log_store.h"

namespace bowline::wal {

// The logs of all groups in memory and nowhere else: for tests of programs, and for groups whose
// state may go with their processes. What was submitted is called durable in the next turn of the
// loop. It is empty at each start, under another identity: to its groups the node is as one that
// lost its disk, so that nobody counts on votes and entries that it has forgotten.
class MemoryLog final : public LogStore {
 public:
  struct Options {
    std::uint64_t most_bytes = std::uint64_t{1} << 30;  // of all entries; then it says it is full
    std::uint64_t payload_bytes = 16 << 20;             // of an entry: it takes no larger one

    std::string fault() const;  // what is wrong with them, as a sentence; empty: nothing
  };

  explicit MemoryLog(Setting setting) : MemoryLog(std::move(setting), Options{}) {}
  MemoryLog(Setting, Options);  // which must have no fault

  void open(env::Done<Result<Opened>>) override;
  void submit(GroupId, raft::Persist&&) override;
  void forget(GroupId) override;
  void flush() override;
  raft::Batch peek(GroupId, Index after, Index through, std::uint64_t bytes) const override;
  void fetch(GroupId, Index after, Index through, std::uint64_t bytes,
             env::Done<Result<raft::Batch>>) override;
  std::uint64_t most_payload_bytes() const override { return options_.payload_bytes; }
  bool outlives_the_process() const override { return false; }
  bool idle() const override { return waiting_.empty() && !landing_; }
  std::uint64_t bytes() const override { return bytes_; }

 private:
  struct Kept {
    raft::Entry entry;
    std::uint64_t number = 0;  // of the write that brought it
  };
  using Kepts = std::deque<Kept>;  // consecutive indexes
  struct Write {                   // that is not reported yet
    GroupId group;
    Seq seq;
    bool forget = false;
  };
  static constexpr std::uint64_t any = std::numeric_limits<std::uint64_t>::max();

  void keep(Kepts&, const raft::Persist&);
  void drop_front(Kepts&);
  void drop_back(Kepts&);
  // Those that writes through this number brought.
  raft::Batch entries(GroupId, Index after, Index through, std::uint64_t bytes,
                      std::uint64_t written) const;
  void landed();
  void tell_fullness();

  env::Env env_;
  Owner owner_;
  Incarnation fresh_;
  Hooks hooks_;
  Options options_;
  IdMap<GroupId, Kepts> groups_;  // those that have entries
  std::vector<Write> waiting_;
  std::vector<Write> flight_;
  std::uint64_t numbers_ = 0;  // of writes
  std::uint64_t flying_ = 0;   // through this one they are under way
  std::uint64_t durable_ = 0;
  std::uint64_t bytes_ = 0;
  bool landing_ = false;
  bool full_ = false;
  env::Life life_;  // the last: callbacks end before anything else
};

}  // namespace bowline::wal
