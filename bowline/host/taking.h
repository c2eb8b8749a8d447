// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <utility>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/pace.h"
#include "bowline/host/shelf.h"
#include "bowline/machine/state_machine.h"

namespace bowline::host {

// A snapshot of our own machine on its way to the disk. A piece is asked for when the one before it
// is written: no more of it is in memory, but for what the machine itself copies.
class Taking {
 public:
  Taking(Shelf& shelf, Pace& pace, SnapshotPtr snapshot, std::unique_ptr<machine::Reader> reader,
         env::Done<Result<void>> done)
      : shelf_(shelf),
        pace_(pace),
        snapshot_(std::move(snapshot)),
        reader_(std::move(reader)),
        done_(std::move(done)) {}

  void begin() { next(); }
  void end(Result<void>);  // nothing, if it is over
  bool is_over() const { return reader_ == nullptr; }
  GroupId group() const { return snapshot_->manifest().group; }
  std::uint64_t bytes() const { return snapshot_->manifest().bytes; }  // of the state, so far

 private:
  void next();
  Result<std::uint32_t> fill(env::Buffer&);
  void write(env::Buffer);
  void finish();
  // What to do if it went well, and if nobody ended it meanwhile.
  template <class Next>
  env::Done<Result<void>> or_end(Next next);

  Shelf& shelf_;
  Pace& pace_;
  SnapshotPtr snapshot_;
  std::unique_ptr<machine::Reader> reader_;
  env::Done<Result<void>> done_;
  bool was_last_ = false;  // the piece that is being written
  env::Life life_;
};

}  // namespace bowline::host
