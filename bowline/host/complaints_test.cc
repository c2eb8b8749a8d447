// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/complaints.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

using namespace std::chrono_literals;

class Watch final : public env::Clock {
 public:
  Time now() const override { return time; }
  std::int64_t wall_ms() const override { return 0; }
  Time time{1h};
};

class ComplaintsTest : public testing::Test {
 protected:
  Watch watch_;
  std::vector<std::string> told_;
  Complaints complaints_{watch_, [this](const std::string& who, const std::string& why) {
                           told_.push_back(who + ": " + why);
                         }};
};

TEST_F(ComplaintsTest, the_same_of_the_same_host_is_told_once_a_minute) {
  complaints_.tell("10.0.0.1:5000", "10.0.0.1:5000 ended the connection");
  complaints_.tell("10.0.0.1:5001", "10.0.0.1:5001 ended the connection");
  complaints_.tell("10.0.0.2:5001", "10.0.0.2:5001 ended the connection");
  complaints_.tell("10.0.0.1:5002", "it shows no certificate");
  EXPECT_EQ(told_, (std::vector<std::string>{"10.0.0.1:5000: 10.0.0.1:5000 ended the connection",
                                             "10.0.0.2:5001: 10.0.0.2:5001 ended the connection",
                                             "10.0.0.1:5002: it shows no certificate"}));
  watch_.time = watch_.time + 59s;
  complaints_.tell("10.0.0.1:5003", "it shows no certificate");
  EXPECT_EQ(told_.size(), 3U);
  watch_.time = watch_.time + 1s;
  complaints_.tell("10.0.0.1:5003", "it shows no certificate");
  EXPECT_EQ(told_.size(), 4U);
}

TEST_F(ComplaintsTest, nobody_can_fill_a_log) {
  for (int i = 0; i < 10'000; ++i)
    complaints_.tell("10.0." + std::to_string(i) + ".1:1", "it shows no certificate");
  EXPECT_EQ(told_.size(), Complaints::most);
  watch_.time = watch_.time + 1min;
  complaints_.tell("node 3", "it shows no certificate");
  EXPECT_EQ(told_.size(), Complaints::most + 1);
}

}  // namespace
}  // namespace bowline::host
