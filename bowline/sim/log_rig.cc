// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/log_rig.h"

#include <chrono>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Incarnation first_disk{4711};
constexpr wal::Owner owner{.cluster = {77}, .node = {1}};
constexpr Duration long_enough = 600s;

std::string of_group(GroupId group) { return "group " + std::to_string(group.value) + ": "; }

}  // namespace

LogRig::LogRig(std::uint64_t seed, wal::Options options)
    : options_(options),
      decisions_(std::make_unique<Decisions>(seed)),
      chance_(*decisions_, {.part = Part::disk, .a = 1}) {}

LogRig LogRig::copy(std::uint64_t seed) const {
  LogRig other(seed, options_);
  other.platter = platter;
  other.climate = climate;
  other.shadows_ = shadows_;
  other.now_ = process_ == nullptr ? now_ : process_->loop.now();
  return other;
}

bool LogRig::start() {
  ensure(process_ == nullptr);
  process_ = std::make_unique<DiskLife>(platter, chance_, climate, now_);
  DiskLife& process = *process_;
  wal::Log::Hooks hooks{.persisted =
                            [this](GroupId group, Seq seq) {
                              const std::string what = shadows_[group].persisted(seq);
                              if (!what.empty()) fail(of_group(group) + what);
                            },
                        .broken = [this](Error error) { broken = std::move(error); },
                        .unreadable = [this](GroupId group, Index first,
                                             Index last) { lost[group].add({first, last}); },
                        .full = [this](bool is_full) { full = is_full; }};
  process.log =
      std::make_unique<wal::Log>(process.env(), options_, owner, first_disk, std::move(hooks));
  std::optional<Result<wal::Opened>> result;
  process.log->open([&](Result<wal::Opened> opened) { result = std::move(opened); });
  process.loop.run_until([&] { return result.has_value(); }, long_enough);
  if (!result) {
    refused = "it never ends";
    return false;
  }
  if (!*result) {
    refused = result->error().what;
    return false;
  }
  opened_ = (*result)->account;
  compare((*result)->groups);
  return true;
}

void LogRig::compare(const std::vector<wal::Recovered>& groups) {
  std::map<GroupId, Shadow> left = std::move(shadows_);
  shadows_.clear();
  for (const wal::Recovered& group : groups) {
    Shadow& shadow = shadows_[group.group] = std::move(left[group.group]);
    left.erase(group.group);
    const std::string what = shadow.recovered(group.found);
    if (!what.empty()) fail(of_group(group.group) + what);
  }
  for (auto& [id, shadow] : left) {
    const std::string what = shadow.recovered({});
    if (!what.empty()) fail(of_group(id) + what + " (nothing of it is left)");
  }
}

void LogRig::ended() {
  now_ = process_->loop.now();
  process_.reset();
  opened_.reset();
  broken.reset();
  full = false;
  lost.clear();
}

void LogRig::crash(std::optional<Loss> loss) {
  platter.lose_power(chance_, loss);
  ended();
}

void LogRig::crash(Chance& chance) {
  platter.lose_power(chance);
  ended();
}

void LogRig::kill() {
  platter.kill(chance_);
  ended();
}

void LogRig::submit(GroupId group, Write write) {
  raft::Persist persist = persist_of(write);
  ensure(shadows_[group].submit(std::move(write)));
  log().submit(group, std::move(persist));
}

void LogRig::repair(GroupId group, Seq seq) {
  Write write;
  write.seq = seq;
  for (const Line& line : shadows_[group].written().lines)
    if (lost[group].covers(line.entry.id.index)) write.repaired.push_back(line);
  lost.erase(group);
  submit(group, std::move(write));
}

bool LogRig::drain(Duration at_most) {
  flush();
  return loop().run_until([this] { return log().idle() || broken.has_value(); }, at_most) &&
         !broken;
}

raft::Batch LogRig::read(GroupId group, Index after, Index through) {
  constexpr std::uint64_t bytes = 3000;
  raft::Batch found = log().peek(group, after, through, bytes);
  if (!found.empty()) return found;
  std::optional<Result<raft::Batch>> answer;
  log().fetch(group, after, through, bytes,
              [&](Result<raft::Batch> batch) { answer = std::move(batch); });
  loop().run_until([&] { return answer.has_value(); }, long_enough);
  if (!answer || !*answer) {
    fail(of_group(group) + "entry " + std::to_string(after.value + 1) +
         " cannot be read: " + (answer ? answer->error().what : "no answer"));
    return found;
  }
  return **std::move(answer);
}

void LogRig::check(GroupId group) {
  const Image& image = shadows_[group].written();
  Index at = image.base.id.index;
  while (at < image.last() && wrong.empty()) {
    const raft::Batch batch = read(group, at, image.last());
    if (batch.empty()) return fail(of_group(group) + "no entry after " + std::to_string(at.value));
    for (const raft::Entry& entry : batch) {
      at = at.next();
      const Line* line = image.at(at);
      if (line == nullptr || line->entry.id != entry.id || line->entry.kind != entry.kind ||
          line->entry.payload != entry.payload)
        return fail(of_group(group) + "entry " + std::to_string(at.value) +
                    " is not what was written");
    }
  }
}

}  // namespace bowline::sim
