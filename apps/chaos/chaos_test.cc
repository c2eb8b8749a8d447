// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

// The program as people call it, for a while: once with servers that are right, and once with such
// that are not, which it has to find.
namespace bowline::chaos {
namespace {

struct Ran {
  int status = -1;
  std::string said;
};

Ran run(const std::string& options) {
  const std::string build = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  Ran ran;
  std::FILE* pipe = popen((build + "/bowline-chaos " + options + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  std::array<char, 4096> part{};
  while (const std::size_t n = std::fread(part.data(), 1, part.size(), pipe))
    ran.said.append(part.data(), n);
  ran.status = pclose(pipe);
  return ran;
}

TEST(Chaos, leaves_servers_well_that_are_right) {
  const Ran ran = run("--seconds 60 --seed 1");
  EXPECT_EQ(ran.status, 0) << ran.said;
  EXPECT_NE(ran.said.find("verdict: all is well"), std::string::npos) << ran.said;
  std::printf("%s", ran.said.c_str());
}

TEST(Chaos, leaves_members_well_that_serve_etcds_api) {
  const Ran ran = run("etcd --seconds 12 --seed 1 --recovery 120");
  EXPECT_EQ(ran.status, 0) << ran.said;
  EXPECT_NE(ran.said.find("verdict: all is well"), std::string::npos) << ran.said;
  std::printf("%s", ran.said.c_str());
}

TEST(Chaos, finds_reads_that_ask_nobody) {
  const std::string place = testing::TempDir() + "bowline-chaos-stale";
  const Ran ran = run("--seconds 5 --seed 2 --test-stale-reads --directory " + place);
  std::filesystem::remove_all(place);
  EXPECT_NE(ran.status, 0) << ran.said;
  EXPECT_NE(ran.said.find("is not linearizable. The shortest prefix"), std::string::npos)
      << ran.said;
}

}  // namespace
}  // namespace bowline::chaos
