// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/manifest.h"
#include "bowline/host/snapshot_store.h"
#include "bowline/machine/state_machine.h"

namespace bowline::host {

// Snapshots in memory and nowhere else: for tests of programs, and beside a log in memory. Nothing
// is there at a start. A piece at a time goes in or out, of all groups together one a turn, so that
// nobody waits for a large state, nor for many small ones.
class MemorySnapshots final : public SnapshotStore {
 public:
  struct Options {
    std::uint32_t piece_bytes = 1 << 20;
    std::uint64_t most_bytes = std::uint64_t{1} << 30;  // of all that is kept: beyond, it is full

    std::string fault() const;  // what is wrong with them, as a sentence; empty: nothing
  };

  explicit MemorySnapshots(env::Env env) : MemorySnapshots(env, Options{}) {}
  MemorySnapshots(env::Env, Options);  // which must have no fault
  ~MemorySnapshots() override;

  bool outlives_the_process() const override { return false; }
  void open(env::Done<Result<void>>) override;
  const Manifest* newest(GroupId) const override;
  HeldSnapshotPtr hold(GroupId) const override;
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
  using SnapshotStore::forget;
  void forget(GroupId, env::Done<Result<void>>) override;

  std::uint64_t bytes() const { return *used_; }  // of all pieces, of those that are held too

 private:
  struct Pieces;
  using PiecesPtr = std::shared_ptr<Pieces>;
  struct Group {
    PiecesPtr newest;
    PiecesPtr incoming;
  };
  struct Taking {
    GroupId group() const;
    PiecesPtr draft;
    std::unique_ptr<machine::Reader> reader;
    env::Done<Result<void>> done;
    std::string piece = {};  // the next one, as far as it is here
  };
  struct Loading {
    GroupId group() const;
    std::shared_ptr<const Pieces> from;
    std::unique_ptr<machine::Writer> writer;
    env::Done<Result<raft::Base>> done;
    std::uint32_t piece = 0;  // the next one
  };

  template <class Work>
  using Works = std::map<std::uint64_t, Work>;

  const Group* find(GroupId) const;
  PiecesPtr incoming(GroupId) const;
  bool covers(GroupId, Index) const;
  template <class Work>
  static const Work* work_of(const Works<Work>&, GroupId);
  template <class Work>
  void stop(Works<Work>&, GroupId);
  bool make_room(std::uint64_t bytes);
  void install(const PiecesPtr&);
  void work();
  void take_next(std::uint64_t number);
  void wait(std::uint64_t number);
  static Result<bool> fill(Taking&);
  Result<bool> take_piece(Taking&);
  void load_next(std::uint64_t number);
  void begin_work(std::uint64_t number);
  Result<bool> load_piece(Loading&);
  template <class Value>
  void later(env::Done<Result<Value>>, Result<Value>);

  env::Env env_;
  Options options_;
  std::shared_ptr<std::uint64_t> used_ = std::make_shared<std::uint64_t>(0);
  std::map<GroupId, Group> groups_;
  std::uint64_t numbers_ = 0;           // of takings and loadings
  std::deque<std::uint64_t> turns_;     // of those whose next piece is due; one a turn of the loop
  std::vector<std::uint64_t> waiting_;  // of takings whose machine was not ready
  env::TimerId timer_;                  // it is asked again
  Works<Taking> takings_;
  Works<Loading> loadings_;
  env::Life life_;  // the last: callbacks end before anything else
};

}  // namespace bowline::host
