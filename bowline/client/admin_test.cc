// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/admin.h"

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::client {
namespace {

using std::chrono::milliseconds;

constexpr Duration too_long = std::chrono::hours(24 * 365) + Duration{1};

TEST(AdminOptions, say_what_to_change) {
  Admin::Options good;
  good.peers = {"127.0.0.1:1"};
  EXPECT_EQ(good.fault(), "");
  const std::vector<std::pair<std::string, std::function<void(Admin::Options&)>>> cases{
      {"peers must name at least one node, as \"host:port\"",
       [](Admin::Options& o) { o.peers.clear(); }},
      {"name must be at most 255 letters",
       [](Admin::Options& o) { o.name = std::string(256, 'x'); }},
      {"cluster must be at most 255 letters",
       [](Admin::Options& o) { o.cluster = std::string(256, 'x'); }},
      {"within must be above zero", [](Admin::Options& o) { o.within = {}; }},
      {"look_within must be above zero", [](Admin::Options& o) { o.look_within = {}; }},
      {"try_within must be above zero", [](Admin::Options& o) { o.try_within = {}; }},
      {"pause must be at least 1 ms",
       [](Admin::Options& o) { o.pause = milliseconds(1) - Duration{1}; }},
      {"within must be at most a year", [](Admin::Options& o) { o.within = too_long; }},
      {"within must be at most a year", [](Admin::Options& o) { o.within = Duration::max(); }},
      {"look_within must be at most a year", [](Admin::Options& o) { o.look_within = too_long; }},
      {"try_within must be at most a year", [](Admin::Options& o) { o.try_within = too_long; }},
      {"pause must be at most a year", [](Admin::Options& o) { o.pause = too_long; }}};
  for (const auto& [fault, spoil] : cases) {
    Admin::Options options = good;
    spoil(options);
    EXPECT_EQ(options.fault(), fault);
  }
}

}  // namespace
}  // namespace bowline::client
