// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/damage.h"

#include <set>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline::raft {
namespace {

using Stretches = std::vector<Stretch>;

Stretches all(const Damage& damage) {
  return {damage.stretches().begin(), damage.stretches().end()};
}

TEST(Damage, stretches_that_touch_become_one) {
  Damage damage(Stretches{{{3}, {4}}, {{8}, {9}}});
  damage.add({{5}, {7}});
  EXPECT_EQ(all(damage), (Stretches{{{3}, {9}}}));
}

TEST(Damage, mending_one_entry_splits_a_stretch) {
  Damage damage(Stretches{{{3}, {6}}});
  damage.mended({4});
  EXPECT_EQ(all(damage), (Stretches{{{3}, {3}}, {{5}, {6}}}));
  damage.mended({3});
  EXPECT_EQ(damage.first(), Index{5});
  damage.mended({5});
  damage.mended({6});
  EXPECT_FALSE(damage.any());
}

TEST(Damage, what_is_cut_is_not_missed) {
  Damage damage(Stretches{{{3}, {6}}, {{9}, {9}}});
  damage.cut_after({4});
  EXPECT_EQ(all(damage), (Stretches{{{3}, {4}}}));
}

TEST(Damage, what_a_snapshot_covers_is_not_missed) {
  Damage damage(Stretches{{{3}, {6}}, {{9}, {9}}});
  damage.rebase({4});
  EXPECT_EQ(all(damage), (Stretches{{{5}, {6}}, {{9}, {9}}}));
  damage.rebase({9});
  EXPECT_FALSE(damage.any());
}

TEST(Damage, agrees_with_a_set_of_indexes) {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    Damage damage;
    std::set<std::uint64_t> lost;
    for (int i = 0; i < 40; ++i) {
      const std::uint64_t at = 1 + prng.below(20);
      switch (prng.below(5)) {
        case 0: damage.cut_after({at}), lost.erase(lost.upper_bound(at), lost.end()); break;
        case 1: damage.rebase({at / 4}), lost.erase(lost.begin(), lost.upper_bound(at / 4)); break;
        case 2: damage.mended({at}), lost.erase(at); break;
        default: {
          const std::uint64_t last = at + prng.below(4);
          damage.add({{at}, {last}});
          for (std::uint64_t n = at; n <= last; ++n) lost.insert(n);
        }
      }
      for (std::uint64_t n = 0; n < 26; ++n) ASSERT_EQ(damage.covers({n}), lost.contains(n)) << n;
      ASSERT_EQ(damage.any(), !lost.empty());
      if (damage.any()) {
        ASSERT_EQ(damage.first(), Index{*lost.begin()});
      }
      for (std::size_t n = 1; n < damage.stretches().size(); ++n)
        ASSERT_LT(damage.stretches()[n - 1].last.next(), damage.stretches()[n].first);
    }
  }
}

}  // namespace
}  // namespace bowline::raft
