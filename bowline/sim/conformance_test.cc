// SPDX-License-Identifier: Apache-2.0
#include "bowline/env/conformance.h"

#include <chrono>
#include <optional>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/simulated_disk.h"

// The simulated disk and loop keep the promises that the real ones keep, by the same checks. What
// the simulator proves is worth no more than that.
namespace bowline::env {

std::ostream& operator<<(std::ostream& out, const Check& check) { return out << check.name; }

}  // namespace bowline::env

namespace bowline::sim {
namespace {

class SimulatedGround final : public env::Ground {
 public:
  explicit SimulatedGround(std::uint64_t seed)
      : decisions_(seed), chance_(decisions_, {.part = Part::disk}), loop_(chance_), clock_(loop_) {
    reopen();
  }
  env::Clock& clock() override { return clock_; }
  env::Loop& loop() override { return loop_; }
  env::Disk& disk() override { return *disk_; }
  void reopen() override {
    disk_.reset();
    disk_.emplace(platter_, loop_, chance_, climate_);
  }
  std::unique_ptr<env::Disk> another() override {
    return std::make_unique<SimulatedDisk>(platter_, loop_, chance_, climate_);
  }
  bool run_until(const std::function<bool()>& holds) override {
    return loop_.run_until(holds, std::chrono::hours(1));
  }

 private:
  DiskClimate climate_;
  Platter platter_;
  Decisions decisions_;
  Chance chance_;
  ProcessLoop loop_;
  ProcessClock clock_;
  std::optional<SimulatedDisk> disk_;
};

constexpr std::uint64_t seeds = 30;  // each has its own order of things

class Conformance : public testing::TestWithParam<env::Check> {};

TEST_P(Conformance, holds) {
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SimulatedGround ground(seed);
    EXPECT_EQ(GetParam().run(ground), "") << "seed " << seed;
  }
}

const auto name_of = [](const testing::TestParamInfo<env::Check>& test) {
  return std::string(test.param.name);
};

INSTANTIATE_TEST_SUITE_P(Disk, Conformance,
                         testing::ValuesIn(env::disk_checks().begin(), env::disk_checks().end()),
                         name_of);
INSTANTIATE_TEST_SUITE_P(Loop, Conformance,
                         testing::ValuesIn(env::loop_checks().begin(), env::loop_checks().end()),
                         name_of);

}  // namespace
}  // namespace bowline::sim
