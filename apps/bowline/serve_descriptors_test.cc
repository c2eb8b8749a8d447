// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <csignal>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "apps/bowline/serve_rig.h"

// A member that has as many files open as it may, while clients write. Not with the sanitizer for
// undefined behaviour, which needs a pipe to look at an object of a type that is new to it.
#ifndef __SANITIZE_ADDRESS__
namespace bowline::apps {
namespace {

class DescriptorsTest : public TrioTest {
 protected:
  void SetUp() override {
    TrioTest::SetUp();
    if (HasFailure()) return;
    std::ofstream(scratch.at("megabyte")) << std::string(1'000'000, 'x');
  }
  // Of a process that runs: no more files than these.
  static void limit(const ServedProcess& process, rlim_t files) {
    rlimit limit{};
    ASSERT_EQ(::prlimit(process.id(), RLIMIT_NOFILE, nullptr, &limit), 0);
    limit.rlim_cur = std::min(files, limit.rlim_max);
    ASSERT_EQ(::prlimit(process.id(), RLIMIT_NOFILE, &limit, nullptr), 0);
  }
  bool put(std::size_t at, int number) {
    return shell("ETCDCTL_API=3 timeout 60 etcdctl --command-timeout=20s --endpoints=127.0.0.1:" +
                 std::to_string(ports_[at]) + " put k" + std::to_string(number) + " <" +
                 scratch.at("megabyte")) == "OK\n";
  }
  bool eventually(auto holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (std::chrono::steady_clock::now() < until) {
      if (holds()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return false;
  }
  bool says(const std::string& words) { return text_of(scratch.at("said")).contains(words); }
};

// The log needs another segment, and a snapshot its pieces: none of them can be made.
TEST_F(DescriptorsTest, it_waits_hands_over_and_goes_on_with_all_that_was_acknowledged) {
  more_ = {"--snapshot-count=20", "--snapshot-catchup-entries=5"};
  members_[0].reset();
  members_[0] = std::make_unique<ServedProcess>(heard(words(0), "", scratch.at("said")));
  ASSERT_TRUE(members_[0]->is_ready()) << members_[0]->said();
  const std::size_t leads = leader();
  ASSERT_LT(leads, 3U);
  const std::string id = shell("curl -s " + url(ports_[0]) +
                               "/v3/maintenance/status -d '{}' | "
                               "sed 's/.*member_id\":\"\\([0-9]*\\).*/\\1/'");
  if (leads != 0) {
    shell("curl -s " + url(ports_[leads]) +
          "/v3/maintenance/transfer-leadership -d '{\"targetID\":\"" + id.substr(0, id.find('\n')) +
          "\"}'");
  }
  ASSERT_TRUE(eventually([&] { return leader() == 0; }));
  limit(*members_[0], 3);
  std::string missing;
  int number = 0;
  while (number < 150 && !says("what=\"disk full\"")) {
    ++number;
    if (!put(1, number)) missing += " " + std::to_string(number);
  }
  ASSERT_TRUE(says("what=\"disk full\"")) << text_of(scratch.at("said")) << members_[0]->said();
  EXPECT_TRUE(says("what=\"no snapshot taken\""));
  EXPECT_TRUE(says("Too many open files: this process may not open more"));
  EXPECT_EQ(missing, "");
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(put(2, ++number));
  EXPECT_EQ(::kill(members_[0]->id(), 0), 0);
  // It answers nobody who comes now.
  EXPECT_TRUE(ask(1, "endpoint status").contains(", true, false,") ||
              ask(2, "endpoint status").contains(", true, false,"));
  EXPECT_FALSE(says("what=gone"));
  limit(*members_[0], RLIM_INFINITY);
  EXPECT_TRUE(eventually([&] { return says("disk has room again"); }));
  EXPECT_TRUE(eventually([&] { return put(0, number + 1); }));
  ++number;
  const auto has_all = [&] {
    const std::string keys = "\n" + ask(0, "get k --prefix --keys-only --consistency=s");
    for (int i = 1; i <= number; ++i)
      if (!keys.contains("\nk" + std::to_string(i) + "\n")) return false;
    return true;
  };
  EXPECT_TRUE(eventually(has_all));
  members_[0]->kill();
  start(0);
  ASSERT_TRUE(members_[0]->is_ready()) << members_[0]->said();
  EXPECT_TRUE(eventually(has_all));
  EXPECT_FALSE(members_[0]->said().contains("damaged=1")) << members_[0]->said();
}

}  // namespace
}  // namespace bowline::apps
#endif
