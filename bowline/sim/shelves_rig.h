// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/host/memory_snapshots.h"
#include "bowline/host/snapshots.h"
#include "bowline/sim/snapshots_rig.h"

namespace bowline::sim {

struct SnapshotKind {
  const char* name = nullptr;
  bool outlives_a_process = false;
  std::function<std::unique_ptr<host::SnapshotStore>(env::Env)> make;
};

inline SnapshotKind in_files() {
  return {"files", true, [](env::Env env) {
            return std::make_unique<host::Snapshots>(
                env, host::Snapshots::Options{.piece_bytes = small_piece});
          }};
}

inline SnapshotKind in_memory(std::uint64_t most_bytes = 1 << 20) {
  return {"memory", false, [most_bytes](env::Env env) {
            return std::make_unique<host::MemorySnapshots>(
                env, host::MemorySnapshots::Options{.piece_bytes = small_piece,
                                                    .most_bytes = most_bytes});
          }};
}

// A snapshot store on a simulated disk, whether it uses that or not.
class Shelves {
 public:
  explicit Shelves(SnapshotKind kind)
      : kind_(std::move(kind)), decisions_(1), chance_(decisions_, {.part = Part::disk}) {
    start();
  }
  void start() {
    life_ = std::make_unique<DiskLife>(platter, chance_, climate, now_);
    store_ = kind_.make(life_->env());
    ensure(answer<void>([&](auto done) { store_->open(std::move(done)); }).has_value());
  }
  void kill() {
    platter.kill(chance_);
    now_ = loop().now();
    store_.reset();
    life_.reset();
  }
  // Once, after the call has returned.
  template <class Value, class Ask>
  Result<Value> answer(Ask ask) {
    std::optional<Result<Value>> told;
    ask([&](Result<Value> result) {
      ensure(!told);
      told = std::move(result);
    });
    ensure(!told);
    loop().run_until([&] { return told.has_value(); }, std::chrono::minutes(10));
    if (!told) return std::unexpected(Error{Fault::timeout, "no answer"});
    return *std::move(told);
  }
  Result<void> take(std::uint64_t index, GroupId group = the_group) {
    return take(index, std::make_unique<StateReader>(state_at(index)), group);
  }
  Result<void> take(std::uint64_t index, std::unique_ptr<machine::Reader> reader,
                    GroupId group = the_group) {
    return answer<void>([&](auto done) {
      store_->take(group, base_at(index), std::move(reader), std::move(done));
    });
  }
  Result<std::string> load(GroupId group = the_group) {
    std::optional<std::string> state;
    const auto base = answer<raft::Base>([&](auto done) {
      store_->load(group, std::make_unique<StateWriter>(state), std::move(done));
    });
    if (!base) return std::unexpected(base.error());
    ensure(base->id == store_->newest(group)->base.id);
    return state.value();
  }
  // What is newest, if all of it is as it was; 0: there is none.
  std::uint64_t newest(GroupId group = the_group) {
    const host::Manifest* const manifest = store_->newest(group);
    if (manifest == nullptr) return 0;
    const std::uint64_t index = manifest->base.id.index.value;
    const Result<std::string> state = load(group);
    return state && *state == state_at(index, state->size()) ? index : 4711;
  }
  Result<host::SnapshotStore::Missing> begin(const host::Manifest& manifest) {
    return answer<host::SnapshotStore::Missing>(
        [&](auto done) { store_->begin_incoming(manifest, std::move(done)); });
  }
  Result<void> put(std::uint32_t piece, std::string_view bytes, GroupId group = the_group) {
    return answer<void>(
        [&](auto done) { store_->put_piece(group, piece, bytes, std::move(done)); });
  }
  Result<void> end(GroupId group = the_group) {
    return answer<void>([&](auto done) { store_->end_incoming(group, std::move(done)); });
  }
  Result<std::string> read_piece(const host::HeldSnapshotPtr& held, std::uint32_t piece) {
    const auto read =
        answer<env::Buffer>([&](auto done) { store_->read_piece(held, piece, std::move(done)); });
    if (!read) return std::unexpected(read.error());
    return std::string(read->view());
  }
  host::SnapshotStore& store() { return *store_; }
  ProcessLoop& loop() { return life_->loop; }

  Platter platter;
  DiskClimate climate;

 private:
  SnapshotKind kind_;
  Decisions decisions_;
  Chance chance_;
  Time now_;
  std::unique_ptr<DiskLife> life_;
  std::unique_ptr<host::SnapshotStore> store_;
};

}  // namespace bowline::sim
