// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/history.h"

#include <algorithm>

namespace bowline::kv {

History::Place History::find(std::int64_t main) const {
  const auto found = std::ranges::lower_bound(versions_, main, {}, &Version::main);
  return first_ + static_cast<Place>(found - versions_.begin());
}

}  // namespace bowline::kv
