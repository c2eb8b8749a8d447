// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/process.h"

#include <limits>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/wal/names.h"

namespace bowline::sim {
namespace {

constexpr Duration no_time{0};
constexpr std::uint64_t never_in_one_instant = 1'000'000;
constexpr std::uint64_t any_number = std::numeric_limits<std::uint64_t>::max();

// While a process starts: the story of a start that takes its time is told by the crash sweep.
DiskClimate timeless() {
  DiskClimate climate;
  climate.floor = climate.write = climate.sync = climate.read = no_time;
  climate.names = climate.each_block = no_time;
  return climate;
}

}  // namespace

wal::Options Process::options(std::uint64_t tail_bytes) {
  wal::Options options;
  options.segment_bytes = 128 << 10;
  options.batch_bytes = 32 << 10;
  options.tail_bytes = tail_bytes;
  options.most_segments = 6;
  options.ahead = 1;  // so that a full disk is felt soon
  options.retry_full_after = std::chrono::milliseconds(100);
  return options;
}

wal::Log::Hooks Process::hooks() {
  return {
      .persisted = [this](GroupId, Seq seq) { persisted_.push_back(seq); },
      .broken = [this](Error error) { broken_ = std::move(error); },
      .unreadable = [this](GroupId, Index first, Index last) { lost_.emplace_back(first, last); },
      .full = [this](bool full) { fullness_.push_back(full); }};
}

Process::Process(Platter& platter, Chance& chance, const Clock& clock, Time now, wal::Owner owner,
                 Incarnation fresh, std::uint64_t tail_bytes)
    : platter_(platter),
      loop_(chance, now, &clock),
      clock_(loop_),
      climate_(timeless()),
      disk_(platter, loop_, chance, climate_,
            "the disk of node " + std::to_string(owner.node.value)) {
  log_ = std::make_unique<wal::Log>(env::Env{clock_, loop_, disk_}, options(tail_bytes), owner,
                                    fresh, hooks());
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

bool Process::tells_the_truth() const {
  const wal::Spot at = log_->landed_at();
  if (at.segment == 0) return true;
  const std::uint64_t offset = std::uint64_t{at.block} * env::block_bytes;
  return platter_.is_durable(wal::segment_name(at.segment), offset,
                             log_->landed_blocks() * env::block_bytes);
}

}  // namespace bowline::sim
