// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/ledger.h"

#include <algorithm>

#include "bowline/base/ensure.h"
#include "bowline/env/buffer.h"

namespace bowline::wal {
namespace {

// A group has few of them.
Ledger::Needs::iterator need_of(Ledger::Needs& needs, std::uint64_t segment) {
  return std::ranges::lower_bound(needs, segment, {}, &Ledger::Need::segment);
}

}  // namespace

void Ledger::add(std::uint64_t segment, Needs& of, std::uint64_t bytes) {
  if (bytes == 0) return;
  const auto need = need_of(of, segment);
  if (need != of.end() && need->segment == segment) {
    need->bytes += bytes;
  } else {
    of.insert(need, {segment, bytes});
  }
  segments_[segment].live += bytes;
}

void Ledger::take(std::uint64_t segment, Needs& of, std::uint64_t bytes) {
  if (bytes == 0) return;
  const auto need = need_of(of, segment);
  ensure(need != of.end() && need->segment == segment && need->bytes >= bytes);
  need->bytes -= bytes;
  if (need->bytes == 0) of.erase(need);
  segments_.at(segment).live -= bytes;
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
