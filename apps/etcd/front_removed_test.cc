// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <latch>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;

using Calls = std::vector<std::shared_ptr<PlayedCall>>;

// Writes through one member, on and on, a hundred at a time.
Calls write_until(FrontTrio& trio, std::size_t through, std::latch& begun,
                  const std::atomic<bool>& ends) {
  Calls all;
  while (!ends) {
    for (int i = 0; i < 100; ++i) {
      PutRequest put;
      put.set_key("written");
      put.set_value(std::to_string(all.size()));
      all.push_back(trio.call(through, "/etcdserverpb.KV/Put", put.SerializeAsString()));
    }
    all.back()->status();
    if (all.size() == 200) begun.count_down();
  }
  return all;
}

TEST(FrontRemovedTest, no_write_is_lost_with_a_leader_that_is_removed) {
  FrontTrio trio(7s);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio.is_ready(i));
  const std::size_t led = trio.leader();
  const std::size_t other = (led + 1) % 3;
  std::atomic<bool> ends = false;
  Calls written;
  std::latch begun(1);
  std::thread writer([&] { written = write_until(trio, other, begun, ends); });
  begun.wait();
  MemberRemoveRequest remove;
  remove.set_id(trio.id(led).value);
  const auto removed = trio.ask<MemberRemoveResponse>(other, "Cluster/MemberRemove", remove);
  ends = true;
  writer.join();
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(removed->members_size(), 2);
  for (const auto& one : written) {
    const rpc::Status status = one->status();
    ASSERT_TRUE(status.ok()) << status.message;
  }
  EXPECT_GE(written.size(), 200U);
}

}  // namespace
}  // namespace bowline::apps
