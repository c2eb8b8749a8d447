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
#include "bowline/host/snapshot_store.h"
#include "bowline/host/taking.h"
#include "bowline/host/turns.h"
#include "bowline/machine/state_machine.h"

namespace bowline::host {

// The snapshots of this node's groups, as files beside those of the log: docs/SNAPSHOTS.md. Of each
// group the newest, and what is to become the next one.
class Snapshots final : public SnapshotStore {
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
  ~Snapshots() override;

  // Removes what is of no use. What was begun by a fetch is kept, to go on with: of that the
  // pieces need not come again after a start neither.
  void open(env::Done<Result<void>>) override;

  const Manifest* newest(GroupId) const override;
  HeldSnapshotPtr hold(GroupId id) const override { return whole(id); }
  ConstSnapshotPtr whole(GroupId) const;  // the same, and where it lies
  std::vector<GroupId> groups() const override;

  void take(GroupId, raft::Base, std::unique_ptr<machine::Reader>,
            env::Done<Result<void>>) override;
  void load(GroupId, std::unique_ptr<machine::Writer>, env::Done<Result<raft::Base>>) override;

  void begin_incoming(const Manifest&, env::Done<Result<Missing>>) override;
  void put_piece(GroupId, std::uint32_t piece, std::string_view bytes,
                 env::Done<Result<void>>) override;
  void end_incoming(GroupId, env::Done<Result<void>>) override;
  void drop_incoming(GroupId) override;
  std::uint64_t incoming_bytes(GroupId) const override;

  void read_piece(const HeldSnapshotPtr&, std::uint32_t piece,
                  env::Done<Result<env::Buffer>>) override;

  std::optional<Progress> taking(GroupId) const override;
  std::optional<Progress> loading(GroupId) const override;
  std::set<GroupId> busy() const override;

  void stop(GroupId) override;
  // It is done when none of its files is there, and nobody reads them.
  using SnapshotStore::forget;
  void forget(GroupId, env::Done<Result<void>>) override;

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
