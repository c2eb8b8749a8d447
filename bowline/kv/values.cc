// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/values.h"

#include <cstring>

#include "bowline/base/ensure.h"

namespace bowline::kv {

void Values::keep(Version& version, std::string_view value) {
  ensure(version.value_bytes == 0);
  if (value.empty()) return;
  char* const at = slabs_.allocate(value.size());
  std::memcpy(at, value.data(), value.size());
  version.value_at = at;
  version.value_bytes = static_cast<std::uint32_t>(value.size());
}

void Values::forget(Version& version) {
  if (version.value_bytes == 0) return;
  slabs_.release(version.value_at, version.value_bytes);
  version.value_at = nullptr;
  version.value_bytes = 0;
}

}  // namespace bowline::kv
