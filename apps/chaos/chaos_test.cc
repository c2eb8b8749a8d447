// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <regex>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

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

// "1 kills, 12 done" says 12 of "done". A run in which little happened proves little.
std::uint64_t count_of(const std::string& what, const std::string& said) {
  std::smatch found;
  if (!std::regex_search(said, found, std::regex("\\b([0-9]+) " + what + "\\b"))) return 0;
  return std::stoull(found[1]);
}

std::uint64_t kinds_of_faults(const std::string& said) {
  std::uint64_t kinds = 0;
  for (const char* kind :
       {"kills", "freezes", "cuts", "cuts one way", "delays", "refusals", "resets"})
    if (count_of(kind, said) > 0) ++kinds;
  return kinds;
}

TEST(Chaos, leaves_servers_well_that_are_right) {
  const Ran ran = run("--seconds 60 --seed 1");
  EXPECT_EQ(ran.status, 0) << ran.said;
  EXPECT_NE(ran.said.find("verdict: all is well"), std::string::npos) << ran.said;
  EXPECT_GE(count_of("faults", ran.said), 10U) << ran.said;
  EXPECT_GE(count_of("kills", ran.said), 1U) << ran.said;
  EXPECT_GE(kinds_of_faults(ran.said), 4U) << ran.said;
  EXPECT_GE(count_of("done", ran.said), 1000U) << ran.said;
  std::printf("%s", ran.said.c_str());
}

TEST(Chaos, leaves_members_well_that_serve_etcds_api) {
  const Ran ran = run("etcd --seconds 30 --seed 1 --recovery 120");
  EXPECT_EQ(ran.status, 0) << ran.said;
  EXPECT_NE(ran.said.find("verdict: all is well"), std::string::npos) << ran.said;
  EXPECT_GE(kinds_of_faults(ran.said), 3U) << ran.said;
  EXPECT_GE(count_of("kills", ran.said), 1U) << ran.said;
  for (const char* what : {"done", "revisions", "events"})
    EXPECT_GE(count_of(what, ran.said), 1000U) << what << "\n" << ran.said;
  for (const char* what : {"snapshots saved", "words of progress", "watchers went on elsewhere"})
    EXPECT_GE(count_of(what, ran.said), 1U) << what << "\n" << ran.said;
  // Who may not mount has no small disk to fill.
  if (::geteuid() == 0) {
    EXPECT_GE(count_of("times the member said that it is full", ran.said), 1U) << ran.said;
  }
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
