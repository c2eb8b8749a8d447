// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/process.h"

#include <limits>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::sim {
namespace {

constexpr std::uint64_t never_in_one_instant = 1'000'000;
constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

}  // namespace

wal::Log::Hooks Process::hooks() {
  return {
      .persisted = [this](GroupId, Seq seq) { persisted_.push_back(seq); },
      .broken = [this](Error error) { broken_ = std::move(error); },
      .unreadable = [this](GroupId, Index first, Index last) { lost_.emplace_back(first, last); },
      .full = [this](bool full) { fullness_.push_back(full); }};
}

Process::Process(Platter& platter, Chance& chance, const Clock& clock, Time now, wal::Owner owner,
                 Incarnation fresh, std::uint64_t tail_bytes)
    : Running(platter, chance, clock, now, owner.node),
      log_(std::make_unique<wal::Log>(env(), log_options(tail_bytes), owner, fresh, hooks())) {
  std::optional<Result<wal::Opened>> result;
  log_->open([&result](Result<wal::Opened> opened) { result = std::move(opened); });
  for (std::uint64_t i = 0; !result && i < never_in_one_instant; ++i) loop_.run_next();
  ensure(result.has_value());
  if (!*result) {
    refusal_ = result->error().what;
    return;
  }
  account_ = (*result)->account;
  for (wal::Recovered& recovered : (*result)->groups)
    if (recovered.group == group) found_ = std::move(recovered.found);
}

void Process::found_with(raft::Persist write) {
  log_->submit(group, std::move(write));
  drain();
}

void Process::drain() {
  log_->flush();
  for (std::uint64_t i = 0; !log_->idle() && !broken_ && i < never_in_one_instant; ++i)
    loop_.run_next();
  ensure(log_->idle() || broken_);
}

void Process::submit(raft::Persist write) {
  log_->submit(group, std::move(write));
  log_->flush();
}

raft::Batch Process::peek(Index after, Index through) const {
  return log_->peek(group, after, through, any_number);
}

void Process::fetch(Index after, Index through, std::uint32_t number) {
  unanswered_.push_back(number);
  log_->fetch(group, after, through, any_number, [this, number](Result<raft::Batch> result) {
    answers_.emplace_back(number, std::move(result));
  });
}

std::vector<Process::Answer> Process::answers() {
  for (const Answer& answer : answers_) std::erase(unanswered_, answer.number);
  return std::exchange(answers_, {});
}

}  // namespace bowline::sim
