// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <set>
#include <string>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/channel.h"
#include "bowline/host/snapshot_store.h"
#include "bowline/wire/parcel.h"

namespace bowline::host {

// The side that lacks a snapshot of one group: asks for it, keeps the pieces, and ends. It repeats
// nothing. Whoever owns it begins another one when this one fails; what is on the disk then need
// not come again. Destroying it ends it, too.
class Fetching {
 public:
  // So many pieces are asked for, or on their way to our disk.
  static constexpr std::size_t window = 2;

  // `ended` is called once: with where the newest snapshot ends, which covers `at_least`. Or with
  // an error: end the connection; and if it is Fault::io, the process.
  Fetching(SnapshotStore& snapshots, env::Loop& loop, Channel& channel, GroupId group,
           LogId at_least, env::Done<Result<raft::Base>> ended)
      : snapshots_(snapshots),
        loop_(loop),
        channel_(channel),
        group_(group),
        at_least_(at_least),
        ended_(std::move(ended)) {}

  void begin();
  // What the other side says of this group.
  void hear(const wire::Parcel&);

  // How far it is. All zero until the other side has said what it has.
  struct Progress {
    std::uint32_t pieces = 0;  // that are here
    std::uint32_t of_pieces = 0;
    std::uint64_t bytes = 0;  // likewise; they rise as long as it goes on, whatever is being done
    std::uint64_t of_bytes = 0;
    std::uint64_t fetched_bytes = 0;  // of these by us, and not earlier
  };
  Progress progress() const;

 private:
  enum class State : std::uint8_t { idle, asked, beginning, pulling, ending, over };

  void offered(const wire::HaveSnapshot&);
  void came(const wire::Piece&);
  void begun(Result<SnapshotStore::Missing>);
  void pull();
  void put(std::uint32_t piece, const Result<void>&);
  void finish();
  void end(Result<raft::Base>);
  void fail(Fault, const std::string& why);

  SnapshotStore& snapshots_;
  env::Loop& loop_;
  Channel& channel_;
  GroupId group_;
  LogId at_least_;
  env::Done<Result<raft::Base>> ended_;
  State state_ = State::idle;
  Manifest manifest_;
  std::deque<std::uint32_t> missing_;  // not asked for yet
  std::set<std::uint32_t> asked_;
  std::size_t writing_ = 0;
  Progress progress_;
  env::Life life_;
};

}  // namespace bowline::host
