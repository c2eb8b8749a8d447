// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>

#include "bowline/base/few.h"
#include "bowline/base/ids.h"

namespace bowline::raft {

struct Stretch {
  Index first, last;
  friend bool operator==(const Stretch&, const Stretch&) = default;
};

// Entries whose ids we know and whose contents our disk lost, or may have. They count when logs are
// compared, since we may have acknowledged them; they are never acknowledged, served or applied
// until somebody sends them again or overrules them.
class Damage {
 public:
  Damage() = default;
  explicit Damage(std::span<const Stretch> found);

  bool any() const { return !stretches_.empty(); }
  bool covers(Index) const;
  Index first() const { return stretches_.front().first; }  // only if any()
  std::span<const Stretch> stretches() const { return stretches_; }

  void add(Stretch);
  void mended(Index);          // the content is back
  void cut_after(Index keep);  // past it there is nothing to miss
  void rebase(Index base);     // nor below it

 private:
  Few<Stretch> stretches_;  // by rising index, apart from each other
};

}  // namespace bowline::raft
