// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/shelf.h"
#include "bowline/machine/state_machine.h"

namespace bowline::host {

// A snapshot on its way from the disk into our machine, one piece after the other. While the
// machine takes one in, the disk gives the next ones.
class Loading {
 public:
  Loading(Shelf& shelf, ConstSnapshotPtr snapshot, std::unique_ptr<machine::Writer> writer,
          env::Done<Result<raft::Base>> done)
      : shelf_(shelf),
        snapshot_(std::move(snapshot)),
        writer_(std::move(writer)),
        done_(std::move(done)) {}

  void begin() { next(); }
  void end(Result<void>);  // nothing, if it is over
  bool is_over() const { return writer_ == nullptr; }
  GroupId group() const { return snapshot_->manifest().group; }
  std::uint64_t bytes() const { return bytes_; }  // of the state, that the machine has
  std::uint64_t of_bytes() const { return snapshot_->manifest().bytes; }

 private:
  void next();
  void came(std::uint32_t piece, Result<env::Buffer>);
  Result<void> add_first();

  Shelf& shelf_;
  ConstSnapshotPtr snapshot_;
  std::unique_ptr<machine::Writer> writer_;
  env::Done<Result<raft::Base>> done_;
  std::uint64_t bytes_ = 0;
  std::uint32_t piece_ = 0;  // the first that the machine does not have
  std::deque<std::optional<Result<env::Buffer>>> ahead_;  // from there on; empty: still asked for
  env::Life life_;
};

}  // namespace bowline::host
