// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"
#include "bowline/etcd/proto/health.pb.h"

// What answers and streams may take of the memory of a member, with bounds that are soon reached.
namespace bowline::apps {
namespace {

using namespace etcdserverpb;
using etcd::Wrong;

constexpr std::uint64_t answer_bytes = 100'000;
constexpr std::uint64_t watch_bytes = 20'000;

RangeRequest prefix_request(const std::string& prefix, bool serializable = false) {
  RangeRequest request;
  request.set_key(prefix);
  request.set_range_end(kv::prefix_end(prefix));
  request.set_serializable(serializable);
  return request;
}

WatchRequest watch_request(const std::string& key) {
  WatchRequest request;
  request.mutable_create_request()->set_key(key);
  return request;
}

class FrontBoundsTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    bounded_trio = std::make_unique<FrontTrio>(7s, [](std::size_t, etcd::Front::Options& options) {
      options.settings.limits.answer_bytes = answer_bytes;
      options.settings.limits.watch_bytes = watch_bytes;
    });
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(bounded_trio->is_ready(i));
  }
  static void TearDownTestSuite() { bounded_trio.reset(); }
  FrontTrio& trio() { return *bounded_trio; }
  void SetUp() override { at = (trio().leader() + 1) % 3; }

  void put(const std::string& key, std::size_t bytes, std::int64_t lease = 0) {
    PutRequest request;
    request.set_key(key);
    request.set_value(std::string(bytes, 'x'));
    request.set_lease(lease);
    const auto done = trio().ask<PutResponse>(at, "KV/Put", request);
    EXPECT_TRUE(done) << done.error().message;
  }
  rpc::Status range(const RangeRequest& request) {
    return trio().call(at, "/etcdserverpb.KV/Range", request.SerializeAsString())->status();
  }
  // All in one turn of the member.
  std::vector<std::shared_ptr<PlayedCall>> ranges(const RangeRequest& request, std::size_t count,
                                                  std::uint64_t waits = 0) {
    std::vector<std::shared_ptr<PlayedCall>> calls;
    trio()[at].run([&](host::Shard&) {
      rpc::Method& method = *trio()[at].front->router().find("/etcdserverpb.KV/Range");
      for (std::size_t i = 0; i < count; ++i) {
        calls.push_back(std::make_shared<PlayedCall>(method.path));
        calls.back()->waits = waits;
        method.unary(rpc::Call(calls.back()), request.SerializeAsString());
      }
    });
    return calls;
  }
  WatchResponse next() {
    WatchResponse response;
    EXPECT_TRUE(response.ParseFromString(stream->next()));
    return response;
  }
  void watch(const std::string& key) { trio().send(at, stream, watch_request(key)); }

  static inline std::unique_ptr<FrontTrio> bounded_trio;
  std::size_t at = 0;
  std::shared_ptr<PlayedCall> stream;
};

TEST_F(FrontBoundsTest, SEC_15_a_range_that_is_too_large_is_refused_in_words_that_clients_know) {
  for (const char* key : {"large/1", "large/2", "large/3"}) put(key, 50'000);
  for (const bool serializable : {true, false}) {
    RangeRequest request = prefix_request("large/", serializable);
    const rpc::Status refused = range(request);
    EXPECT_EQ(refused.code, rpc::Code::resource_exhausted);
    EXPECT_EQ(refused.message, "grpc: trying to send message larger than max (100142 vs. 100000)");
    request.set_limit(1);
    EXPECT_TRUE(range(request).ok());
    request.set_limit(0);
    request.set_keys_only(true);
    EXPECT_TRUE(range(request).ok());
  }
  TxnRequest txn;
  for (const char* key : {"large/1", "large/2"})
    txn.add_success()->mutable_request_range()->set_key(key);
  const auto refused = trio().ask<TxnResponse>(at, "KV/Txn", txn);
  EXPECT_EQ(refused.error().code, rpc::Code::resource_exhausted);
  txn.mutable_success()->RemoveLast();
  EXPECT_TRUE(trio().ask<TxnResponse>(at, "KV/Txn", txn));
}

TEST_F(FrontBoundsTest, SEC_15_the_answers_of_one_turn_and_of_one_connection_are_bounded_together) {
  put("turn/large", 50'000);
  put("turn/small", 10);
  RangeRequest large = prefix_request("turn/large", true);
  RangeRequest small = prefix_request("turn/small", true);
  std::size_t good = 0;
  for (const auto& call : ranges(large, 10)) {
    const rpc::Status status = call->status();
    good += status.ok() ? 1 : 0;
    if (!status.ok()) {
      EXPECT_EQ(status, status_of(Wrong::too_many_requests));
    }
  }
  EXPECT_EQ(good, 3U);
  put("turn/other", 10);  // which takes turns
  EXPECT_TRUE(range(large).ok());
  EXPECT_TRUE(ranges(large, 1, 140'000).at(0)->status().ok());
  EXPECT_EQ(ranges(large, 1, 160'000).at(0)->status(), status_of(Wrong::too_many_requests));
  EXPECT_TRUE(ranges(small, 1, 1'000'000).at(0)->status().ok());
}

TEST_F(FrontBoundsTest, SEC_15_the_watches_of_a_stream_are_bounded_and_count_to_its_connection) {
  stream = trio().stream(at, "Watch/Watch");
  std::int64_t watches = 0;
  for (; watches < 100; ++watches) {
    watch("w");
    const WatchResponse response = next();
    EXPECT_TRUE(response.created());
    if (!response.canceled()) continue;
    EXPECT_EQ(response.watch_id(), -1);
    EXPECT_TRUE(response.cancel_reason().starts_with("etcdserver: too many watches"));
    break;
  }
  EXPECT_EQ(watches, 38);
  EXPECT_EQ(stream->kept, 38U * 513);
  WatchRequest cancel;
  cancel.mutable_cancel_request()->set_watch_id(7);
  trio().send(at, stream, cancel);
  EXPECT_TRUE(next().canceled());
  EXPECT_EQ(stream->kept, 37U * 513);
  watch("w" + std::string(1000, 'x'));
  EXPECT_TRUE(next().canceled()) << "keys count, too";
  watch("w");
  EXPECT_FALSE(next().canceled());
}

TEST_F(FrontBoundsTest, SEC_15_a_watch_that_would_be_told_too_much_at_once_ends_its_stream) {
  for (const char* key : {"past/1", "past/2", "past/3"}) put(key, 40'000);
  stream = trio().stream(at, "Watch/Watch");
  WatchRequest request = watch_request("past/");
  request.mutable_create_request()->set_range_end("past0");
  request.mutable_create_request()->set_prev_kv(true);
  trio().send(at, stream, request);
  EXPECT_TRUE(next().created());
  put("past/1", 40'000);
  EXPECT_EQ(next().events_size(), 1);
  DeleteRangeRequest erase;
  erase.set_key("past/");
  erase.set_range_end("past0");
  ASSERT_TRUE(trio().ask<DeleteRangeResponse>(at, "KV/DeleteRange", erase));
  const rpc::Status status = stream->status();
  EXPECT_EQ(status.code, rpc::Code::resource_exhausted);
  EXPECT_TRUE(status.message.starts_with("grpc: trying to send message larger than max ("));
  EXPECT_EQ(stream->messages(), 2U) << "nothing in part, and nothing that is empty";
}

TEST_F(FrontBoundsTest, SEC_15_a_watch_whose_client_does_not_read_ends_before_too_much_waits) {
  stream = trio().stream(at, "Watch/Watch");
  watch("slow");
  EXPECT_TRUE(next().created());
  trio()[at].run([&](host::Shard&) { stream->waits = 150'000; });
  put("slow", 40'000);
  EXPECT_EQ(next().events_size(), 1);
  trio()[at].run([&](host::Shard&) { stream->waits = 190'000; });
  put("slow", 40'000);
  EXPECT_EQ(stream->status().code, rpc::Code::resource_exhausted);
}

// As an answer between members they would break the connection that the group needs.
TEST_F(FrontBoundsTest, SEC_15_the_keys_of_a_lease_are_not_told_when_they_are_too_many) {
  LeaseGrantRequest grant;
  grant.set_id(77);
  grant.set_ttl(1000);
  ASSERT_TRUE(trio().ask<LeaseGrantResponse>(at, "Lease/LeaseGrant", grant));
  for (char c = 'a'; c < 'a' + 15; ++c) put(std::string(1'500'000, c), 0, 77);
  for (char c = 'A'; c < 'A' + 15; ++c) put(std::string(1'500'000, c), 0, 77);
  LeaseTimeToLiveRequest request;
  request.set_id(77);
  request.set_keys(true);
  for (std::size_t i = 0; i < 3; ++i) {
    const auto from = std::chrono::steady_clock::now();
    const auto said = trio().ask<LeaseTimeToLiveResponse>(i, "Lease/LeaseTimeToLive", request);
    EXPECT_EQ(said.error(), status_of(Wrong::answer_too_large)) << i;
    EXPECT_LT(std::chrono::steady_clock::now() - from, 5s) << "it is not asked again";
  }
  request.set_keys(false);
  EXPECT_TRUE(trio().ask<LeaseTimeToLiveResponse>(at, "Lease/LeaseTimeToLive", request));
  LeaseRevokeRequest revoke;
  revoke.set_id(77);
  EXPECT_TRUE(trio().ask<LeaseRevokeResponse>(at, "Lease/LeaseRevoke", revoke));
}

// Each level of a transaction leaves one less to the next.
TEST_F(FrontBoundsTest, transactions_nest_as_deep_as_their_budget_lets_them) {
  const auto nested = [](int depth) {
    TxnRequest txn;
    txn.add_success()->mutable_request_put()->set_key("deep");
    for (int i = 1; i < depth; ++i) {
      TxnRequest around;
      around.add_success()->mutable_request_txn()->Swap(&txn);
      txn.Swap(&around);
    }
    return txn.SerializeAsString();
  };
  for (const int depth : {1, 40, 60, 128})
    EXPECT_TRUE(trio().call(at, "/etcdserverpb.KV/Txn", nested(depth))->status().ok()) << depth;
  EXPECT_EQ(trio().call(at, "/etcdserverpb.KV/Txn", nested(129))->status(),
            status_of(Wrong::too_many_ops));
  EXPECT_EQ(trio().call(at, "/etcdserverpb.KV/Txn", nested(500))->status().code,
            rpc::Code::internal);
}

TEST(FrontHealth, a_member_serves_once_it_is_ready) {
  using grpc::health::v1::HealthCheckResponse;
  FrontTrio trio(7s);
  const auto check = [&] {
    HealthCheckResponse response;
    EXPECT_TRUE(response.ParseFromString(trio.call(0, "/grpc.health.v1.Health/Check", "")->next()));
    return response.status();
  };
  auto watched = std::make_shared<PlayedCall>("/grpc.health.v1.Health/Watch");
  trio[0].run([&](host::Shard&) {
    trio[0].front->router().find(watched->head().method)->stream(rpc::Call(watched));
    watched->send("");
  });
  HealthCheckResponse told;
  EXPECT_TRUE(told.ParseFromString(watched->next()));
  EXPECT_EQ(told.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_EQ(check(), HealthCheckResponse::NOT_SERVING);
  EXPECT_TRUE(trio.is_ready(0));
  EXPECT_EQ(check(), HealthCheckResponse::SERVING);
  EXPECT_TRUE(told.ParseFromString(watched->next()));
  EXPECT_EQ(told.status(), HealthCheckResponse::SERVING);
  trio[0].run([&](host::Shard&) { watched->hooks().cancelled(rpc::Cancelled::by_client); });
}

}  // namespace
}  // namespace bowline::apps
