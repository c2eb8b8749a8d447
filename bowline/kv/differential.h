// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/env/memory_extents.h"
#include "bowline/kv/kv_machine.h"
#include "bowline/kv/long_range.h"
#include "bowline/kv/model.h"
#include "bowline/kv/random_requests.h"
#include "bowline/kv/watch_checker.h"

namespace bowline::kv {

// A machine, and the model that is told the same.
struct Twin {
  explicit Twin(const ValueMemory& memory)
      : machine(Watches::Bounds{.batch_bytes = 700, .fragment_bytes = 400}, memory) {}

  KvMachine machine;
  model::Model model;
  std::uint64_t applied = 0;  // of the log
  struct Stream {
    StreamId id = 0;
    std::unique_ptr<WatchChecker> checker;
  };
  std::vector<Stream> streams;
  struct Slow {  // a range that is answered in slices
    LongRange range;
    std::string wanted;  // as the model answered it when it began
  };
  std::optional<Slow> slow;
};

// Two replicas and one log, as a seed says: one applies at once, the other lags behind and is given
// snapshots. Whatever happens, each does what its model does.
class Differential {
 public:
  explicit Differential(std::uint64_t seed);
  // Empty, or what was the first thing that differed.
  std::string run(std::uint64_t steps);
  std::uint64_t commands() const { return log_.size(); }
  std::uint64_t events() const;
  std::uint64_t ended() const;
  std::uint64_t installed() const { return installed_; }
  std::uint64_t slow_reads() const { return slow_reads_; }          // that commands came between
  std::uint64_t left_memory() const { return extents_->sealed(); }  // extents with old values
  std::uint64_t came_back() const { return extents_->dropped(); }

 private:
  struct Entry {
    std::uint64_t term = 0;
    std::string command;
  };
  struct Taken {  // a snapshot on its way
    std::unique_ptr<machine::Reader> reader;
    model::Model model;
    std::uint64_t index = 0;
    std::string bytes;
  };

  void step();
  void propose();
  void apply(Twin&, std::uint64_t most);
  void read(Twin&);
  void read_on(Twin&);
  void watch(Twin&);
  void take_snapshot();
  void install();
  void compare(const Twin&);
  void finish(Twin&);
  void compare_snapshots();
  void expect(bool holds, const std::string& what);
  Twin& any() { return random_.prng().chance(60) ? leader_ : follower_; }

  RandomRequests random_;
  std::uint64_t term_ = 2;
  std::vector<Entry> log_;
  bool asks_;                                    // whether a snapshot is ready
  std::shared_ptr<env::MemoryExtents> extents_;  // of both
  Twin leader_;
  Twin follower_;
  std::unique_ptr<Taken> taken_;
  std::uint64_t installed_ = 0;
  std::uint64_t slices_ = 0;
  std::uint64_t slow_reads_ = 0;
  std::string fault_;
};

std::string all_of(machine::Reader&, std::size_t most);

}  // namespace bowline::kv
