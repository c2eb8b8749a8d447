// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/histogram.h"

#include <algorithm>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline {
namespace {

TEST(Histogram, every_value_has_a_place_and_places_follow_each_other) {
  EXPECT_EQ(Histogram::bucket_of(0), 0U);
  EXPECT_EQ(Histogram::bucket_of(std::numeric_limits<std::uint64_t>::max()),
            Histogram::buckets - 1);
  for (std::size_t i = 0; i + 1 < Histogram::buckets; ++i) {
    const std::uint64_t last = Histogram::last_of(i);
    ASSERT_EQ(Histogram::bucket_of(last), i);
    ASSERT_EQ(Histogram::bucket_of(last + 1), i + 1);
  }
  EXPECT_EQ(Histogram::last_of(Histogram::buckets - 1), std::numeric_limits<std::uint64_t>::max());
}

TEST(Histogram, a_percentile_is_never_too_low_and_at_most_a_part_of_32_too_high) {
  Prng prng(7);
  for (int round = 0; round < 50; ++round) {
    Histogram histogram;
    std::vector<std::uint64_t> all;
    const std::uint64_t count = 1 + prng.below(3000);
    for (std::uint64_t i = 0; i < count; ++i) {
      all.push_back(prng.next() >> (20 + prng.below(44)));
      histogram.add(all.back());
    }
    std::ranges::sort(all);
    for (const std::uint64_t permille : {1, 500, 900, 990, 999, 1000}) {
      const std::uint64_t rank = std::max<std::uint64_t>((count * permille + 999) / 1000, 1);
      const std::uint64_t exact = all[rank - 1];
      ASSERT_GE(histogram.at(permille), exact);
      ASSERT_LE(histogram.at(permille), exact + exact / 32);
    }
    ASSERT_EQ(histogram.most(), all.back());
  }
}

TEST(Histogram, what_is_below_a_power_of_two_is_counted_exactly) {
  Histogram histogram;
  for (std::uint64_t value = 0; value < 5000; ++value) histogram.add(value);
  for (const std::uint64_t power : {64, 128, 1024, 4096}) EXPECT_EQ(histogram.below(power), power);
  EXPECT_EQ(histogram.below(8192), 5000U);
}

TEST(Histogram, nothing_is_zero_and_two_add_up) {
  Histogram histogram;
  EXPECT_EQ(histogram.at(500), 0U);
  Histogram other;
  other.add(10, 3);
  other.add(100);
  histogram.add(1);
  histogram.add(other);
  EXPECT_EQ(histogram.count(), 5U);
  EXPECT_EQ(histogram.sum(), 131U);
  EXPECT_EQ(histogram.most(), 100U);
  EXPECT_EQ(histogram.at(500), 10U);
  EXPECT_EQ(histogram.at(1000), 100U);
}

}  // namespace
}  // namespace bowline
