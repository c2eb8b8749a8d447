// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/ledger.h"

#include "bowline/base/ensure.h"

namespace bowline::wal {

void Ledger::add(std::uint64_t segment, GroupId group, std::uint64_t count) {
  if (count == 0) return;
  Segment& at = segments_[segment];
  at.needs[group] += count;
  at.live += count;
  at.ever += count;
}

void Ledger::take(std::uint64_t segment, GroupId group, std::uint64_t count) {
  if (count == 0) return;
  Segment& at = segments_.at(segment);
  const auto need = at.needs.find(group);
  ensure(need != at.needs.end() && need->second >= count);
  need->second -= count;
  at.live -= count;
  if (need->second == 0) at.needs.erase(need);
}

std::uint64_t Ledger::permille_live(std::uint64_t segment) const {
  const Segment& at = segments_.at(segment);
  return at.ever == 0 ? 0 : at.live * 1000 / at.ever;
}

}  // namespace bowline::wal
