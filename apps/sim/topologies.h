// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

namespace bowline::apps {

// The verb `topologies`: five nodes, and every way in which the links between them can fail.
struct TopologyArguments {
  std::string json;
  std::string shard;
  std::uint64_t seed = 1;
};

CLI::App* declare_topologies(CLI::App& app, TopologyArguments& arguments);
int run_topologies(const TopologyArguments& arguments);

}  // namespace bowline::apps
