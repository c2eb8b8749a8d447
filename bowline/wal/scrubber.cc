// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/scrubber.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <utility>

namespace bowline::wal {
namespace {

constexpr std::uint64_t blocks_at_once = 16;
constexpr std::size_t most_found = 100;

}  // namespace

Scrubber::Scrubber(env::Env env, const Options& options, Hooks hooks)
    : env_(env),
      bytes_per_second_(options.scrub_bytes_per_second),
      every_(options.scrub_every),
      most_blocks_(blocks_for(options.most_batch_bytes())),
      hooks_(std::move(hooks)),
      timer_(env.loop.timer([this] { go_on(); })) {}

Scrubber::~Scrubber() { env_.loop.drop(timer_); }

void Scrubber::pay_for(std::uint64_t bytes) {
  constexpr std::uint64_t second = std::chrono::nanoseconds(std::chrono::seconds(1)).count();
  due_ = due_ + std::chrono::nanoseconds(bytes * second / bytes_per_second_);
}

void Scrubber::begin(Incarnation disk) {
  disk_ = disk;
  round_began_ = env_.clock.now();
  if (bytes_per_second_ > 0) env_.loop.set(timer_, round_began_ + every_);
}

void Scrubber::go_on() {
  const Time now = env_.clock.now();
  if (segment_ && !hooks_.there(segment_->number)) leave();
  if (!segment_) {
    if (after_ == 0) round_began_ = now;
    segment_ = hooks_.next(after_);
    if (!segment_) return end_round();
    const Place first{disk_.value, segment_->number, 0};
    walk_.emplace(first, segment_->end, most_blocks_);
    doubt_.reset();
  }
  due_ = now;
  read();
}

void Scrubber::end_round() {
  const Time now = env_.clock.now();
  after_ = 0;
  ++scrubbed_.rounds;
  scrubbed_.round_ended = now;
  env_.loop.set(timer_, std::max(now, round_began_ + every_));
}

void Scrubber::read() {
  const bool again = doubt_ && doubt_->next < doubt_->end;
  const std::uint64_t block = again ? doubt_->next : walk_->wanted();
  const std::uint64_t end = again ? doubt_->end : segment_->end;
  const std::uint64_t blocks = std::min(blocks_at_once, end - block);
  read_patiently(env_.disk, *segment_->file, block * block_bytes, blocks * block_bytes,
                 life_.guard([this, file = segment_->file, block,
                              blocks](const PatientlyRead& read) { take(read, block, blocks); }));
}

void Scrubber::take(const PatientlyRead& read, std::uint64_t block, std::uint64_t blocks) {
  hooks_.read(segment_->number, read);
  std::uint64_t bytes = blocks * block_bytes;
  std::string found(read.bytes.view());
  found.resize(bytes);  // a file may be shorter than it was
  if (block == walk_->wanted()) {
    walk_->feed(found);
  } else {
    walk_->renew(block, found);
    doubt_->next += blocks;
  }
  // What could not be read at once was asked for in ever smaller parts.
  if (!read.unreadable.empty()) bytes *= static_cast<std::uint64_t>(std::bit_width(blocks));
  scrubbed_.bytes += bytes;
  pay_for(bytes);
  if (doubt_ && doubt_->next < doubt_->end) return rest();
  judge_all();
}

// The segment may have gone while it was read, or because of what was found.
void Scrubber::judge_all() {
  while (hooks_.there(segment_->number)) {
    const std::optional<Judged> judged = walk_->judge();
    if (!judged) break;
    if (!judge_next(*judged)) return;
  }
  rest();
}

// False: it goes on later.
bool Scrubber::judge_next(const Judged& judged) {
  if (judged.state() == State::whole) {
    ++scrubbed_.whole;
    walk_->pass(judged);
    return true;
  }
  if (!doubt_ || doubt_->begin != judged.block) {
    doubt_ = {judged.block, judged.block + judged.blocks, judged.block};
    rest();
    return false;
  }
  if (judged.state() == State::mended) {
    mend(judged);
    return false;
  }
  ++scrubbed_.damaged;
  note(judged);
  hooks_.damaged(segment_->number, judged, walk_->blocks());
  walk_->pass(judged);
  return true;
}

// In its place. If the power fails meanwhile the block is as bad as before, or it is good: no other
// block of the batch is touched.
void Scrubber::mend(const Judged& judged) {
  const std::uint64_t bad = judged.batch->bad.front();
  env::Buffer block = env_.disk.buffer(block_bytes);
  std::memcpy(block.data(), walk_->blocks().data() + bad * block_bytes, block_bytes);
  mending_ = true;
  pay_for(block_bytes);
  segment_->file->write(
      (judged.block + bad) * block_bytes, std::move(block), env::Sync::yes,
      life_.guard([this, file = segment_->file, judged](Result<void> result, const env::Buffer&) {
        mending_ = false;
        if (!result) return hooks_.broken(std::move(result.error()));
        ++scrubbed_.mended;
        note(judged);
        walk_->pass(judged);
        hooks_.mended();
        judge_all();
      }));
}

void Scrubber::note(const Judged& judged) {
  BatchReport report{.number = judged.number,
                     .block = judged.block,
                     .blocks = static_cast<std::uint32_t>(judged.blocks),
                     .state = State::damaged,
                     .bad = {}};
  if (judged.batch) report = report_of(*judged.batch);
  scrubbed_.found.push_back({env_.clock.now(), segment_->number, std::move(report)});
  if (scrubbed_.found.size() > most_found) scrubbed_.found.pop_front();
}

void Scrubber::rest() {
  if (!hooks_.there(segment_->number) || walk_->ended()) leave();
  env_.loop.set(timer_, std::max(env_.clock.now(), due_));
}

void Scrubber::leave() {
  after_ = segment_->number;
  segment_.reset();
  walk_.reset();
}

}  // namespace bowline::wal
