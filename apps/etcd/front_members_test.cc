// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/served_process.h"
#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;

class FrontMembersTest : public testing::Test {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio_.is_ready(i));
  }
  static std::string url(std::size_t i) { return "http://127.0.0.1:" + std::to_string(ports[i]); }
  auto add(std::size_t i) {
    MemberAddRequest request;
    request.add_peerurls(url(i));
    return trio_.ask<MemberAddResponse>(0, "Cluster/MemberAdd", request);
  }
  auto remove(std::uint64_t id) {
    MemberRemoveRequest request;
    request.set_id(id);
    return trio_.ask<MemberRemoveResponse>(1, "Cluster/MemberRemove", request);
  }
  std::vector<std::string> urls_of(std::uint64_t id) {
    MemberListRequest request;
    request.set_linearizable(true);
    const auto list = trio_.ask<MemberListResponse>(0, "Cluster/MemberList", request);
    std::vector<std::string> urls;
    if (list)
      for (const Member& one : list->members())
        if (one.id() == id) urls.assign(one.peerurls().begin(), one.peerurls().end());
    return urls;
  }

  static inline const std::vector<int> ports = free_ports(3);  // where nobody is
  FrontTrio trio_{7s};
};

// Its address may have been wrong, or its machine is gone: nobody will ever catch up there.
TEST_F(FrontMembersTest, a_voter_that_never_starts_can_be_removed) {
  const auto added = add(0);
  ASSERT_TRUE(added) << added.error().message;
  const std::uint64_t id = added->member().id();
  EXPECT_EQ(urls_of(id), std::vector{url(0)});
  EXPECT_FALSE(added->member().islearner());  // nobody has to promote it
  // Another voter is not counted on before this one is there, as etcd has it.
  const auto second = add(1);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().message, "etcdserver: unhealthy cluster");
  const auto other = remove(1);
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error().message, "etcdserver: unhealthy cluster");
  EXPECT_EQ(urls_of(id), std::vector{url(0)});

  const auto removed = remove(id);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->members_size(), 3);
  EXPECT_TRUE(urls_of(id).empty());
  const auto again = remove(id);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "etcdserver: member not found");
  const auto with_another_address = add(1);
  ASSERT_TRUE(with_another_address) << with_another_address.error().message;
  EXPECT_EQ(with_another_address->members_size(), 4);
}

}  // namespace
}  // namespace bowline::apps
