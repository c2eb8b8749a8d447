// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"
#include "bowline/etcd/bolt_reader.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;

class FrontSnapshotTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    snapshot_trio = std::make_unique<FrontTrio>(7s);
    EXPECT_TRUE(snapshot_trio->is_ready(0));
    PutRequest put;
    put.set_value(std::string(20'000, 'x'));
    for (int i = 0; i < 200; ++i) {
      put.set_key("key" + std::to_string(i));
      EXPECT_TRUE(snapshot_trio->ask<PutResponse>(0, "KV/Put", put));
    }
  }
  static void TearDownTestSuite() { snapshot_trio.reset(); }
  FrontTrio& trio() { return *snapshot_trio; }
  std::shared_ptr<PlayedCall> asked() {
    auto call = trio().stream(0, "Maintenance/Snapshot");
    trio().send(0, call, SnapshotRequest());
    return call;
  }
  // On the thread of the service, so that nothing is said meanwhile.
  void cancel(const std::shared_ptr<PlayedCall>& call) {
    trio()[0].run([&](host::Shard&) { call->hooks().cancelled(rpc::Cancelled::by_client); });
  }
  static inline std::unique_ptr<FrontTrio> snapshot_trio;
};

TEST_F(FrontSnapshotTest, comes_in_messages_that_say_how_much_is_left) {
  const auto call = asked();
  EXPECT_TRUE(call->status().ok());
  std::string file;
  std::uint64_t left = 0;
  const std::size_t messages = call->messages();
  for (std::size_t i = 0; i < messages; ++i) {
    SnapshotResponse part;
    ASSERT_TRUE(part.ParseFromString(call->next()));
    EXPECT_LE(part.blob().size(), 32U << 10U);
    if (i > 0) {
      EXPECT_EQ(part.remaining_bytes() + part.blob().size(), left);
    }
    left = part.remaining_bytes();
    file += part.blob();
  }
  EXPECT_EQ(left, 0U);
  EXPECT_GT(file.size(), 4'000'000U);
  EXPECT_TRUE(etcd::bolt::Reader::open(
      [&](std::uint64_t at, std::uint64_t bytes) {
        return Result<std::string>(file.substr(at, bytes));
      },
      file.size()));
}

TEST_F(FrontSnapshotTest, waits_for_a_client_that_does_not_take_it) {
  auto call = trio().stream(0, "Maintenance/Snapshot");
  trio()[0].run([&](host::Shard&) { call->waits = 2 << 20; });
  trio().send(0, call, SnapshotRequest());
  // It sees that something waits, and leaves it at that.
  std::size_t before = 0;
  do {
    before = call->messages();
    for (int i = 0; i < 50; ++i) trio()[0].run([](host::Shard&) {});
  } while (call->messages() != before);
  EXPECT_LT(call->messages(), 40U);
  trio()[0].run([&](host::Shard&) {
    call->waits = 0;
    call->hooks().drained();
  });
  EXPECT_TRUE(call->status().ok());
  EXPECT_GT(call->messages(), 120U);
}

TEST_F(FrontSnapshotTest, only_so_many_are_on_their_way) {
  std::vector<std::shared_ptr<PlayedCall>> calls;
  calls.reserve(4);
  for (int i = 0; i < 4; ++i) calls.push_back(trio().stream(0, "Maintenance/Snapshot"));
  EXPECT_EQ(trio().stream(0, "Maintenance/Snapshot")->status(),
            status_of(etcd::Wrong::too_many_requests));
  cancel(calls[0]);
  EXPECT_TRUE(asked()->status().ok());
  // Without a request there is nothing to answer.
  trio()[0].run([&](host::Shard&) { calls[1]->hooks().half_closed(); });
  EXPECT_EQ(calls[1]->status().code, rpc::Code::internal);
  trio()[0].run([&](host::Shard&) { calls[2]->send("\xff\xff"); });
  EXPECT_EQ(calls[2]->status().code, rpc::Code::internal);
  trio().send(0, calls[3], SnapshotRequest());
  EXPECT_TRUE(calls[3]->status().ok());
}

}  // namespace
}  // namespace bowline::apps
