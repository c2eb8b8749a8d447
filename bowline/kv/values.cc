// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/values.h"

#include <cstring>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::kv {

using Room = env::Extents::Room;

Values::Values(Slabs& slabs, const ValueMemory& memory) : slabs_(slabs), memory_(memory) {
  if (memory_.extents != nullptr) cold_ = std::make_unique<Cold>(memory_.extents);
}

void Values::trade(Values& other) {
  std::swap(memory_, other.memory_);
  std::swap(cold_, other.cold_);
  std::swap(hot_bytes_, other.hot_bytes_);
}

void Values::keep_hot(Version& version, std::string_view value) {
  ensure(version.value_bytes == 0);
  if (value.empty()) return;
  char* const at = slabs_.allocate(value.size());
  std::memcpy(at, value.data(), value.size());
  version.value_at = at;
  version.value_bytes = static_cast<std::uint32_t>(value.size());
}

void Values::keep_loaded(Version& version, std::string_view value) {
  if (is_half_full() && may_go(value.size())) {
    if (memory_.extents->room() == Room::later) memory_.extents->wait();
    if (has_room() && cold_->keep(version, value)) return;
  }
  keep(version, value);
}

void Values::forget(Version& version) {
  if (version.value_bytes == 0) return;
  if (is_cold(version)) {
    cold_->forget(version);
  } else {
    slabs_.release(version.value_at, version.value_bytes);
    hot_bytes_ -= version.value_bytes;
  }
  version.value_at = nullptr;
  version.value_bytes = 0;
}

bool Values::must_wait() const { return is_half_full() && memory_.extents->room() == Room::later; }

bool Values::has_room() const { return memory_.extents->room() == Room::yes; }

bool Values::cool(Version& version) {
  const std::string_view value = view(version);
  if (!may_go(value.size()) || is_cold(version)) return true;
  if (!has_room() || !cold_->keep(version, value)) return false;
  char* const hot = const_cast<char*>(value.data());
  slabs_.release(hot, value.size());
  hot_bytes_ -= value.size();
  return true;
}

bool Values::want(const Version& version) const {
  return version.value_bytes == 0 || !is_cold(version) || cold_->want(view(version));
}

}  // namespace bowline::kv
