// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/base/prng.h"
#include "bowline/host/snapshots.h"
#include "bowline/sim/disk_life.h"

namespace bowline::sim {

inline constexpr GroupId the_group{7};
inline constexpr std::uint64_t small_piece = 4096;

// What the machine of the group holds at an index: always the same bytes.
inline std::string state_at(std::uint64_t index, std::uint64_t bytes = 5 * small_piece + 77) {
  Prng prng(index);
  std::string state(bytes, '\0');
  for (char& c : state) c = static_cast<char>(prng.next());
  return state;
}

inline raft::Base base_at(std::uint64_t index) {
  raft::Membership membership{.cluster = {77}, .members = {{.id = {1}}, {.id = {2}}}};
  return {
      {{3}, {index}}, std::make_shared<const raft::Membership>(std::move(membership)), {1}, {4}};
}

// Gives a state in slices that are often shorter than what was asked for.
class StateReader final : public machine::Reader {
 public:
  explicit StateReader(std::string state) : state_(std::move(state)) {}
  bool is_ready() override {
    if (asked_ >= asks_for_each) return true;
    ++asked_;
    ++*all_asked;
    return false;
  }
  Result<std::string> next(std::size_t most) override {
    ensure(asked_ == asks_for_each);  // else we would wait now
    asked_ = 0;
    if (fails_after && given_ >= *fails_after)
      return std::unexpected(Error{Fault::corrupt, "the machine does not know any more"});
    const std::size_t bytes =
        std::min(++calls_ % 3 == 0 ? most : (most + 1) / 2, state_.size() - given_);
    given_ += bytes;
    *all_given += bytes;
    return state_.substr(given_ - bytes, bytes);
  }
  std::optional<std::size_t> fails_after;
  std::uint32_t asks_for_each = 0;  // so often it is not ready
  std::shared_ptr<std::uint64_t> all_asked = std::make_shared<std::uint64_t>();
  std::shared_ptr<std::uint64_t> all_given = std::make_shared<std::uint64_t>();

 private:
  std::string state_;
  std::size_t given_ = 0;
  std::uint64_t calls_ = 0;
  std::uint32_t asked_ = 0;
};

class StateWriter final : public machine::Writer {
 public:
  explicit StateWriter(std::optional<std::string>& state) : state_(state) {}
  Result<void> add(std::string_view bytes) override {
    ensure(bytes.size() <= host::most_piece_bytes);
    added_ += bytes;
    return {};
  }
  Result<void> commit() override {
    state_ = std::move(added_);
    return {};
  }

 private:
  std::optional<std::string>& state_;
  std::string added_;
};

// The snapshots of one node on a simulated disk. Each call waits in virtual time for its answer.
class SnapshotsRig {
 public:
  explicit SnapshotsRig(std::uint64_t seed = 1,
                        host::Snapshots::Options options = {.piece_bytes = small_piece})
      : decisions_(seed), chance_(decisions_, {.part = Part::disk, .a = 1}), options_(options) {}

  // A life of the process.
  Result<void> start() {
    ensure(life_ == nullptr);
    life_ = std::make_unique<DiskLife>(platter, chance_, climate, now_);
    snapshots_ = std::make_unique<host::Snapshots>(life_->env(), options_);
    return answer<void>([&](auto done) { snapshots_->open(std::move(done)); });
  }
  void lose_power(std::optional<Loss> loss = std::nullopt) {
    platter.lose_power(chance_, loss);
    stop();
  }
  void kill() {
    platter.kill(chance_);
    stop();
  }
  void stop() {
    now_ = loop().now();
    snapshots_.reset();
    life_.reset();
  }

  // What is answered, if the process lives so long.
  template <class Value, class Ask>
  Result<Value> answer(Ask ask) {
    std::optional<Result<Value>> answer;
    ask([&](Result<Value> result) {
      ensure(!answer);
      answer = std::move(result);
    });
    ensure(!answer);  // never before the call has returned
    loop().run_until([&] { return answer.has_value(); }, std::chrono::minutes(10));
    if (!answer) return std::unexpected(Error{Fault::timeout, "no answer"});
    return std::move(*answer);
  }

  Result<void> take(std::uint64_t index, GroupId group = the_group) {
    return take(index, std::make_unique<StateReader>(state_at(index)), group);
  }
  Result<void> take(std::uint64_t index, std::unique_ptr<machine::Reader> reader,
                    GroupId group = the_group) {
    return answer<void>([&](auto done) {
      snapshots().take(group, base_at(index), std::move(reader), std::move(done));
    });
  }
  // The state; or an error.
  Result<std::string> load(GroupId group = the_group) {
    std::optional<std::string> state;
    const auto base = answer<raft::Base>([&](auto done) {
      snapshots().load(group, std::make_unique<StateWriter>(state), std::move(done));
    });
    if (base) ensure(state.has_value());
    if (!base) ensure(!state.has_value());
    if (!base) return std::unexpected(base.error());
    return *state;
  }
  // The index of the newest, of which everything must be as it was; 0: there is none.
  std::uint64_t newest(GroupId group = the_group) {
    const host::Manifest* const manifest = snapshots().newest(group);
    if (manifest == nullptr) return 0;
    const std::uint64_t index = manifest->base.id.index.value;
    const Result<std::string> state = load(group);
    ensure(state.has_value());
    ensure(*state == state_at(index, state->size()));
    return index;
  }

  using Missing = host::Snapshots::Missing;
  Result<Missing> begin(const host::Manifest& manifest) {
    return answer<Missing>(
        [&](auto done) { snapshots().begin_incoming(manifest, std::move(done)); });
  }
  Result<void> put(std::uint32_t piece, std::string_view bytes, GroupId group = the_group) {
    return answer<void>(
        [&](auto done) { snapshots().put_piece(group, piece, bytes, std::move(done)); });
  }
  Result<void> end(GroupId group = the_group) {
    return answer<void>([&](auto done) { snapshots().end_incoming(group, std::move(done)); });
  }
  // All that is missing, and the end.
  Result<void> fetch(const host::Manifest& manifest, const std::string& state) {
    const Result<Missing> missing = begin(manifest);
    if (!missing) return std::unexpected(missing.error());
    for (const std::uint32_t piece : *missing)
      if (Result<void> put = this->put(piece, piece_of(manifest, state, piece)); !put) return put;
    return end();
  }
  static std::string_view piece_of(const host::Manifest& manifest, const std::string& state,
                                   std::uint32_t piece) {
    return std::string_view(state).substr(std::uint64_t{piece} * manifest.piece_bytes,
                                          manifest.bytes_of(piece));
  }
  // What another node would have.
  static host::Manifest manifest_of(std::uint64_t index) {
    SnapshotsRig other;
    ensure(other.start().has_value());
    ensure(other.take(index).has_value());
    return *other.snapshots().newest(the_group);
  }

  // Files of pieces on the disk, as processes see them.
  std::uint64_t files() const {
    return static_cast<std::uint64_t>(std::ranges::count_if(
        platter.list(),
        [](const env::Listed& file) { return host::snapshot_file(file.name).has_value(); }));
  }

  host::Snapshots& snapshots() { return *snapshots_; }
  ProcessLoop& loop() { return life_->loop; }
  env::Env env() { return life_->env(); }
  Chance& chance() { return chance_; }
  void run(Duration duration) { loop().run(duration); }

  Platter platter;
  DiskClimate climate;

 private:
  Decisions decisions_;
  Chance chance_;
  host::Snapshots::Options options_;
  Time now_;
  std::unique_ptr<DiskLife> life_;
  std::unique_ptr<host::Snapshots> snapshots_;
};

}  // namespace bowline::sim
