// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/host/manifest.h"
#include "bowline/machine/state_machine.h"

namespace bowline::host {

// A whole snapshot that somebody uses. As long as they have it, its pieces can be read, also when
// there is a newer one. It may outlive the store.
class HeldSnapshot {
 public:
  HeldSnapshot() = default;
  virtual ~HeldSnapshot() = default;
  HeldSnapshot(const HeldSnapshot&) = delete;
  HeldSnapshot& operator=(const HeldSnapshot&) = delete;
  virtual const Manifest& manifest() const = 0;
};
using HeldSnapshotPtr = std::shared_ptr<const HeldSnapshot>;

// When a reader that was not ready is asked once more.
inline constexpr Duration asks_again_after = std::chrono::milliseconds(1);

// The snapshots of the groups of one thread: of each the newest, and what is to become the next
// one, as rows of pieces. It takes them from our machines, gives them back, and is given those of
// other nodes piece by piece. How they travel and whom to ask is not its affair (Transfers).
//
// Owned by the thread of the loop, where all is called. No call blocks, and none calls back before
// it has returned. Destroying it is a crash: nobody is told.
//
// An error that is Fault::io says that a write or a sync failed: nobody knows what is kept. The
// node stops then. A machine that keeps files may say so, too, by its Reader or Writer. After
// Fault::full what was written in vain is gone, and the newest is there.
class SnapshotStore {
 public:
  SnapshotStore() = default;
  virtual ~SnapshotStore() = default;
  SnapshotStore(const SnapshotStore&) = delete;
  SnapshotStore& operator=(const SnapshotStore&) = delete;

  virtual bool outlives_the_process() const { return true; }

  // First of all, and once. After an error nothing else may be called.
  virtual void open(env::Done<Result<void>>) = 0;

  // Whole and durable, and nothing of it was found to be bad yet. There until the loop goes on.
  // Null: there is none.
  virtual const Manifest* newest(GroupId) const = 0;
  virtual HeldSnapshotPtr hold(GroupId) const = 0;  // the same
  // Of which there is anything, be it what was begun only. Of these some may have left the node
  // just before it stopped: whoever knows that calls forget().
  virtual std::vector<GroupId> groups() const = 0;

  // Writes what a machine has pinned, and asks for it only while it is ready to be read. When
  // done() says so, the newest is durable, and is this one or one that is not older; the one before
  // it is given up. Those of several groups may wait for each other. Fault::exists: there is one of
  // this group under way, or a newer one that rotted.
  virtual void take(GroupId, raft::Base, std::unique_ptr<machine::Reader>,
                    env::Done<Result<void>>) = 0;
  // The newest into a machine, each piece checked, and commit()ed. Fault::corrupt: it rotted, and
  // is not the newest any more, or the machine refused it; Fault::not_found: there is none.
  virtual void load(GroupId, std::unique_ptr<machine::Writer>, env::Done<Result<raft::Base>>) = 0;

  // One of another node. Answers which pieces are missing: those that are here with the right sum
  // need not come again. What was begun of another snapshot of this group is dropped.
  // Fault::exists: the newest is not older.
  using Missing = std::vector<std::uint32_t>;
  virtual void begin_incoming(const Manifest&, env::Done<Result<Missing>>) = 0;
  // In any order. The bytes are copied at once. Fault::corrupt: they are not what the manifest
  // says, and nothing happened; Fault::not_found: nothing was begun.
  virtual void put_piece(GroupId, std::uint32_t piece, std::string_view bytes,
                         env::Done<Result<void>>) = 0;
  // When all are there: it is the newest now, unless one that is not older came meanwhile.
  // Fault::not_found: a piece is missing, or nothing was begun.
  virtual void end_incoming(GroupId, env::Done<Result<void>>) = 0;
  virtual void drop_incoming(GroupId) = 0;  // whoever waits is told: Fault::not_found
  // How much of it is here. It may rise also before begin_incoming() has answered.
  virtual std::uint64_t incoming_bytes(GroupId) const = 0;

  // For whoever fetches it. Of one that this store gave. Fault::corrupt: it rotted, and is not the
  // newest any more. Fault::full: it could not be looked at, and can be later.
  virtual void read_piece(const HeldSnapshotPtr&, std::uint32_t piece,
                          env::Done<Result<env::Buffer>>) = 0;

  // How much of the state is written, or read. A piece may be on its way still.
  struct Progress {
    std::uint64_t bytes = 0;
    std::uint64_t of_bytes = 0;  // 0: nobody knows
  };
  virtual std::optional<Progress> taking(GroupId) const = 0;  // none: nothing is being taken
  virtual std::optional<Progress> loading(GroupId) const = 0;
  virtual std::set<GroupId> busy() const = 0;  // groups of which one is being taken or loaded

  // Its machine ends: what is being taken of it, or loaded, ends as Fault::not_found.
  virtual void stop(GroupId) = 0;
  // The group left this node: that too, and who waits for one that comes is told. `done` says when
  // nothing of it can come back, not at a start either; it may wait for those who hold one of them.
  // An error: something cannot be removed.
  virtual void forget(GroupId, env::Done<Result<void>> done) = 0;
  void forget(GroupId group) { forget(group, {}); }
};

}  // namespace bowline::host
