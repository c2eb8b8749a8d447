// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/auto_compaction.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::etcd {
namespace {

using namespace std::chrono_literals;
using Mode = AutoCompactionOptions::Mode;

// A cluster in which each minute makes a revision, and what it has compacted by itself.
class Minutes {
 public:
  explicit Minutes(const AutoCompactionOptions& options) : compaction_(options) {}

  void pass(int minutes) {
    for (const Time end = now_ + std::chrono::minutes(minutes); now_ <= end;
         now_ = now_ + compaction_.every()) {
      const auto target = compaction_.look(now_, revision(), leads);
      if (!target) continue;
      if (succeeds) compaction_.told(now_, *target);
      done.push_back(std::to_string(minute()) + ":" + std::to_string(*target));
    }
  }
  std::int64_t minute() const {
    return std::chrono::duration_cast<std::chrono::minutes>(now_.since_start).count();
  }
  std::int64_t revision() const { return is_quiet ? 1 : 1 + minute(); }

  bool leads = true;
  bool succeeds = true;
  bool is_quiet = false;
  std::vector<std::string> done;

 private:
  AutoCompaction compaction_;
  Time now_;
};

using Done = std::vector<std::string>;

// What is remembered is a look older than the period, as in etcd.
TEST(AutoCompaction, each_hour_what_is_an_hour_old_goes) {
  Minutes minutes({.mode = Mode::periodic, .period = 1h});
  minutes.pass(59);
  EXPECT_EQ(minutes.done, Done());
  minutes.pass(181 - 60);
  EXPECT_EQ(minutes.done, (Done{"60:1", "120:55", "180:115"}));
}

TEST(AutoCompaction, a_long_period_is_waited_for_once_and_then_it_goes_by_the_hour) {
  Minutes minutes({.mode = Mode::periodic, .period = 5h});
  minutes.pass(420);
  EXPECT_EQ(minutes.done, (Done{"300:1", "360:55", "420:115"}));
}

TEST(AutoCompaction, a_short_period_goes_by_itself) {
  Minutes minutes({.mode = Mode::periodic, .period = 10min});
  minutes.pass(30);
  EXPECT_EQ(minutes.done, (Done{"10:1", "20:10", "30:20"}));
}

TEST(AutoCompaction, what_is_compacted_already_is_not_asked_for_again) {
  Minutes minutes({.mode = Mode::periodic, .period = 1h});
  minutes.is_quiet = true;
  minutes.pass(300);
  EXPECT_EQ(minutes.done, Done{"60:1"});
}

TEST(AutoCompaction, what_came_to_nothing_is_tried_at_the_next_look) {
  Minutes minutes({.mode = Mode::periodic, .period = 1h});
  minutes.succeeds = false;
  minutes.pass(71);
  EXPECT_EQ(minutes.done, (Done{"60:1", "66:1"}));
}

TEST(AutoCompaction, who_begins_to_lead_knows_the_past) {
  Minutes minutes({.mode = Mode::periodic, .period = 1h});
  minutes.leads = false;
  minutes.pass(89);
  EXPECT_EQ(minutes.done, Done());
  minutes.leads = true;
  minutes.pass(6);
  EXPECT_EQ(minutes.done, Done{"90:25"});
}

TEST(AutoCompaction, of_revisions_so_many_stay_and_it_looks_each_five_minutes) {
  Minutes minutes({.mode = Mode::revision, .revisions = 12});
  minutes.pass(21);
  EXPECT_EQ(minutes.done, (Done{"15:4", "20:9"}));
  Minutes quiet({.mode = Mode::revision, .revisions = 0});
  quiet.is_quiet = true;
  quiet.pass(60);
  EXPECT_EQ(quiet.done, Done{"0:1"});
  Minutes follower({.mode = Mode::revision, .revisions = 1});
  follower.leads = false;
  follower.pass(60);
  EXPECT_EQ(follower.done, Done());
}

TEST(AutoCompaction, is_off_unless_it_is_said) {
  EXPECT_FALSE(AutoCompaction({}).is_on());
  EXPECT_TRUE(AutoCompaction({.mode = Mode::revision, .revisions = 1}).is_on());
  // However short a period is, it does not look all the time.
  EXPECT_EQ(AutoCompaction({.mode = Mode::periodic, .period = 1ns}).every(), 10ms);
}

}  // namespace
}  // namespace bowline::etcd
