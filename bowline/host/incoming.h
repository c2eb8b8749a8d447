// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/pace.h"
#include "bowline/host/shelf.h"

namespace bowline::host {

// A snapshot that comes from another node, piece by piece, in any order.
class Incoming {
 public:
  Incoming(env::Loop& loop, Shelf& shelf, Pace& pace, SnapshotPtr snapshot);

  // First of all. What an earlier life left of the same snapshot is written once more: of its files
  // nobody knows whether they, or their names, ever left a cache.
  void begin(ConstSnapshotPtr left, env::Done<Result<void>>);
  bool is_open() const { return state_ == State::open; }
  // Until it is open, or has ended.
  void wait(env::Done<Result<void>> done) { waiting_.push_back(std::move(done)); }
  const SnapshotPtr& snapshot() const { return snapshot_; }
  std::vector<std::uint32_t> missing() const;  // also those that are being written
  std::uint64_t here_bytes() const { return here_bytes_; }

  void put(std::uint32_t piece, std::string_view bytes, env::Done<Result<void>>);
  void end(env::Done<Result<void>>);
  // Whoever waits for something is told so. Nothing else may be called.
  void drop(const Error&);

 private:
  enum class State : std::uint8_t { beginning, open, ending };
  using Done = env::Done<Result<void>>;

  void copy_next(ConstSnapshotPtr left, std::uint32_t piece);
  void copy(ConstSnapshotPtr left, std::uint32_t piece, env::Buffer);
  void write(std::uint32_t piece, env::Buffer, Done);
  void written(std::uint32_t piece, Done);
  void tell(std::uint32_t piece, const Result<void>&);
  void ended(State now, Result<void>);
  void later(Done, Result<void>);

  env::Loop& loop_;
  Shelf& shelf_;
  Pace& pace_;
  SnapshotPtr snapshot_;
  State state_ = State::beginning;
  Done done_;               // of the beginning, or of the end
  std::vector<bool> here_;  // pieces that are durable, but for their names
  std::vector<Done> waiting_;
  std::uint64_t here_bytes_ = 0;
  std::uint32_t unnamed_ = 0;                           // pieces written since names were synced
  std::map<std::uint32_t, std::vector<Done>> writing_;  // and who waits for that
  env::Life life_;
};

}  // namespace bowline::host
