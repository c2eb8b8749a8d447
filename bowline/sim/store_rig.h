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
#include "bowline/sim/disk_life.h"
#include "bowline/wal/log.h"
#include "bowline/wal/memory_log.h"

namespace bowline::sim {

// One kind of log store. The checks that all kinds pass know no more of it.
struct LogKind {
  const char* name = nullptr;
  bool outlives_a_process = false;
  std::function<std::unique_ptr<wal::LogStore>(wal::LogStore::Setting)> make;
};

// A log store on a simulated disk, whether it uses that or not, and all that it said.
class StoreRig {
 public:
  explicit StoreRig(LogKind kind, std::uint64_t seed = 1)
      : kind_(std::move(kind)), decisions_(seed), chance_(decisions_, {.part = Part::disk}) {
    start();
  }

  // A life of the process.
  void start(wal::Owner owner = {.cluster = {77}, .node = {1}}) {
    life_ = std::make_unique<DiskLife>(platter, chance_, climate, now_);
    store_ = kind_.make({life_->env(), owner, Incarnation{++fresh_}, hooks()});
    std::optional<Result<wal::Opened>> result;
    store_->open([&](Result<wal::Opened> found) { result = std::move(found); });
    ensure(!result);  // never before the call has returned
    ensure(loop().run_until([&] { return result.has_value(); }, std::chrono::minutes(10)));
    loop().run(std::chrono::seconds(1));  // whatever it prepares
    refused = *result ? std::nullopt : std::optional(result->error());
    opened = *result ? **std::move(result) : wal::Opened{};
  }
  void kill() {
    platter.kill(chance_);
    now_ = loop().now();
    store_.reset();
    life_.reset();
    reported.clear();
  }

  static raft::Entry entry(std::uint64_t index, std::uint64_t term = 1, std::size_t bytes = 100) {
    const std::string payload(bytes, static_cast<char>('a' + index % 26));
    return {{{term}, {index}}, raft::Kind::command, Bytes::copy(payload)};
  }
  static raft::Batch entries(std::uint64_t first, std::uint64_t last, std::uint64_t term = 1,
                             std::size_t bytes = 100) {
    raft::Batch all;
    for (std::uint64_t i = first; i <= last; ++i) all.push_back(entry(i, term, bytes));
    return all;
  }
  static raft::Base base(std::uint64_t index, std::uint64_t term = 1) {
    raft::Membership members{.cluster = {77}, .members = {{.id = {1}}}};
    return {{{term}, {index}},
            std::make_shared<const raft::Membership>(std::move(members)),
            {},
            {term}};
  }

  // Another one of this group, which nobody has flushed.
  Seq submit(raft::Persist what, GroupId group = {1}) {
    what.seq = Seq{++seqs_[group]};
    const Seq seq = what.seq;
    store_->submit(group, std::move(what));
    return seq;
  }
  Seq append(raft::Batch all, GroupId group = {1}) {
    raft::Persist what;
    what.entries = std::move(all);
    return submit(std::move(what), group);
  }
  bool settle() {
    store_->flush();
    return loop().run_until([this] { return store_->idle(); }, std::chrono::minutes(10));
  }
  // Till the store has told of them, too.
  bool settle(std::size_t reports) {
    store_->flush();
    return loop().run_until([&] { return reported.size() >= reports && store_->idle(); },
                            std::chrono::minutes(10));
  }

  raft::Batch peek(std::uint64_t after, std::uint64_t through, std::uint64_t bytes = 1 << 20,
                   GroupId group = {1}) const {
    return store_->peek(group, {after}, {through}, bytes);
  }
  Result<raft::Batch> fetch(std::uint64_t after, std::uint64_t through,
                            std::uint64_t bytes = 1 << 20, GroupId group = {1}) {
    std::optional<Result<raft::Batch>> answer;
    store_->fetch(group, {after}, {through}, bytes,
                  [&](Result<raft::Batch> found) { answer = std::move(found); });
    ensure(!answer);
    ensure(loop().run_until([&] { return answer.has_value(); }, std::chrono::minutes(10)));
    return *std::move(answer);
  }
  // All of them, wherever they are; a space between two.
  std::string read(std::uint64_t after, std::uint64_t through, GroupId group = {1}) {
    std::string all;
    while (after < through) {
      raft::Batch found = peek(after, through, 300, group);
      if (found.empty()) found = fetch(after, through, 300, group).value_or(raft::Batch{});
      if (found.empty()) break;
      for (const raft::Entry& each : found) {
        ensure(each.id.index.value == ++after);
        all += (all.empty() ? "" : " ") + std::to_string(each.id.term.value) + "/" +
               std::to_string(each.id.index.value);
        ensure(each.payload == entry(after, 1, each.payload.size()).payload);
      }
    }
    return all;
  }
  const raft::Found* found(GroupId group = {1}) const {
    const auto at = std::ranges::find(opened.groups, group, &wal::Recovered::group);
    return at == opened.groups.end() ? nullptr : &at->found;
  }

  wal::LogStore& store() { return *store_; }
  ProcessLoop& loop() { return life_->loop; }

  Platter platter;
  DiskClimate climate;
  wal::Opened opened;
  std::optional<Error> refused;
  std::vector<std::pair<GroupId, Seq>> reported;  // in the order in which it was
  std::uint64_t landings = 0;
  std::vector<bool> fullness;
  std::function<void()> when_reported;

 private:
  wal::LogStore::Hooks hooks() {
    return {.persisted =
                [this](GroupId group, Seq seq) {
                  reported.emplace_back(group, seq);
                  if (when_reported) when_reported();
                },
            .broken = [](const Error&) { ensure(false); },
            .unreadable = {},
            .full = [this](bool full) { fullness.push_back(full); },
            .landed = [this] { ++landings; }};
  }

  LogKind kind_;
  Decisions decisions_;
  Chance chance_;
  Time now_;
  std::uint64_t fresh_ = 4710;
  std::map<GroupId, std::uint64_t> seqs_;
  std::unique_ptr<DiskLife> life_;
  std::unique_ptr<wal::LogStore> store_;
};

}  // namespace bowline::sim
