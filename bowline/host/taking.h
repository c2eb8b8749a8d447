// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/pace.h"
#include "bowline/host/shelf.h"
#include "bowline/machine/state_machine.h"

namespace bowline::host {

// A snapshot of our own machine on its way to the disk. A piece is asked for when the one before it
// is written: no more of it is in memory, but for what the machine itself copies. While the machine
// waits for a disk of its own we do not: we come again a little later.
class Taking {
 public:
  Taking(env::Env, Shelf&, Pace&, SnapshotPtr, std::unique_ptr<machine::Reader>,
         env::Done<Result<void>>);
  ~Taking();
  Taking(const Taking&) = delete;
  Taking& operator=(const Taking&) = delete;

  void begin() { next(); }
  void end(Result<void>);  // nothing, if it is over
  bool is_over() const { return reader_ == nullptr; }
  GroupId group() const { return snapshot_->manifest().group; }
  std::uint64_t bytes() const { return snapshot_->manifest().bytes; }  // of the state, so far

 private:
  void next();
  void fill();
  void filled();
  void write(env::Buffer);
  void finish();
  // What to do if it went well, and if nobody ended it meanwhile.
  template <class Next>
  env::Done<Result<void>> or_end(Next next);

  env::Env env_;
  Shelf& shelf_;
  Pace& pace_;
  SnapshotPtr snapshot_;
  std::unique_ptr<machine::Reader> reader_;
  env::Done<Result<void>> done_;
  env::Buffer piece_;       // the next one
  std::size_t filled_ = 0;  // bytes of it that are here
  bool was_last_ = false;   // the piece that is being written
  env::TimerId timer_;      // the machine was not ready
  env::Life life_;
};

}  // namespace bowline::host
