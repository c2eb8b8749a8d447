// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;

constexpr std::size_t streams = 200;
constexpr std::size_t value_bytes = 1 << 20;

// Many watches of one key, each on a stream of its own, and a put of which all are to be told.
class FrontCrowdTest : public testing::Test {
 public:
  void SetUp() override {
    for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio.is_ready(i));
    WatchRequest request;
    request.mutable_create_request()->set_key("key");
    for (std::size_t i = 0; i < streams; ++i) {
      all.push_back(trio.stream(0, "Watch/Watch"));
      trio[0].run([&](host::Shard&) {
        all.back()->sent = [this](std::size_t bytes) { was_sent(bytes); };
        all.back()->beside = [this] { return waits.load(); };
      });
      trio.send(0, all.back(), request);
    }
  }
  void put() {
    PutRequest request;
    request.set_key("key");
    request.set_value(std::string(value_bytes, 'v'));
    ASSERT_TRUE(trio.ask<PutResponse>(1, "KV/Put", request));
  }
  // Twice: that it is there, and the event.
  bool is_told(std::size_t i) {
    WatchResponse response;
    return response.ParseFromString(all[i]->next()) && response.created() &&
           response.ParseFromString(all[i]->next()) && response.events_size() == 1;
  }

  std::atomic<std::uint64_t> in_turn = 0, most_in_turn = 0, sum = 0, waits = 0;
  std::atomic<bool> nobody_reads = false;
  std::vector<std::shared_ptr<PlayedCall>> all;
  FrontTrio trio{7s};

 private:
  void was_sent(std::size_t bytes) {
    if (in_turn == 0) trio[0].node->at([this](host::Shard*) { in_turn = 0; });
    in_turn += bytes;
    sum += bytes;
    if (nobody_reads) waits += bytes;
    most_in_turn = std::max(most_in_turn.load(), in_turn.load());
  }
};

TEST_F(FrontCrowdTest, no_turn_tells_more_than_memory_has_room_for) {
  put();
  for (std::size_t i = 0; i < streams; ++i) ASSERT_TRUE(is_told(i)) << i;
  EXPECT_GT(sum, streams * value_bytes);
  EXPECT_LT(most_in_turn, 66U << 20U);
}

TEST_F(FrontCrowdTest, a_connection_that_is_not_read_is_told_no_more_until_it_is) {
  nobody_reads = true;
  put();
  // All that may come has come when one of another connection has it.
  const auto other = trio.stream(0, "Watch/Watch");
  WatchRequest request;
  request.mutable_create_request()->set_key("other");
  trio.send(0, other, request);
  PutRequest last;
  last.set_key("other");
  ASSERT_TRUE(trio.ask<PutResponse>(1, "KV/Put", last));
  EXPECT_FALSE(other->next().empty());
  EXPECT_FALSE(other->next().empty());
  EXPECT_GT(sum, 60U << 20U);
  EXPECT_LT(sum, 66U << 20U);
  nobody_reads = false;
  waits = 0;
  for (std::size_t i = 0; i < streams; ++i) ASSERT_TRUE(is_told(i)) << i;
}

}  // namespace
}  // namespace bowline::apps
