// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <future>
#include <memory>
#include <regex>
#include <string>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

// `etcdctl check perf` takes a minute with its least load, and no flag makes that less. It is a
// slow trickle, so it goes on beside the other tests of this program, and is judged after them.
namespace bowline::apps {
namespace {

class Checked {
 public:
  void begin() {
    for (const std::size_t who : {0U, 1U})
      said_[who] = std::async(std::launch::async, [this, who] { return judged(who); });
  }
  std::string ours() { return said_[0].get(); }
  std::string theirs() { return said_[1].get(); }
  std::string left_by(std::size_t who) { return etcdctl(ports_[2 * who], "get '' --prefix"); }

  void start() {
    for (const std::size_t who : {0U, 1U}) {
      const std::vector<std::string> words = who == 0 ? std::vector<std::string>{program(), "serve"}
                                                      : std::vector<std::string>{"etcd"};
      servers_[who] = std::make_unique<ServedProcess>(
          alone(words, scratch_.at(std::to_string(who)), ports_[2 * who], ports_[2 * who + 1]));
    }
  }
  bool is_ready() const { return servers_[0]->is_ready() && servers_[1]->is_ready(); }

 private:
  // Without the bar that grows, and without what is measured.
  std::string judged(std::size_t who) {
    std::string said =
        shell("ETCDCTL_API=3 timeout 110 etcdctl --dial-timeout=20s --endpoints=127.0.0.1:" +
              std::to_string(ports_[2 * who]) +
              " check perf --load=s --auto-compact --auto-defrag 2>&1 | tr '\\r' '\\n' | "
              "grep -oE '(Compact|Defrag|PASS|FAIL|Error).*'");
    said = std::regex_replace(said, std::regex(R"re(127\.0\.0\.1:\d+)re"), "ADDRESS");
    return std::regex_replace(said, std::regex(R"re(\d+(\.\d+)?)re"), "N");
  }

  Scratch scratch_;
  std::vector<int> ports_ = free_ports(4);
  std::array<Process, 2> servers_;
  std::array<std::future<std::string>, 2> said_;
};

// Begins before the first test, if there is somebody to judge.
class PerfCheck : public testing::Environment {
 public:
  void SetUp() override {
    const testing::TestSuite* const suite = suite_of("PerfTest");
    if (suite == nullptr || suite->test_to_run_count() == 0) return;
    if (!is_here("etcdctl") || !is_here("etcd")) return;
    checked = std::make_unique<Checked>();
    checked->start();
    if (checked->is_ready()) checked->begin();
  }
  void TearDown() override { checked.reset(); }

  static inline std::unique_ptr<Checked> checked;

 private:
  static const testing::TestSuite* suite_of(const std::string& name) {
    const testing::UnitTest& all = *testing::UnitTest::GetInstance();
    for (int i = 0; i < all.total_test_suite_count(); ++i)
      if (all.GetTestSuite(i)->name() == name) return all.GetTestSuite(i);
    return nullptr;
  }
};

const testing::Environment* const perf_check =
    testing::AddGlobalTestEnvironment(std::make_unique<PerfCheck>().release());  // it owns it

TEST(PerfTest, the_check_of_etcdctl_passes_as_with_etcd) {
  const std::string good =
      "Compacting with revision N\nCompacted with revision N\n"
      "Defragmenting \"ADDRESS\"\nDefragmented \"ADDRESS\"\n"
      "PASS: Throughput is N writes/s\nPASS: Slowest request took Ns\nPASS: Stddev is Ns\nPASS\n";
  ASSERT_NE(PerfCheck::checked, nullptr) << "etcd or etcdctl is missing: ./dev test gets them";
  ASSERT_TRUE(PerfCheck::checked->is_ready());
  std::string ours = PerfCheck::checked->ours();
  std::string theirs = PerfCheck::checked->theirs();
  if (ours != good || theirs != good) {
    // Half a second for one write is a FAIL, and a busy disk may take that: once more.
    PerfCheck::checked->begin();
    ours = PerfCheck::checked->ours();
    theirs = PerfCheck::checked->theirs();
  }
  EXPECT_EQ(ours, good);
  EXPECT_EQ(theirs, good);
  for (const std::size_t who : {0U, 1U})
    EXPECT_EQ(PerfCheck::checked->left_by(who), "") << "it takes its keys away";
}

}  // namespace
}  // namespace bowline::apps
