// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/incoming.h"
#include "bowline/host/inventory.h"
#include "bowline/host/loading.h"
#include "bowline/host/manifest.h"
#include "bowline/host/pace.h"
#include "bowline/host/shelf.h"
#include "bowline/host/snapshot.h"
#include "bowline/host/taking.h"
#include "bowline/host/turns.h"
#include "bowline/machine/state_machine.h"

namespace bowline::host {

// The snapshots of this node's groups, as files beside those of the log: docs/SNAPSHOTS.md. Of each
// group the newest, and what is to become the next one. Owned by the shard's thread. Destroying it
// is a crash.
//
// An error that is Fault::io says that a write or a sync failed: nobody knows what the disk holds.
// Stop the process. After Fault::full what was written in vain is gone, and the newest is there.
class Snapshots {
 public:
  struct Options {
    std::uint32_t piece_bytes = 1 << 20;  // of what we take; others may have another size
    // Of what is written; 0: as fast as the disk takes it.
    std::uint64_t bytes_per_second = 0;
    std::uint32_t takes_at_once = 1;  // of all groups; each has one piece in memory
    std::uint32_t loads_at_once = 4;  // likewise; each has three

    std::string fault() const;  // what is wrong with them, as a sentence; empty: nothing
  };

  // `options` must have no fault, and the disk must be locked.
  Snapshots(env::Env, Options);
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  // First of all, and once. After an error nothing else may be called. Removes what is of no use.
  // What was begun by a fetch is kept, to go on with.
  void open(env::Done<Result<void>>);

  // Whole and durable, and nothing of it was found to be bad yet. There until the loop goes on.
  // Null: there is none.
  const Manifest* newest(GroupId) const;
  // The same. As long as somebody has it, its pieces stay where they are, also when there is a
  // newer one.
  ConstSnapshotPtr hold(GroupId) const;
  // Of which there is anything, be it what was begun only. Of these some may have left the node
  // just before it stopped: whoever knows that calls forget().
  std::vector<GroupId> groups() const;

  // Writes what a machine has pinned. When done() says so, the newest is durable, and is this one
  // or one that is not older; the one before it is given up. Takes of several groups wait for each
  // other. Fault::exists: there is one of this group under way, or a newer one that rotted.
  void take(GroupId, raft::Base, std::unique_ptr<machine::Reader>, env::Done<Result<void>>);
  // The newest into a machine, each piece checked, and commit()ed. Fault::corrupt: it rotted, and
  // is not the newest any more; Fault::not_found: there is none.
  void load(GroupId, std::unique_ptr<machine::Writer>, env::Done<Result<raft::Base>>);

  // One of another node. Answers which pieces are missing: those that are here with the right sum
  // need not come again, after a start neither. What was begun of another snapshot of this group is
  // dropped. Fault::exists: the newest is not older.
  using Missing = std::vector<std::uint32_t>;
  void begin_incoming(const Manifest&, env::Done<Result<Missing>>);
  // In any order. The bytes are copied at once. Fault::corrupt: they are not what the manifest
  // says, and nothing happened; Fault::not_found: nothing was begun.
  void put_piece(GroupId, std::uint32_t piece, std::string_view bytes, env::Done<Result<void>>);
  // When all are there: it is the newest now, unless one that is not older came meanwhile.
  void end_incoming(GroupId, env::Done<Result<void>>);
  void drop_incoming(GroupId);
  // How much of it is here. It rises also while begin_incoming() copies what was here before.
  std::uint64_t incoming_bytes(GroupId) const;

  // For whoever fetches it. Fault::corrupt: it rotted, and is not the newest any more.
  void read_piece(const ConstSnapshotPtr&, std::uint32_t piece, env::Done<Result<env::Buffer>>);

  // How much of the state is written, or read. A piece may be on its way still.
  struct Progress {
    std::uint64_t bytes = 0;
    std::uint64_t of_bytes = 0;  // 0: nobody knows
  };
  std::optional<Progress> taking(GroupId) const;  // none: nothing is being taken
  std::optional<Progress> loading(GroupId) const;
  std::set<GroupId> busy() const;  // groups of which one is being taken or loaded

  // Its machine ends: what is being taken of it, or loaded, ends as Fault::not_found.
  void stop(GroupId);
  // The group left this node. `done` says when nothing of it can come back, not at a start either:
  // none of its files is there, and nobody reads them. An error: one of them cannot be removed.
  void forget(GroupId, env::Done<Result<void>> done = {});

 private:
  struct Group {
    SnapshotPtr newest;
    std::vector<SnapshotPtr> broken;  // kept as long as there is nothing newer that is whole
    std::vector<SnapshotPtr> begun;   // by earlier lives
    std::unique_ptr<Incoming> incoming;
    bool empty() const {
      return newest == nullptr && broken.empty() && begun.empty() && incoming == nullptr;
    }
  };

  Group* find(GroupId);
  void opened(Inventory::Found&);
  bool covers(GroupId, Index) const;
  bool is_behind(GroupId, Index) const;
  void taken(const SnapshotPtr&, const Result<void>&);
  void install(const SnapshotPtr&);
  static void give_up(SnapshotPtr&);
  static void give_up(std::vector<SnapshotPtr>&, Index through = Index{~0ULL});
  void begin(Group&, const Manifest&, env::Done<Result<Missing>>);
  Group* of(const SnapshotPtr&);
  static ConstSnapshotPtr left_of(const Group&, std::uint64_t identity);
  void drop_incoming(GroupId, const Error& why);  // the group may be gone then
  void erase_if_empty(GroupId);
  void go_on_soon();
  template <class Value>
  void later(env::Done<Result<Value>>, Result<Value>);

  env::Env env_;
  Options options_;
  std::shared_ptr<Shelf> shelf_;
  Pace pace_;
  std::unique_ptr<Inventory> inventory_;
  bool open_ = false;
  std::map<GroupId, Group> groups_;
  Turns<Taking> takes_;
  Turns<Loading> loads_;
  env::Life life_;  // the last: callbacks end before anything else
};

}  // namespace bowline::host
