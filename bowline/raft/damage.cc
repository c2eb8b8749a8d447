// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/damage.h"

#include <algorithm>

#include "bowline/base/ensure.h"

namespace bowline::raft {

Damage::Damage(std::span<const Stretch> found) {
  for (const Stretch& stretch : found) add(stretch);
}

bool Damage::covers(Index index) const {
  return std::ranges::any_of(stretches_, [index](const Stretch& stretch) {
    return stretch.first <= index && index <= stretch.last;
  });
}

void Damage::add(Stretch added) {
  ensure(added.first <= added.last);
  // Whatever touches the new one becomes part of it, so that stretches stay apart.
  erase_if(stretches_, [&added](const Stretch& old) {
    if (old.last.next() < added.first || added.last.next() < old.first) return false;
    added = {std::min(old.first, added.first), std::max(old.last, added.last)};
    return true;
  });
  const auto after = std::ranges::upper_bound(stretches_, added.first, {}, &Stretch::first);
  stretches_.insert(after, added);
}

void Damage::mended(Index index) {
  const auto hit = std::ranges::find_if(stretches_, [index](const Stretch& stretch) {
    return stretch.first <= index && index <= stretch.last;
  });
  if (hit == stretches_.end()) return;
  const Stretch whole = *hit;
  const auto place = stretches_.erase(hit);
  const auto tail =
      index < whole.last ? stretches_.insert(place, Stretch{index.next(), whole.last}) : place;
  if (whole.first < index) stretches_.insert(tail, Stretch{whole.first, index.prev()});
}

void Damage::cut_after(Index keep) {
  erase_if(stretches_, [keep](const Stretch& stretch) { return stretch.first > keep; });
  if (any()) stretches_.back().last = std::min(stretches_.back().last, keep);
}

void Damage::rebase(Index base) {
  erase_if(stretches_, [base](const Stretch& stretch) { return stretch.last <= base; });
  if (any()) stretches_.front().first = std::max(stretches_.front().first, base.next());
}

}  // namespace bowline::raft
