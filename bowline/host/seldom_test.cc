// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/seldom.h"

#include <chrono>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

using namespace std::chrono_literals;

TEST(Seldom, what_is_over_soon_is_not_worth_a_word) {
  const Time begin = Time{} + 5h;
  Seldom seldom(1s);
  EXPECT_FALSE(seldom.is_due(begin));
  EXPECT_FALSE(seldom.is_due(begin + 999ms));
}

TEST(Seldom, what_lasts_is_told_once_in_each_while) {
  const Time begin = Time{} + 5h;
  Seldom seldom(1s);
  int told = 0;
  for (Duration after = 0ms; after <= 10s; after += 1ms) told += seldom.is_due(begin + after);
  EXPECT_EQ(told, 10);
}

}  // namespace
}  // namespace bowline::host
