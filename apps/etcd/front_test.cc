// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/front.h"

#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;
using etcd::Wrong;

PutRequest put_request(const std::string& key, const std::string& value) {
  PutRequest request;
  request.set_key(key);
  request.set_value(value);
  return request;
}

RangeRequest range_request(const std::string& key, bool serializable = false) {
  RangeRequest request;
  request.set_key(key);
  request.set_serializable(serializable);
  return request;
}

// One trio for all of these: each has keys of its own.
class FrontTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    shared_trio = std::make_unique<FrontTrio>(7s);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(shared_trio->is_ready(i));
  }
  static void TearDownTestSuite() { shared_trio.reset(); }
  FrontTrio& trio() { return *shared_trio; }
  std::size_t follower() { return (trio().leader() + 1) % 3; }
  std::int64_t put(std::size_t i, const std::string& key, const std::string& value) {
    const auto done = trio().ask<PutResponse>(i, "KV/Put", put_request(key, value));
    EXPECT_TRUE(done) << done.error().message;
    return done ? done->header().revision() : 0;
  }
  std::string value(std::size_t i, const std::string& key, bool serializable = false) {
    const auto found = trio().ask<RangeResponse>(i, "KV/Range", range_request(key, serializable));
    EXPECT_TRUE(found) << found.error().message;
    return found && found->kvs_size() == 1 ? found->kvs(0).value() : "(none)";
  }
  static inline std::unique_ptr<FrontTrio> shared_trio;
};

TEST_F(FrontTest, whoever_wrote_at_a_member_reads_it_there_at_once) {
  for (int round = 0; round < 20; ++round)
    for (std::size_t i = 0; i < 3; ++i) {
      const std::string text = std::to_string(round * 3 + static_cast<int>(i));
      const std::int64_t revision = put(i, "mine", text);
      EXPECT_EQ(value(i, "mine", true), text);
      EXPECT_EQ(value((i + 1) % 3, "mine"), text);
      EXPECT_GT(revision, 1);
    }
}

TEST_F(FrontTest, a_header_names_the_member_that_was_asked) {
  for (std::size_t i = 0; i < 3; ++i) {
    const auto done = trio().ask<PutResponse>(i, "KV/Put", put_request("header", "1"));
    ASSERT_TRUE(done);
    EXPECT_EQ(done->header().member_id(), i + 1);
    EXPECT_NE(done->header().cluster_id(), 0U);
    EXPECT_NE(done->header().raft_term(), 0U);
  }
}

TEST_F(FrontTest, what_is_wrong_is_said_with_its_code_by_any_member) {
  for (std::size_t i = 0; i < 3; ++i) {
    const auto no_key = trio().ask<PutResponse>(i, "KV/Put", put_request("", "1"));
    EXPECT_EQ(no_key.error(), status_of(Wrong::key_not_provided));
    PutRequest leased = put_request("wrong", "1");
    leased.set_lease(77);
    EXPECT_EQ(trio().ask<PutResponse>(i, "KV/Put", leased).error(),
              status_of(Wrong::lease_not_found));
    RangeRequest later = range_request("wrong");
    later.set_revision(1'000'000);
    EXPECT_EQ(trio().ask<RangeResponse>(i, "KV/Range", later).error(),
              status_of(Wrong::future_revision));
    EXPECT_EQ(trio()
                  .ask<PutResponse>(i, "KV/Put", put_request("large", std::string(1600 << 10, 'x')))
                  .error(),
              status_of(Wrong::request_too_large));
    EXPECT_EQ(trio().call(i, "/etcdserverpb.KV/Put", "\xff\xff nonsense")->status().code,
              rpc::Code::internal);
  }
}

TEST_F(FrontTest, large_requests_travel_to_the_leader) {
  const std::string large(1 << 20, 'x');
  for (std::size_t i = 0; i < 3; ++i) put(i, "large" + std::to_string(i), large);
  EXPECT_EQ(value(follower(), "large0"), large);
}

TEST_F(FrontTest, a_transaction_that_only_reads_is_not_replicated) {
  put(0, "read", "1");
  const auto last = [&] {
    std::uint64_t index = 0;
    trio()[trio().leader()].run([&](host::Shard& shard) {
      index = shard.find(GroupId{1})->core().outline().last().index.value;
    });
    return index;
  };
  TxnRequest txn;
  Compare& compare = *txn.add_compare();
  compare.set_key("read");
  compare.set_target(Compare::VALUE);
  compare.set_value("1");
  *txn.add_success()->mutable_request_range() = range_request("read");
  TxnRequest& within = *txn.add_success()->mutable_request_txn();
  *within.add_success()->mutable_request_range() = range_request("read");
  const std::uint64_t before = last();
  for (std::size_t i = 0; i < 3; ++i) {
    const auto done = trio().ask<TxnResponse>(i, "KV/Txn", txn);
    ASSERT_TRUE(done);
    EXPECT_TRUE(done->succeeded());
    EXPECT_EQ(done->responses(0).response_range().kvs(0).value(), "1");
    EXPECT_EQ(done->responses(0).response_range().header().revision(), done->header().revision());
    const TxnResponse& inner = done->responses(1).response_txn();
    EXPECT_TRUE(inner.has_header());
    EXPECT_EQ(inner.header().revision(), 0);
    EXPECT_EQ(inner.responses(0).response_range().count(), 1);
  }
  EXPECT_EQ(last(), before);
  *txn.add_success()->mutable_request_put() = put_request("read", "2");
  ASSERT_TRUE(trio().ask<TxnResponse>(1, "KV/Txn", txn));
  EXPECT_GT(last(), before);
}

TEST_F(FrontTest, members_come_to_the_same_sum_after_a_compaction) {
  std::int64_t revision = 0;
  for (int i = 0; i < 50; ++i) revision = put(0, "sum" + std::to_string(i % 5), "x");
  CompactionRequest compaction;
  compaction.set_revision(revision - 10);
  compaction.set_physical(true);
  ASSERT_TRUE(trio().ask<CompactionResponse>(follower(), "KV/Compact", compaction));
  EXPECT_EQ(trio().ask<CompactionResponse>(0, "KV/Compact", compaction).error(),
            status_of(Wrong::compacted));
  HashKVRequest request;
  request.set_revision(revision);
  std::uint32_t hash = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(value(i, "sum0"), "x");  // it has applied all of it
    const auto sum = trio().ask<HashKVResponse>(i, "Maintenance/HashKV", request);
    ASSERT_TRUE(sum);
    EXPECT_EQ(sum->compact_revision(), revision - 10);
    if (i == 0) hash = sum->hash();
    EXPECT_EQ(sum->hash(), hash);
  }
  request.set_revision(revision - 11);
  EXPECT_EQ(trio().ask<HashKVResponse>(0, "Maintenance/HashKV", request).error(),
            status_of(Wrong::compacted));
}

// So that a million keys hold nobody up: what is asked meanwhile comes first.
TEST_F(FrontTest, sums_are_worked_out_in_slices_between_other_requests) {
  for (int i = 0; i < 20; ++i) {
    TxnRequest txn;
    for (int j = 0; j < 100; ++j)
      *txn.add_success()->mutable_request_put() =
          put_request("slice" + std::to_string(i * 100 + j), "x");
    ASSERT_TRUE(trio().ask<TxnResponse>(0, "KV/Txn", txn));
  }
  std::vector<std::shared_ptr<PlayedCall>> sums;
  int turns = 0;
  int turns_until_told = 0;
  std::promise<void> told;
  std::function<void()> turn;
  trio()[0].run([&](host::Shard& shard) {
    for (const char* method : {"HashKV", "Hash"}) {
      sums.push_back(std::make_shared<PlayedCall>(method));
      const std::string path = std::string("/etcdserverpb.Maintenance/") + method;
      trio()[0].front->router().find(path)->unary(rpc::Call(sums.back()), "");
      EXPECT_EQ(sums.back()->messages(), 0U);
    }
    turn = [&] {
      ++turns;
      if (turns_until_told == 0 && sums[0]->messages() == 1) turns_until_told = turns;
      if (sums[1]->messages() == 1) return told.set_value();
      shard.loop().soon([&] { turn(); });
    };
    turn();
  });
  told.get_future().wait();
  // 500 keys in each.
  EXPECT_GE(turns_until_told, 4);
  EXPECT_GE(turns, 2 * turns_until_told - 2);
}

// ---- leases

TEST_F(FrontTest, leases_are_granted_kept_alive_and_looked_at_by_any_member) {
  for (std::size_t i = 0; i < 3; ++i) {
    LeaseGrantRequest grant;
    grant.set_ttl(1);
    const auto granted = trio().ask<LeaseGrantResponse>(i, "Lease/LeaseGrant", grant);
    ASSERT_TRUE(granted);
    EXPECT_EQ(granted->ttl(), 2);  // no shorter than one and a half of an election timeout
    EXPECT_GT(granted->id(), 0);
    PutRequest leased = put_request("leased" + std::to_string(i), "1");
    leased.set_lease(granted->id());
    ASSERT_TRUE(trio().ask<PutResponse>(i, "KV/Put", leased));
    const auto stream = trio().stream(i, "Lease/LeaseKeepAlive");
    LeaseKeepAliveRequest keep;
    keep.set_id(granted->id());
    trio().send(i, stream, keep);
    keep.set_id(77);
    trio().send(i, stream, keep);
    LeaseKeepAliveResponse kept;
    ASSERT_TRUE(kept.ParseFromString(stream->next()));
    EXPECT_EQ(kept.ttl(), 2);
    ASSERT_TRUE(kept.ParseFromString(stream->next()));
    EXPECT_EQ(kept.id(), 77);
    EXPECT_EQ(kept.ttl(), 0);
    LeaseTimeToLiveRequest look;
    look.set_id(granted->id());
    look.set_keys(true);
    const auto left = trio().ask<LeaseTimeToLiveResponse>(i, "Lease/LeaseTimeToLive", look);
    ASSERT_TRUE(left);
    EXPECT_EQ(left->grantedttl(), 2);
    ASSERT_EQ(left->keys_size(), 1);
    EXPECT_EQ(left->keys(0), "leased" + std::to_string(i));
    look.set_id(77);
    EXPECT_EQ(trio().ask<LeaseTimeToLiveResponse>(i, "Lease/LeaseTimeToLive", look)->ttl(), -1);
    LeaseRevokeRequest revoke;
    revoke.set_id(granted->id());
    ASSERT_TRUE(trio().ask<LeaseRevokeResponse>(i, "Lease/LeaseRevoke", revoke));
    EXPECT_EQ(value(i, "leased" + std::to_string(i)), "(none)");
    trio()[i].run([&](host::Shard&) { stream->hooks().half_closed(); });
    EXPECT_TRUE(stream->status().ok());
  }
}

TEST_F(FrontTest, a_lease_that_nobody_keeps_alive_ends_with_its_keys) {
  const std::size_t i = follower();
  const auto watch = trio().stream(i, "Watch/Watch");
  WatchRequest request;
  request.mutable_create_request()->set_key("ends");
  trio().send(i, watch, request);
  watch->next();
  LeaseGrantRequest grant;
  grant.set_ttl(2);
  const auto granted = trio().ask<LeaseGrantResponse>(i, "Lease/LeaseGrant", grant);
  ASSERT_TRUE(granted);
  PutRequest leased = put_request("ends", "1");
  leased.set_lease(granted->id());
  ASSERT_TRUE(trio().ask<PutResponse>(i, "KV/Put", leased));
  WatchResponse event;
  ASSERT_TRUE(event.ParseFromString(watch->next()));
  ASSERT_TRUE(event.ParseFromString(watch->next()));
  EXPECT_EQ(event.events(0).type(), mvccpb::Event::DELETE);
  EXPECT_EQ(value(i, "ends"), "(none)");
}

// ---- members, and the member itself

TEST_F(FrontTest, all_members_are_listed_with_what_they_said_of_themselves) {
  MemberListRequest request;
  request.set_linearizable(true);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto list = trio().ask<MemberListResponse>(i, "Cluster/MemberList", request);
    ASSERT_TRUE(list);
    EXPECT_EQ(list->header().revision(), 0);
    ASSERT_EQ(list->members_size(), 3);
    for (int j = 0; j < 3; ++j) {
      EXPECT_EQ(list->members(j).name(), "n" + std::to_string(j));
      EXPECT_EQ(list->members(j).clienturls(0), "http://n" + std::to_string(j) + ":2379");
    }
  }
}

TEST_F(FrontTest, a_member_is_added_and_removed_through_any_other) {
  const std::size_t i = follower();
  MemberAddRequest add;
  add.add_peerurls("http://127.0.0.1:9");
  add.set_islearner(true);
  const auto added = trio().ask<MemberAddResponse>(i, "Cluster/MemberAdd", add);
  ASSERT_TRUE(added) << added.error().message;
  EXPECT_EQ(added->members_size(), 4);
  EXPECT_TRUE(added->member().islearner());
  EXPECT_EQ(trio().ask<MemberAddResponse>(i, "Cluster/MemberAdd", add).error(),
            status_of(Wrong::peer_urls_exist));
  MemberRemoveRequest remove;
  remove.set_id(added->member().id());
  const auto removed = trio().ask<MemberRemoveResponse>(i, "Cluster/MemberRemove", remove);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->members_size(), 3);
  EXPECT_EQ(trio().ask<MemberRemoveResponse>(i, "Cluster/MemberRemove", remove).error(),
            status_of(Wrong::member_not_found));
}

TEST_F(FrontTest, the_leadership_goes_where_it_is_sent) {
  const std::size_t led = trio().leader();
  MoveLeaderRequest move;
  move.set_targetid((led + 1) % 3 + 1);
  EXPECT_EQ(trio().ask<MoveLeaderResponse>(follower(), "Maintenance/MoveLeader", move).error(),
            status_of(Wrong::not_leader));
  ASSERT_TRUE(trio().ask<MoveLeaderResponse>(led, "Maintenance/MoveLeader", move));
  EXPECT_EQ(trio().leader(), (led + 1) % 3);
  move.set_targetid(77);
  EXPECT_EQ(trio().ask<MoveLeaderResponse>(trio().leader(), "Maintenance/MoveLeader", move).error(),
            status_of(Wrong::bad_transferee));
}

TEST_F(FrontTest, what_is_not_served_is_refused_in_a_sentence) {
  const auto call = trio().call(0, "/v3lockpb.Lock/Lock", "");
  EXPECT_EQ(call->status().code, rpc::Code::unimplemented);
  EXPECT_TRUE(call->status().message.contains("locks are not served yet"));
  for (const std::string method : {"Campaign", "Proclaim", "Leader", "Observe", "Resign"}) {
    const std::string path = "/v3electionpb.Election/" + method;
    ASSERT_NE(trio()[0].front->router().find(path), nullptr) << path;
    EXPECT_TRUE(trio().call(0, path, "")->status().message.contains("elections are not served"));
  }
}

}  // namespace
}  // namespace bowline::apps
