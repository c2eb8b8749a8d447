// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/abstraction.h"

#include <memory>
#include <utility>

#include <gtest/gtest.h>

namespace bowline::raft {
namespace {

// A group of one: it campaigns, leads and commits by itself.
Core lone(std::uint64_t seed) {
  Membership group{.cluster = {7}, .members = {Member{.id = {1}, .incarnation = {100}}}};
  Found found;
  found.base.membership = std::make_shared<const Membership>(std::move(group));
  return Core(std::make_shared<const Options>(), Identity{{1}, {7}, {100}, seed}, std::move(found),
              Time{});
}

void step(Core& core, Time at, Input input) {
  Effects effects;
  core.step(at, std::move(input), effects);
}

void lead(Core& core, Time at) {
  step(core, at, Woken{});
  step(core, at, Persisted{{1}});
  step(core, at, Persisted{{2}});
}

TEST(Abstraction, what_decides_the_future_counts) {
  Core core = lone(3);
  const std::uint64_t before = Abstraction::digest(core);
  Core same = core;
  EXPECT_EQ(Abstraction::digest(same), before);
  lead(core, core.deadline());
  ASSERT_TRUE(core.leads(core.term()));
  EXPECT_NE(Abstraction::digest(core), before);
  EXPECT_EQ(Abstraction::digest(same), before);
  const std::uint64_t led = Abstraction::digest(core);
  step(core, core.deadline(), Propose{{9}, {Bytes::copy("x")}, {}});
  EXPECT_NE(Abstraction::digest(core), led);
}

TEST(Abstraction, moments_do_not_count_once_they_are_forgotten) {
  Core early = lone(3);
  Core late = lone(3);
  lead(early, early.deadline());
  lead(late, late.deadline() + Duration{5'000'000'000});
  Abstraction::forget_times(early);
  Abstraction::forget_times(late);
  EXPECT_EQ(Abstraction::digest(early), Abstraction::digest(late));
  EXPECT_EQ(early.deadline(), late.deadline());
}

}  // namespace
}  // namespace bowline::raft
