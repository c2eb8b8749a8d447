// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/ledger.h"

#include "bowline/base/ensure.h"
#include "bowline/env/buffer.h"

namespace bowline::wal {

void Ledger::add(std::uint64_t segment, GroupId group, std::uint64_t bytes) {
  if (bytes == 0) return;
  Segment& at = segments_[segment];
  at.needs[group] += bytes;
  at.live += bytes;
}

void Ledger::take(std::uint64_t segment, GroupId group, std::uint64_t bytes) {
  if (bytes == 0) return;
  Segment& at = segments_.at(segment);
  const auto need = at.needs.find(group);
  ensure(need != at.needs.end() && need->second >= bytes);
  need->second -= bytes;
  at.live -= bytes;
  if (need->second == 0) at.needs.erase(need);
}

std::uint64_t Ledger::permille_live(std::uint64_t segment) const {
  const Segment& at = segments_.at(segment);
  return at.end == 0 ? 1000 : at.live * 1000 / (at.end * env::block_bytes);
}

std::uint64_t Ledger::permille_live() const {
  std::uint64_t live = 0;
  std::uint64_t written = 0;
  for (const auto& [number, segment] : segments_) {
    if (segment.end == 0) continue;
    live += segment.live;
    written += segment.end * env::block_bytes;
  }
  return written == 0 ? 1000 : live * 1000 / written;
}

}  // namespace bowline::wal
