// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <memory_resource>

#include "bowline/base/id_map.h"
#include "bowline/raft/effect.h"
#include "bowline/wal/pieces.h"

namespace bowline::wal {

// The newest entries of all groups, in memory: what is not on disk yet, and as much of the rest as
// fits. Most readers want what was written last.
//
// A payload may be a small part of a frame, all of which it would keep. So what is little of one
// write is copied, all of it together: when it comes, and when a cut or a base leaves little. What
// is much makes up a fair part of its frame, and stays where it is.
class Tail {
 public:
  explicit Tail(std::uint64_t most_bytes) : most_bytes_(most_bytes) {}

  void take(GroupId, const raft::Persist&, std::uint64_t number);
  void forget(GroupId);
  void durable(std::uint64_t number);  // all writes through here; lets the oldest go

  // Those in (after, through] up to so many bytes, but at least one. Empty: the first one is not
  // here.
  raft::Batch peek(GroupId, Index after, Index through, std::uint64_t bytes) const;
  Index first(GroupId) const;  // from here on all are here; 0: none is
  std::uint64_t bytes() const { return bytes_; }
  std::size_t remembered() const { return arrivals_.size(); }  // writes; some may be gone

 private:
  struct Kept {
    raft::Entry entry;
    std::uint64_t number = 0;  // of the write that brought it
  };
  using Kepts = std::pmr::deque<Kept>;  // consecutive indexes
  struct Arrival {                      // of a write
    GroupId group;
    Index last;
    std::uint64_t number = 0;
  };

  void cut(Kepts&, Index keep);
  void drop_front(Kepts&);
  void append(Kepts&, const raft::Batch&, std::uint64_t number);
  void gather(Kepts&, std::uint64_t number);
  void drop_through(Kepts&, Index base);
  bool is_here(const Arrival&) const;
  void let_go();
  void forget_arrivals();

  std::uint64_t most_bytes_;
  std::uint64_t bytes_ = 0;
  std::uint64_t kept_ = 0;  // entries
  std::uint64_t durable_ = 0;
  Pieces pieces_;
  IdMap<GroupId, Kepts> groups_;
  std::pmr::deque<Arrival> arrivals_{&pieces_};  // of all groups, oldest first
};

}  // namespace bowline::wal
