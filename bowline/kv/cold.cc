// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/cold.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::kv {
namespace {

constexpr std::size_t bits = 64;  // of a word
// Of one slice of cleaning.
constexpr std::uint64_t most_moved_bytes = 64 << 10;

}  // namespace

std::size_t Cold::record_bytes(std::size_t value_bytes) {
  return sizeof(Head) + (value_bytes + grain - 1) / grain * grain;
}

Cold::~Cold() {
  for (Number number = 0; number < extents_.size(); ++number)
    if (extents_[number] != nullptr) space_->drop(number);
}

bool Cold::keep(Version& version, std::string_view value) {
  if (!make_room(record_bytes(value.size()))) return false;
  version.value_at = append(version, value);
  version.value_bytes = static_cast<std::uint32_t>(value.size());
  return true;
}

bool Cold::make_room(std::size_t record) {
  if (open_ && extents_[*open_]->filled + record <= space_->extent_bytes()) return true;
  const std::optional<Number> fresh = space_->take();
  if (!fresh) return false;
  if (open_) seal();
  open_ = fresh;
  if (*fresh >= extents_.size()) extents_.resize(*fresh + 1);
  extents_[*fresh] = std::make_unique<Extent>();
  extents_[*fresh]->dead.resize((space_->extent_bytes() / grain + bits - 1) / bits);
  ++taken_;
  return true;
}

char* Cold::append(Version& version, std::string_view value) {
  Extent& extent = *extents_[*open_];
  char* const at = space_->at(*open_) + extent.filled;
  const std::size_t record = record_bytes(value.size());
  std::construct_at(reinterpret_cast<Head*>(at), Head{&version, value.size()});
  std::memcpy(at + sizeof(Head), value.data(), value.size());
  extent.filled += record;
  extent.live_bytes += record;
  live_bytes_ += record;
  return at + sizeof(Head);
}

void Cold::seal() {
  const Number number = *std::exchange(open_, std::nullopt);
  if (extents_[number]->live_bytes == 0) return drop(number);
  space_->seal(number, extents_[number]->filled);
}

// What it says in front of the value may be on a disk, and is not looked at.
void Cold::forget(const Version& version) {
  const Number number = space_->number_of(version.value_at);
  Extent& extent = *extents_[number];
  const auto at = static_cast<std::size_t>(version.value_at - space_->at(number)) - sizeof(Head);
  std::uint64_t& word = extent.dead[at / grain / bits];
  const std::uint64_t bit = std::uint64_t{1} << (at / grain % bits);
  const std::size_t record = record_bytes(version.value_bytes);
  ensure((word & bit) == 0 && extent.live_bytes >= record);
  word |= bit;
  extent.live_bytes -= record;
  live_bytes_ -= record;
  if (extent.live_bytes == 0 && open_ != number) drop(number);
}

void Cold::drop(Number number) {
  if (cleaning_ && cleaning_->number == number) cleaning_.reset();
  extents_[number].reset();
  is_stuck_ = false;
  --taken_;
  space_->drop(number);
}

// A third of the file is waste, and at least two extents of it.
bool Cold::is_wasteful() const {
  const std::uint64_t waste = bytes() - live_bytes_;
  return waste > 2 * space_->extent_bytes() && waste > bytes() / 3;
}

bool Cold::can_clean() const {
  if (is_stuck_ && space_->room() != env::Extents::Room::yes) return false;
  return cleaning_ ? space_->fetch(cleaning_->number) : is_wasteful();
}

std::optional<Cold::Number> Cold::emptiest() const {
  std::optional<Number> found;
  for (Number number = 0; number < extents_.size(); ++number) {
    if (extents_[number] == nullptr || open_ == number) continue;
    if (!found || extents_[number]->live_bytes < extents_[*found]->live_bytes) found = number;
  }
  return found;
}

// Values of an extent that was chosen are read from the disk beforehand, while others have their
// turn.
void Cold::clean(std::uint64_t most) {
  is_stuck_ = false;
  if (!cleaning_) {
    const std::optional<Number> chosen = is_wasteful() ? emptiest() : std::nullopt;
    if (!chosen) return;
    cleaning_ = {*chosen, 0};
  }
  const Number number = cleaning_->number;
  if (!space_->fetch(number)) return;
  Extent& extent = *extents_[number];
  std::uint64_t moved = 0;
  for (; most > 0 && moved < most_moved_bytes && cleaning_->at < extent.filled; --most) {
    const std::size_t at = cleaning_->at;
    const char* const record = space_->at(number) + at;
    const Head& head = *reinterpret_cast<const Head*>(record);
    if ((extent.dead[at / grain / bits] >> (at / grain % bits) & 1) == 0) {
      Version& version = *head.version;
      const Version before = version;
      is_stuck_ = !keep(version, {record + sizeof(Head), head.bytes});
      if (is_stuck_) return;
      moved += head.bytes;
      cleaning_->at = at + record_bytes(head.bytes);
      forget(before);
      if (!cleaning_) return;  // that was the last one
      continue;
    }
    cleaning_->at = at + record_bytes(head.bytes);
  }
  ensure(cleaning_->at < extent.filled);  // else it would have been dropped
}

std::uint64_t Cold::memory_bytes() const {
  const std::uint64_t each = sizeof(Extent) + space_->extent_bytes() / grain / 8;
  return taken_ * each + extents_.size() * sizeof(void*);
}

}  // namespace bowline::kv
