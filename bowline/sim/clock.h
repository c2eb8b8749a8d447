// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstdint>

#include "bowline/base/time.h"

namespace bowline::sim {

// One node's monotonic clock. It began anywhere, and it runs a little too fast or too slow. The
// node sees only this; true time is for the witnesses.
class Clock {
 public:
  Clock(Time now, Duration shows, std::int64_t permille_fast)
      : true_origin_(now), local_origin_{shows}, permille_(permille_fast) {}

  Time local(Time now) const {
    const std::int64_t passed = (now - true_origin_).count();
    return local_origin_ + Duration(passed + floor_thousandth(passed * permille_));
  }
  // The first moment at which this clock shows `local` or later; never before `now`.
  Time when(Time local_time, Time now) const {
    if (local_time <= local(now)) return now;
    const std::int64_t shown = (local_time - local_origin_).count();
    const std::int64_t whole = shown / (1000 + permille_) * 1000;
    const std::int64_t rest = shown % (1000 + permille_) * 1000 / (1000 + permille_);
    Time at = true_origin_ + Duration(whole + rest);
    while (local(at) < local_time) at = at + Duration(1);
    return at;
  }
  std::int64_t permille() const { return permille_; }

  // From now on it runs at another rate, or goes on after it stood still since `stopped`.
  void change_rate(Time now, std::int64_t permille_fast) {
    local_origin_ = local(now);
    true_origin_ = now;
    permille_ = permille_fast;
  }
  void stood_still(Time stopped, Time now) {
    local_origin_ = local(std::max(stopped, true_origin_));
    true_origin_ = now;
  }

 private:
  static std::int64_t floor_thousandth(std::int64_t value) {
    return value >= 0 ? value / 1000 : -((-value + 999) / 1000);
  }

  Time true_origin_;
  Time local_origin_;
  std::int64_t permille_;
};

}  // namespace bowline::sim
