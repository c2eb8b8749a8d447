// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/runs.h"

#include <map>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline::wal {
namespace {

// What Runs says, entry by entry: the row and the place in it.
TEST(Runs, what_is_lost_is_lost_and_what_lies_around_it_is_not) {
  Runs runs;
  runs.put({.first = {1}, .term = {1}, .count = 10, .skip = 3, .bytes = 71, .where = {1, 1, 1}});
  runs.put({.first = {11}, .term = {2}, .count = 4, .bytes = 9, .where = {2, 1, 1}});
  runs.lose({4}, {12});
  std::uint64_t bytes = 0;
  std::uint32_t entries = 0;
  for (const wal::Run& run : runs.all()) bytes += run.bytes, entries += run.count;
  EXPECT_EQ(bytes, 80U);
  EXPECT_EQ(entries, 14U);
  for (std::uint64_t i = 1; i <= 14; ++i) EXPECT_EQ(runs.at({i})->lost, i >= 4 && i <= 12) << i;
  EXPECT_EQ(runs.at({5})->skip, 6U);
  EXPECT_EQ(runs.at({5})->last(), Index{10});
}

using Model = std::map<std::uint64_t, std::pair<std::uint32_t, std::uint32_t>>;

Model read_out(const Runs& runs) {
  Model model;
  for (const Run& run : runs.all())
    for (std::uint32_t i = 0; i < run.count; ++i)
      EXPECT_TRUE(
          model.emplace(run.first.value + i, std::pair(run.where.row, run.skip + i)).second);
  return model;
}

TEST(Runs, are_what_a_map_of_single_entries_is) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Prng prng(seed);
    Runs runs;
    Runs::Dropped dropped;
    Model model;
    std::uint64_t put = 0;
    std::map<std::uint64_t, std::uint64_t> bytes;  // by segment
    for (std::uint32_t row = 1; row < 60; ++row) {
      const std::uint64_t index = 1 + prng.below(40);
      if (prng.chance(20)) {
        runs.cut_after({index}, &dropped);
        model.erase(model.upper_bound(index), model.end());
      } else if (prng.chance(15)) {
        runs.rebase({index}, &dropped);
        model.erase(model.begin(), model.upper_bound(index));
      } else {
        const auto count = static_cast<std::uint32_t>(1 + prng.below(8));
        runs.put({.first = {index},
                  .term = {1},
                  .count = count,
                  .bytes = 7 * count + 1,
                  .where = {1 + row / 20, 1, row}},
                 &dropped);
        put += count;
        bytes[1 + row / 20] += 7 * count + 1;
        for (std::uint32_t i = 0; i < count; ++i) model[index + i] = {row, i};
      }
      ASSERT_EQ(read_out(runs), model) << seed << ' ' << row;
      for (std::uint64_t i = 1; i < 50; ++i)
        ASSERT_EQ(runs.at({i}) != nullptr, model.contains(i)) << seed << ' ' << i;
      std::uint64_t gone = 0;
      std::map<std::uint64_t, std::uint64_t> weight;
      for (const Runs::Gone& part : dropped)
        gone += part.entries, weight[part.segment] += part.bytes;
      for (const wal::Run& run : runs.all()) weight[run.where.segment] += run.bytes;
      ASSERT_EQ(weight, bytes) << seed << ' ' << row;
      ASSERT_EQ(gone + model.size(), put) << seed << ' ' << row;
    }
  }
}

}  // namespace
}  // namespace bowline::wal
