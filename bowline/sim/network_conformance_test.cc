// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include <gtest/gtest.h>

#include "bowline/env/conformance.h"
#include "bowline/sim/stream_rig.h"

// The simulated network keeps the promises that the real one keeps, by the same checks.
namespace bowline::env {

std::ostream& operator<<(std::ostream& out, const NetworkCheck& check) { return out << check.name; }

}  // namespace bowline::env

namespace bowline::sim {
namespace {

constexpr NodeId one{1};
constexpr NodeId two{2};

class SimulatedField final : public env::Field {
 public:
  explicit SimulatedField(std::uint64_t seed) : rig_(seed) {
    rig_.climate.pieces_ppm = seed % 2 == 0 ? 100'000 : 0;
    rig_.climate.window_bytes = std::uint64_t{64 << 10} << seed % 3;
  }
  env::Loop& loop() override { return rig_.loop(one); }
  env::Network& network() override { return rig_.network(one); }
  env::Network& another() override { return rig_.network(two); }
  std::string address() override { return NodeAddress{.node = one, .port = ++port_}.text(); }
  std::string nobodys_address() override { return NodeAddress{.node = two, .port = 1}.text(); }
  void reopen() override { rig_.reopen(one); }
  bool run_until(const std::function<bool()>& holds) override { return rig_.run_until(holds); }
  std::uint64_t bytes() const { return rig_.counters().bytes; }

 private:
  StreamRig rig_;
  std::uint16_t port_ = 2000;
};

class NetworkConformance : public testing::TestWithParam<env::NetworkCheck> {};

TEST_P(NetworkConformance, holds) {
  constexpr std::uint64_t seeds = 30;              // each has its own order of things
  constexpr std::uint64_t enough_bytes = 1 << 27;  // some checks move a hundred megabytes
  std::uint64_t bytes = 0;
  for (std::uint64_t seed = 1; seed <= seeds && bytes < enough_bytes; ++seed) {
    SimulatedField field(seed);
    ASSERT_EQ(GetParam().run(field), "") << "seed " << seed;
    bytes += field.bytes();
  }
}

INSTANTIATE_TEST_SUITE_P(Network, NetworkConformance,
                         testing::ValuesIn(env::network_checks().begin(),
                                           env::network_checks().end()),
                         [](const testing::TestParamInfo<env::NetworkCheck>& test) {
                           return std::string(test.param.name);
                         });

}  // namespace
}  // namespace bowline::sim
