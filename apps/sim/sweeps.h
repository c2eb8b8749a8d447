// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

namespace bowline::apps {

// The verb `sweep`: a fault at every step of a workload on real logs, instead of random ones.
struct SweepArguments {
  std::string kind;
  std::string shard;
  std::string json;
  std::uint64_t nodes = 0;  // 0: 1, and then 3
  std::uint64_t limit = 0;
  std::uint64_t only = 0;
  std::uint64_t subsets = 64;
  std::uint64_t large = 0;  // 0: as many as usual
  std::uint64_t seed = 1;
  std::uint64_t failures = 20'000;
  bool mishaps = false;
};

CLI::App* declare_sweeps(CLI::App& app, SweepArguments& arguments);
int run_sweeps(const SweepArguments& arguments);

}  // namespace bowline::apps
