// SPDX-License-Identifier: Apache-2.0
#include "bowline/dash/recent.h"

#include <algorithm>
#include <cstddef>

namespace bowline::dash {
namespace {

// Of what came since `before` so many parts of 1,000 are not above this; at most one part of 32
// too high.
std::uint64_t at(std::uint64_t permille, const Histogram& now, const Histogram& before) {
  const auto seen = [&](std::size_t bucket) {
    const std::uint64_t next = Histogram::last_of(bucket) + 1;
    return now.below(next) - before.below(next);
  };
  const std::uint64_t count = now.count() - before.count();
  const std::uint64_t wanted = std::max<std::uint64_t>((count * permille + 999) / 1000, 1);
  std::size_t low = 0;
  std::size_t high = Histogram::buckets - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    if (seen(middle) >= wanted) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return std::min(Histogram::last_of(low), now.most());
}

Latency latency(const Histogram& now, const Histogram& before) {
  Latency latency{.count = now.count() - before.count()};
  if (latency.count == 0) return latency;
  latency.p50_ms = static_cast<double>(at(500, now, before)) / 1e6;
  latency.p99_ms = static_cast<double>(at(990, now, before)) / 1e6;
  return latency;
}

}  // namespace

std::optional<Rates> Recent::note(Time now, const Totals& totals) {
  while (!past_.empty() && now - past_.front().at > window + apart) past_.pop_front();
  std::optional<Rates> rates;
  if (!past_.empty() && now - past_.front().at >= apart / 2) {
    const Totals& before = past_.front().totals;
    const double seconds = std::chrono::duration<double>(now - past_.front().at).count();
    const auto per_second = [seconds](std::uint64_t later, std::uint64_t earlier) {
      return static_cast<double>(later - earlier) / seconds;
    };
    rates = Rates{.over_s = seconds,
                  .calls_per_s = per_second(totals.calls, before.calls),
                  .reads_per_s = per_second(totals.reads, before.reads),
                  .writes_per_s = per_second(totals.writes, before.writes),
                  .whole = latency(totals.whole, before.whole),
                  .durable = latency(totals.durable, before.durable)};
  }
  if (past_.empty() || now - past_.back().at >= apart) past_.push_back({now, totals});
  return rates;
}

}  // namespace bowline::dash
