// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/freshness.h"

#include <algorithm>

namespace bowline::host {

void Freshness::proved(Time asked, Index through) {
  if (!newest_ || newest_->asked < asked) newest_ = Proof{asked, through};
}

std::optional<Duration> Freshness::age(Index applied, Time now, std::uint32_t drift_permille) {
  if (newest_ && newest_->through <= applied) reached_ = newest_;
  if (!reached_) return std::nullopt;
  const std::int64_t slowest = 1000 - std::min<std::int64_t>(drift_permille, 999);
  return (now - reached_->asked) * 1000 / slowest + Duration{1};
}

}  // namespace bowline::host
