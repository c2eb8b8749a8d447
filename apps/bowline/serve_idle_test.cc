// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

namespace bowline::apps {
namespace {

// How often its threads had slept, and were woken.
long wake_ups_of(pid_t process) {
  long sum = 0;
  for (const auto& thread : fs::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::ifstream in(thread.path() / "status");
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("voluntary_ctxt_switches:"))
        sum += std::stol(line.substr(line.find(':') + 1));
  }
  return sum;
}

// Of the seconds that are looked at the best counts: a start has work that ends some time.
TEST_F(ServeProgramTest, a_server_that_has_nothing_to_do_sleeps) {
  const auto ports = free_ports(2);
  ServedProcess server(
      {program(), "serve", "--data-dir=" + scratch.at("data"),
       "--listen-client-urls=" + url(ports[0]), "--advertise-client-urls=" + url(ports[0]),
       "--listen-peer-urls=" + url(ports[1]), "--initial-advertise-peer-urls=" + url(ports[1]),
       "--initial-cluster=default=" + url(ports[1])});
  ASSERT_TRUE(server.is_ready()) << server.said();
  long least = 1'000'000;
  for (int i = 0; i < 10 && least > 25; ++i) {
    const long before = wake_ups_of(server.id());
    std::this_thread::sleep_for(std::chrono::seconds(1));
    least = std::min(least, wake_ups_of(server.id()) - before);
  }
  EXPECT_LE(least, 25);
}

}  // namespace
}  // namespace bowline::apps
