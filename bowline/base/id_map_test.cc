// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/id_map.h"

#include <cstdint>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "bowline/base/ids.h"
#include "bowline/base/prng.h"

namespace bowline {
namespace {

using Numbers = IdMap<GroupId, std::uint64_t>;

std::map<GroupId, std::uint64_t> all(const Numbers& numbers) {
  std::map<GroupId, std::uint64_t> found;
  numbers.each([&](GroupId id, std::uint64_t value) { found[id] = value; });
  return found;
}

TEST(IdMap, is_empty_at_first_and_finds_nothing) {
  Numbers numbers;
  EXPECT_TRUE(numbers.empty());
  EXPECT_EQ(numbers.find({1}), nullptr);
  numbers.erase({1});
  EXPECT_EQ(numbers.size(), 0U);
}

TEST(IdMap, leaves_values_where_they_are_while_it_grows) {
  Numbers numbers;
  std::uint64_t* const first = &numbers[{1}];
  for (std::uint64_t id = 2; id <= 1000; ++id) numbers[{id}] = id;
  EXPECT_EQ(numbers.find({1}), first);
}

// Few ids, far apart and near together, so that slots collide and gaps close.
TEST(IdMap, does_what_a_map_does) {
  Prng prng(1);
  for (int round = 0; round < 50; ++round) {
    Numbers numbers;
    std::map<GroupId, std::uint64_t> expected;
    for (std::uint64_t step = 0; step < 500; ++step) {
      const std::uint64_t scale = prng.chance(50) ? 1 : std::uint64_t{1} << 60;
      const GroupId id{prng.below(40) * scale};
      if (prng.chance(45)) {
        numbers.erase(id);
        expected.erase(id);
      } else {
        numbers[id] = step;
        expected[id] = step;
      }
      ASSERT_EQ(numbers.size(), expected.size());
      const auto at = expected.find(id);
      ASSERT_EQ(numbers.find(id) == nullptr, at == expected.end());
      if (at != expected.end()) {
        ASSERT_EQ(*numbers.find(id), at->second);
      }
    }
    EXPECT_EQ(all(numbers), expected) << round;
  }
}

}  // namespace
}  // namespace bowline
