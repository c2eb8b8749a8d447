// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"
#include "bowline/kv/command.h"

// Members compare their data. What one of them has is changed behind the back of its log.
namespace bowline::apps {
namespace {

using namespace etcdserverpb;

// Something that the log does not say.
void put_behind_its_back(FrontMember& member, const std::string& value) {
  member.run([&](host::Shard&) {
    const machine::Command command{
        {{1}, {1}}, Bytes::own(kv::encode(kv::Command(kv::Put{.key = "k", .value = value})))};
    std::string answer;
    member.machine->map().apply({&command, 1}, {&answer, 1});
  });
}

class FrontComparison : public testing::Test {
 protected:
  void open(etcd::Comparisons comparisons, bool at_start = false) {
    trio_ =
        std::make_unique<FrontTrio>(7s, [=, this](std::size_t i, etcd::Front::Options& options) {
          options.settings.comparisons = comparisons;
          options.tell = [this](const std::string& what) {
            const std::scoped_lock lock(mutex_);
            told_ += what + "\n";
          };
          if (at_start) options.differs_at_start = [this, i] { ++differs_[i]; };
        });
  }
  void all_are_ready() {
    for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio_->is_ready(i));
  }
  std::int64_t put(const std::string& value) {
    PutRequest request;
    request.set_key("a");
    request.set_value(value);
    const auto said = trio_->ask<PutResponse>(0, "KV/Put", request);
    return said ? said->header().revision() : 0;
  }
  // Of all three, so that they have as many revisions; and when all have the same of the log.
  void tamper(std::size_t with) {
    const std::int64_t last = put("before");
    const auto revision = [&](std::size_t i) {
      std::int64_t here = 0;
      (*trio_)[i].run([&](host::Shard&) { here = (*trio_)[i].machine->map().store().revision(); });
      return here;
    };
    for (std::size_t i = 0; i < 3; ++i)
      while (revision(i) < last) {}
    for (std::size_t i = 0; i < 3; ++i) put_behind_its_back((*trio_)[i], i == with ? "2" : "1");
  }
  void compact(std::int64_t revision) {
    CompactionRequest request;
    request.set_revision(revision);
    EXPECT_TRUE((trio_->ask<CompactionResponse>(0, "KV/Compact", request)));
  }
  // Those that are up, once there is one.
  AlarmResponse alarms(std::chrono::seconds within) {
    AlarmRequest request;
    request.set_action(AlarmRequest::GET);
    const auto until = std::chrono::steady_clock::now() + within;
    AlarmResponse response;
    while (response.alarms().empty() && std::chrono::steady_clock::now() < until)
      if (auto said = trio_->ask<AlarmResponse>(0, "Maintenance/Alarm", request)) response = *said;
    return response;
  }
  std::uint64_t rounds() {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < 3; ++i)
      (*trio_)[i].run([&](host::Shard&) { sum += (*trio_)[i].front->comparison().rounds(); });
    return sum;
  }
  std::string told() {
    const std::scoped_lock lock(mutex_);
    return told_;
  }

  std::mutex mutex_;
  std::string told_;
  std::array<std::atomic<int>, 3> differs_{};
  std::unique_ptr<FrontTrio> trio_;
};

TEST_F(FrontComparison, whoever_has_other_data_than_the_others_gets_the_alarm_and_all_is_refused) {
  open({.every = 20ms, .compacted_every = {}});
  all_are_ready();
  EXPECT_GT(put("1"), 0);
  const std::uint64_t before = rounds();
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (rounds() < before + 3 && std::chrono::steady_clock::now() < until) put("2");
  EXPECT_GE(rounds(), before + 3);
  EXPECT_TRUE(alarms(0s).alarms().empty());
  const std::size_t other = (trio_->leader() + 1) % 3;
  tamper(other);
  put("3");
  const AlarmResponse raised = alarms(20s);
  ASSERT_EQ(raised.alarms_size(), 1);
  EXPECT_EQ(raised.alarms(0).alarm(), CORRUPT);
  EXPECT_EQ(raised.alarms(0).memberid(), trio_->id(other).value);
  EXPECT_EQ(put("4"), 0);
  EXPECT_TRUE(told().contains("the data of member " + std::to_string(other + 1) + " are not"));
  EXPECT_EQ(trio_->page(0, "/readyz").status, 503);
}

TEST_F(FrontComparison, after_a_compaction_what_was_there_as_of_then_is_compared) {
  open({.every = {}, .compacted_every = 20ms});
  all_are_ready();
  const std::size_t other = (trio_->leader() + 1) % 3;
  tamper(other);
  const std::int64_t revision = put("1");
  put("2");
  EXPECT_TRUE(alarms(1s).alarms().empty()) << "nothing is compacted yet";
  EXPECT_EQ(rounds(), 0U);
  compact(revision);
  const AlarmResponse raised = alarms(20s);
  ASSERT_EQ(raised.alarms_size(), 1);
  EXPECT_EQ(raised.alarms(0).memberid(), trio_->id(other).value);
}

TEST_F(FrontComparison, at_the_start_a_member_that_differs_hears_of_it_and_is_not_ready) {
  open({}, true);
  all_are_ready();
  put("1");
  const std::size_t other = (trio_->leader() + 1) % 3;
  tamper(other);
  put("2");
  std::promise<void> told;
  (*trio_)[other].node->at(
      [&](host::Shard*) { (*trio_)[other].front->ready([&] { told.set_value(); }); });
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (differs_[other] == 0 && std::chrono::steady_clock::now() < until) {}
  EXPECT_EQ(differs_[other], 1);
  EXPECT_EQ(told.get_future().wait_for(0s), std::future_status::timeout);
  EXPECT_TRUE(trio_->is_ready(trio_->leader())) << "of those that answer as many have the same";
}

}  // namespace
}  // namespace bowline::apps
