// SPDX-License-Identifier: Apache-2.0
#include "bowline/env/memory_extents.h"

#include <cstring>
#include <string_view>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"

namespace bowline::env {
namespace {

constexpr int poison_byte = 0xd5;

}  // namespace

MemoryExtents::MemoryExtents(const Options& options)
    : Extents(options.extent_bytes),
      options_(options),
      memory_(options.extent_bytes * options.extents),
      extents_(options.extents) {
  found_at(memory_.data(), options.extents);
  for (Number number = 0; number < options.extents; ++number) {
    free_.push_back(number);
    poison(number);
  }
}

// Whoever took one has dropped it.
MemoryExtents::~MemoryExtents() { ensure(taken_ == 0); }

void MemoryExtents::poison(Number number) { std::memset(at(number), poison_byte, extent_bytes()); }

Extents::Room MemoryExtents::room() {
  if (is_full_ || free_.size() < 2) return Room::none;
  dice_ = dice_ * 6364136223846793005 + 1442695040888963407;
  if (options_.later_every != 0 && (dice_ >> 33) % options_.later_every == 0) return Room::later;
  return Room::yes;
}

std::optional<Extents::Number> MemoryExtents::take() {
  if (free_.empty()) return std::nullopt;
  const Number number = free_.front();
  free_.pop_front();
  extents_[number] = {.state = State::open};
  ++taken_;
  return number;
}

void MemoryExtents::seal(Number number, std::size_t bytes) {
  Extent& extent = extents_.at(number);
  ensure(extent.state == State::open && bytes <= extent_bytes());
  extent.state = State::sealed;
  extent.bytes = bytes;
  extent.sum = crc32c({at(number), bytes});
  ++sealed_;
}

bool MemoryExtents::fetch(Number number) {
  Extent& extent = extents_.at(number);
  ensure(extent.state == State::sealed);
  return ++extent.asked >= options_.asks_to_fetch;
}

bool MemoryExtents::want(const char* at, std::size_t bytes) {
  const Number number = number_of(at);
  Extent& extent = extents_.at(number);
  ensure(holds(at) && extent.state != State::free);
  ensure(at + bytes <= this->at(number) + extent_bytes());
  if (extent.state == State::open) return true;
  const auto begin = static_cast<std::size_t>(at - this->at(number));
  if (++extent.wanted[begin] < options_.asks_to_have) return false;
  extent.wanted.erase(begin);
  return true;
}

void MemoryExtents::drop(Number number) {
  Extent& extent = extents_.at(number);
  ensure(extent.state != State::free);
  if (extent.state == State::sealed) ensure(crc32c({at(number), extent.bytes}) == extent.sum);
  extent.state = State::free;
  poison(number);
  free_.push_back(number);
  --taken_;
  ++dropped_;
}

Extents::Figures MemoryExtents::figures() const {
  return {.file_bytes = taken_ * extent_bytes(), .pending_bytes = 0};
}

}  // namespace bowline::env
