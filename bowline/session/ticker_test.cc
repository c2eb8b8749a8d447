// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/ticker.h"

#include <variant>

#include <gtest/gtest.h>

#include "bowline/session/envelope.h"

namespace bowline::session {
namespace {

using namespace std::chrono_literals;

std::uint64_t time_in(const std::string& envelope) {
  return std::get<Tick>(decode_envelope(envelope)->body).time_ms;
}

TEST(Ticker, time_goes_on_while_somebody_leads_whatever_clocks_show) {
  Ticker ticker(1s);
  Time now{1000h};
  ticker.begin(5'000, now);
  EXPECT_FALSE(ticker.due(now + 999ms));
  const auto first = ticker.due(now + 1s);
  ASSERT_TRUE(first);
  EXPECT_EQ(time_in(*first), 6'000U);
  EXPECT_FALSE(ticker.due(now + 1s));
  EXPECT_EQ(time_in(*ticker.due(now + 3500ms)), 8'500U);
  // It led no more for a day, and then again: the day does not count.
  now = now + 24h;
  ticker.begin(8'500, now);
  EXPECT_EQ(time_in(*ticker.due(now + 1s)), 9'500U);
}

}  // namespace
}  // namespace bowline::session
