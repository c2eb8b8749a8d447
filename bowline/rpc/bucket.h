// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>

#include "bowline/base/time.h"

namespace bowline::rpc {

// So many in each second, and so many at once: what is more is a flood.
class Bucket {
 public:
  Bucket(std::uint32_t a_second, std::uint32_t at_once)
      : gap_(Duration(std::chrono::seconds(1)) / std::max<std::uint32_t>(a_second, 1)),
        depth_(gap_ * at_once) {}

  // False: one too many.
  bool take(Time now) {
    full_ = std::max(full_, now.since_start) + gap_;
    return full_ - now.since_start <= depth_;
  }

 private:
  Duration gap_;
  Duration depth_;
  Duration full_ = Duration::min();  // when all that was taken is made up for
};

}  // namespace bowline::rpc
