// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <string>

#include <gtest/gtest.h>

#include "bowline/base/bytes.h"
#include "bowline/base/ensure.h"
#include "bowline/base/ids.h"
#include "bowline/base/mutant.h"
#include "bowline/base/prng.h"
#include "bowline/base/time.h"

namespace bowline {
namespace {

TEST(Ordinal, counts) {
  const Index five{5};
  EXPECT_EQ(five.next(), Index{6});
  EXPECT_EQ(five.prev(), Index{4});
  EXPECT_EQ(five + 3, Index{8});
  EXPECT_EQ(Index{9} - five, 4U);
  EXPECT_TRUE(bool(five));
  EXPECT_FALSE(bool(Index{}));
}

TEST(LogId, the_more_up_to_date_log_is_the_greater_one) {
  const LogId older{{1}, {9}};
  const LogId newer{{2}, {3}};
  const LogId longer{{2}, {4}};
  EXPECT_LT(older, newer);
  EXPECT_LT(newer, longer);
  EXPECT_LT(LogId{}, older);
}

TEST(Bytes, outlive_what_they_were_made_from_and_are_shared) {
  Bytes copy;
  {
    const Bytes original = Bytes::own(std::string(100, 'x'));
    copy = original;
    EXPECT_EQ(copy.view().data(), original.view().data());
  }
  EXPECT_EQ(copy.view(), std::string(100, 'x'));
}

TEST(Bytes, are_equal_if_their_contents_are) {
  EXPECT_EQ(Bytes::copy("a"), Bytes::own("a"));
  EXPECT_FALSE(Bytes::copy("a") == Bytes::copy("b"));
  EXPECT_EQ(Bytes{}, Bytes::copy(""));
}

// Seeds of failures are kept: the same seed must mean the same history for ever.
TEST(Prng, gives_the_same_numbers_for_ever) {
  Prng prng(1234567);
  EXPECT_EQ(prng.next(), 6457827717110365317U);
  EXPECT_EQ(prng.next(), 3203168211198807973U);
  EXPECT_EQ(prng.next(), 9817491932198370423U);
}

TEST(Prng, stays_below_its_bound) {
  Prng prng(1);
  int low = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t n = prng.below(10);
    ASSERT_LT(n, 10U);
    low += n < 5;
  }
  EXPECT_NEAR(low, 5000, 300);
  EXPECT_EQ(prng.below(0), 0U);
  EXPECT_FALSE(prng.chance(0));
  EXPECT_TRUE(prng.chance(100));
}

TEST(Time, a_moment_and_a_duration_give_a_moment) {
  const Time later = Time{} + Duration{5};
  EXPECT_EQ(later - Time{}, Duration{5});
  EXPECT_LT(later, never);
}

TEST(Mutant, a_release_build_has_no_planted_bug) {
  EXPECT_FALSE(planted(Bug::p99_canary));
  EXPECT_FALSE(planted(Bug::none));
}

void tell_and_fail_again(const char* file, unsigned, const char*) {
  std::fprintf(stderr, "listener heard of %s\n", file);
  ensure(false);  // must not come back here
}

TEST(EnsureDeathTest, stops_the_process_and_names_the_place) {
  EXPECT_DEATH(ensure(1 == 2), "base_test.cc:[0-9]+: ensure failed in .*TestBody");
}

TEST(EnsureDeathTest, tells_its_listener_once) {
  EXPECT_DEATH(
      {
        on_ensure_failure(tell_and_fail_again);
        ensure(false);
      },
      "listener heard of .*base_test.cc\n.*ensure failed in .*tell_and_fail_again");
}

std::string name_of(const void* subject) { return static_cast<const char*>(subject); }

TEST(EnsureDeathTest, tells_what_was_being_worked_on_from_the_inside_out) {
  const EnsureSubject outer("the outer", name_of);
  { const EnsureSubject past("the past", name_of); }
  const EnsureSubject inner("the inner", name_of);
  EXPECT_DEATH(ensure(false), "TestBody.*\nthe inner\nthe outer\n$");
}

std::string failing(const void*) {
  ensure(false);
  return {};
}

TEST(EnsureDeathTest, survives_a_subject_that_cannot_be_described) {
  const EnsureSubject outer("the outer", name_of);
  const EnsureSubject inner(nullptr, failing);
  EXPECT_DEATH(ensure(false), "ensure failed in .*TestBody.*\n.*ensure failed in .*\nthe outer");
}

TEST(Ensure, gives_back_the_listener_before) {
  EXPECT_EQ(on_ensure_failure(tell_and_fail_again), nullptr);
  EXPECT_EQ(on_ensure_failure(nullptr), tell_and_fail_again);
  ensure(true);
}

}  // namespace
}  // namespace bowline
