// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;
using etcd::Wrong;

// One for all of these: each ends with room and without an alarm.
class FrontQuotaTest : public testing::Test {
 public:
  static constexpr std::uint64_t quota = 4 << 20;
  static void SetUpTestSuite() {
    quota_trio = std::make_unique<FrontTrio>(7s, [](std::size_t, etcd::Front::Options& options) {
      options.settings.quota_bytes = quota;
    });
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(quota_trio->is_ready(i));
  }
  static void TearDownTestSuite() { quota_trio.reset(); }
  FrontTrio& trio() { return *quota_trio; }

  rpc::Status put(std::size_t i, const std::string& key, std::size_t bytes) {
    PutRequest request;
    request.set_key(key);
    request.set_value(std::string(bytes, 'x'));
    const auto done = trio().ask<PutResponse>(i, "KV/Put", request);
    return done ? rpc::Status{} : done.error();
  }
  AlarmResponse alarms(std::size_t i, AlarmRequest::AlarmAction action = AlarmRequest::GET) {
    AlarmRequest request;
    request.set_action(action);
    return trio().ask<AlarmResponse>(i, "Maintenance/Alarm", request).value_or(AlarmResponse());
  }
  StatusResponse status(std::size_t i) {
    return *trio().ask<StatusResponse>(i, "Maintenance/Status", StatusRequest());
  }
  void make_room() {
    DeleteRangeRequest all;
    all.set_key(std::string(1, '\0'));
    all.set_range_end(std::string(1, '\0'));
    const auto gone = trio().ask<DeleteRangeResponse>(0, "KV/DeleteRange", all);
    ASSERT_TRUE(gone) << gone.error().message;
    CompactionRequest compaction;
    compaction.set_revision(gone->header().revision());
    compaction.set_physical(true);
    ASSERT_TRUE(trio().ask<CompactionResponse>(0, "KV/Compact", compaction));
    for (std::size_t i = 0; i < 3; ++i) {  // only the one that was asked has compacted for sure
      int turns = 0;
      while (status(i).dbsizeinuse() > static_cast<std::int64_t>(quota / 16) && turns < 10'000)
        ++turns;
      ASSERT_LT(turns, 10'000);
    }
  }
  static inline std::unique_ptr<FrontTrio> quota_trio;
};

TEST_F(FrontQuotaTest, whoever_is_full_says_so_for_all_and_what_makes_room_goes_on) {
  const std::size_t full = (trio().leader() + 1) % 3;
  while (status(full).dbsizeinuse() + (600 << 10) < static_cast<std::int64_t>(quota))
    ASSERT_TRUE(put(full, "fill", 500 << 10).ok());
  EXPECT_TRUE(alarms(full).alarms().empty());
  EXPECT_EQ(put(full, "fill", 1 << 20), status_of(Wrong::no_space));
  // It was told when the others knew: from now on even what would fit is refused, by any member.
  ASSERT_EQ(alarms(full).alarms_size(), 1);
  EXPECT_EQ(alarms(full).alarms(0).memberid(), full + 1);
  EXPECT_EQ(alarms(full).alarms(0).alarm(), NOSPACE);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(put(i, "small", 1), status_of(Wrong::no_space));
    LeaseGrantRequest grant;
    grant.set_ttl(60);
    EXPECT_EQ(trio().ask<LeaseGrantResponse>(i, "Lease/LeaseGrant", grant).error(),
              status_of(Wrong::no_space));
    TxnRequest txn;
    PutRequest& within =
        *txn.add_failure()->mutable_request_txn()->add_success()->mutable_request_put();
    within.set_key("small");
    EXPECT_EQ(trio().ask<TxnResponse>(i, "KV/Txn", txn).error(), status_of(Wrong::no_space));
    RangeRequest range;
    range.set_key("fill");
    EXPECT_TRUE(trio().ask<RangeResponse>(i, "KV/Range", range));
    const StatusResponse now = status(i);
    EXPECT_EQ(now.dbsizequota(), static_cast<std::int64_t>(quota));
    EXPECT_GE(now.dbsize(), now.dbsizeinuse());
    EXPECT_GT(now.dbsizeinuse(), 3 << 20);
    EXPECT_EQ(now.errors(0), "memberID:" + std::to_string(full + 1) + " alarm:NOSPACE ");
  }
  EXPECT_EQ(alarms(full).alarms_size(), 1);  // it was raised once
  make_room();
  EXPECT_LT(status(0).dbsizeinuse(), 1 << 20);
  EXPECT_EQ(put(full, "small", 1), status_of(Wrong::no_space));  // until somebody clears it
  EXPECT_EQ(alarms(full, AlarmRequest::DEACTIVATE).alarms_size(), 1);
  EXPECT_TRUE(put(full, "small", 1).ok());
  EXPECT_TRUE(status(full).errors().empty());
}

TEST_F(FrontQuotaTest, an_alarm_that_is_cleared_without_room_comes_back_with_the_next_put) {
  while (put(0, "fill", 500 << 10).ok()) {}
  EXPECT_EQ(alarms(0, AlarmRequest::DEACTIVATE).alarms_size(), 1);
  EXPECT_TRUE(alarms(0).alarms().empty());
  EXPECT_EQ(put(0, "fill", 500 << 10), status_of(Wrong::no_space));
  EXPECT_EQ(alarms(0).alarms_size(), 1);
  make_room();
  alarms(0, AlarmRequest::DEACTIVATE);
}

// They have no keys, and yet take memory of every member.
TEST_F(FrontQuotaTest, SEC_15_leases_are_bounded_by_the_quota) {
  const std::size_t led = trio().leader();
  const auto all = [&](const std::string& method, std::int64_t from, auto request) {
    std::vector<std::shared_ptr<PlayedCall>> calls;
    trio()[led].run([&](host::Shard&) {
      rpc::Method& served = *trio()[led].front->router().find("/etcdserverpb.Lease/" + method);
      for (std::int64_t id = from; id < from + 1000; ++id) {
        request.set_id(id);
        calls.push_back(std::make_shared<PlayedCall>(served.path));
        served.unary(rpc::Call(calls.back()), request.SerializeAsString());
      }
    });
    std::int64_t good = 0;
    for (const auto& call : calls) good += call->status().ok() ? 1 : 0;
    return good;
  };
  std::int64_t granted = 0;
  std::int64_t asked = 0;
  LeaseGrantRequest grant;
  grant.set_ttl(10'000);
  while (granted == asked && asked < 40'000) {
    granted += all("LeaseGrant", 1 + asked, grant);
    asked += 1000;
  }
  EXPECT_LT(granted, static_cast<std::int64_t>(quota / 256) + 1000);
  EXPECT_GT(granted, 10'000);
  EXPECT_EQ(put(led, "small", 1), status_of(Wrong::no_space));
  for (std::int64_t from = 1; from < asked; from += 1000)
    all("LeaseRevoke", from, LeaseRevokeRequest());
  alarms(led, AlarmRequest::DEACTIVATE);
  EXPECT_TRUE(put(led, "small", 1).ok());
}

// None of these is too much by itself.
TEST_F(FrontQuotaTest, what_is_under_way_together_raises_the_alarm_when_it_is_applied) {
  PutRequest request;
  request.set_key("many");
  request.set_value(std::string(1 << 20, 'x'));
  const std::string bytes = request.SerializeAsString();
  std::vector<std::shared_ptr<PlayedCall>> calls;
  const std::size_t led = trio().leader();
  trio()[led].run([&](host::Shard&) {
    for (int i = 0; i < 8; ++i) {
      calls.push_back(std::make_shared<PlayedCall>("/etcdserverpb.KV/Put"));
      trio()[led]
          .front->router()
          .find("/etcdserverpb.KV/Put")
          ->unary(rpc::Call(calls.back()), bytes);
    }
  });
  for (const auto& call : calls) call->status();
  // Nothing else is asked for that would raise it. To list them takes a turn of the log each.
  int turns = 0;
  while (alarms(led).alarms_size() < 3 && turns < 1000) ++turns;
  EXPECT_LT(turns, 1000);
  // Whoever clears it has the time to make room, although there is still too much.
  EXPECT_EQ(alarms(led, AlarmRequest::DEACTIVATE).alarms_size(), 3);
  for (int turn = 0; turn < 10; ++turn) EXPECT_TRUE(alarms(led).alarms().empty());
  EXPECT_GE(status(led).dbsizeinuse(), static_cast<std::int64_t>(quota));
  make_room();
  alarms(led, AlarmRequest::DEACTIVATE);
}

}  // namespace
}  // namespace bowline::apps
