// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;
using etcd::Wrong;

// A member whom the others have left alone.
class FrontLeaderlessTest : public testing::Test {
 public:
  rpc::Status ask(const std::string& method, const std::string& bytes, bool wants_leader) {
    auto channel = std::make_shared<PlayedCall>("/etcdserverpb." + method);
    if (wants_leader) channel->head_to_change().metadata.add("hasleader", "true");
    trio[0].run([&](host::Shard&) {
      trio[0].front->router().find(channel->head().method)->unary(rpc::Call(channel), bytes);
    });
    return channel->status();
  }
  bool has_leader() {
    StatusResponse response;
    const auto call = trio.call(0, "/etcdserverpb.Maintenance/Status", "");
    EXPECT_TRUE(response.ParseFromString(call->next()));
    return response.leader() != 0;
  }
  void leave_alone() {
    for (std::size_t i : {1U, 2U}) trio[i].node.reset();
    while (has_leader()) {}
  }

  FrontTrio trio{
      1s, [](std::size_t, etcd::Front::Options& options) { options.settings.election = 100ms; }};
};

TEST_F(FrontLeaderlessTest, whoever_wants_a_leader_is_told_that_there_is_none) {
  ASSERT_TRUE(trio.is_ready(0));
  LeaseKeepAliveRequest keep;
  keep.set_id(5);
  const auto wants = trio.stream(0, "Lease/LeaseKeepAlive", true);
  const auto waits = trio.stream(0, "Lease/LeaseKeepAlive");
  trio.send(0, wants, keep);
  trio.send(0, waits, keep);
  LeaseKeepAliveResponse kept;
  EXPECT_TRUE(kept.ParseFromString(wants->next()));
  EXPECT_TRUE(kept.ParseFromString(waits->next()));
  RangeRequest range;
  range.set_key("a");
  range.set_serializable(true);
  const std::string bytes = range.SerializeAsString();
  EXPECT_TRUE(ask("KV/Range", bytes, true).ok());
  leave_alone();

  EXPECT_TRUE(ask("KV/Range", bytes, false).ok());
  for (const char* method : {"KV/Range", "KV/Put", "KV/Txn", "Lease/LeaseLeases",
                             "Cluster/MemberList", "Maintenance/Status"})
    EXPECT_EQ(ask(method, bytes, true), status_of(Wrong::no_leader)) << method;
  EXPECT_TRUE(ask("Maintenance/Status", "", false).ok());
  // Streams end when nobody has led for a while, and none begins.
  EXPECT_EQ(wants->status(), status_of(Wrong::no_leader));
  const auto late = trio.stream(0, "Lease/LeaseKeepAlive", true);
  trio[0].run([&](host::Shard&) { EXPECT_FALSE(late->hooks().message) << "it has not begun"; });
  EXPECT_EQ(late->status(), status_of(Wrong::no_leader));
  // Who did not say so is told when something could not be done.
  trio.send(0, waits, keep);
  EXPECT_EQ(waits->status(), status_of(Wrong::no_leader));
  LeaseTimeToLiveRequest left;
  left.set_id(5);
  EXPECT_EQ(ask("Lease/LeaseTimeToLive", left.SerializeAsString(), false),
            status_of(Wrong::no_leader));
}

}  // namespace
}  // namespace bowline::apps
