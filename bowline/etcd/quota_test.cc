// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/quota.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "bowline/env/memory_extents.h"
#include "bowline/kv/command.h"

namespace bowline::etcd {
namespace {

using namespace etcdserverpb;

PutRequest costly_put(std::size_t key, std::size_t value) {
  PutRequest request;
  request.set_key(std::string(key, 'k'));
  request.set_value(std::string(value, 'v'));
  return request;
}

TEST(Quota, a_request_costs_what_etcd_says) {
  EXPECT_EQ(cost_of(costly_put(3, 100)), 359U);
  EXPECT_EQ(cost_of(LeaseGrantRequest()), 64U);
  TxnRequest txn;
  EXPECT_EQ(cost_of(txn), 0U);
  txn.add_success()->mutable_request_range()->set_key("a");
  txn.add_success()->mutable_request_delete_range()->set_key("a");
  EXPECT_EQ(cost_of(txn), 0U);
  *txn.add_success()->mutable_request_put() = costly_put(1, 1);
  *txn.add_success()->mutable_request_put() = costly_put(2, 1);
  EXPECT_EQ(cost_of(txn), 258U + 259U);
  *txn.add_failure()->mutable_request_put() = costly_put(1, 1000);
  EXPECT_EQ(cost_of(txn), 1257U);
}

TEST(Quota, what_is_put_within_counts_as_well) {
  TxnRequest txn;
  *txn.add_failure()->mutable_request_txn()->add_success()->mutable_request_put() =
      costly_put(1, 9);
  *txn.add_failure()->mutable_request_put() = costly_put(1, 1);
  EXPECT_EQ(cost_of(txn), 266U + 258U);
}

TEST(Quota, keys_and_leases_are_what_takes_room) {
  kv::KvMachine machine;
  const auto tell = [&](const kv::Command& command) {
    const std::vector<machine::Command> commands{
        {.id = {}, .payload = Bytes::own(kv::encode(command))}};
    std::vector<std::string> answers(1);
    machine.apply(commands, answers);
  };
  const DataSize empty = size_of(machine);
  tell(kv::Put{.key = "a", .value = std::string(100'000, 'x')});
  const DataSize with_key = size_of(machine);
  EXPECT_GE(with_key.in_use, empty.in_use + 100'000);
  EXPECT_GE(with_key.taken, with_key.in_use);
  tell(kv::LeaseGrant{.id = 1, .ttl = 60});
  EXPECT_GE(size_of(machine).in_use, with_key.in_use + 64);
  tell(kv::LeaseRevoke{.id = 1});
  EXPECT_EQ(size_of(machine).in_use, with_key.in_use);
  tell(kv::DeleteRange{.keys = {"a", {}}});
  tell(kv::Compact{.revision = 3});
  while (machine.can_step()) machine.step();
  EXPECT_LT(size_of(machine).in_use, empty.in_use + 10'000);
}

TEST(Quota, what_is_not_in_memory_counts_as_data_and_not_as_memory) {
  const auto extents = std::make_shared<env::MemoryExtents>();
  kv::KvMachine machine({}, {.extents = extents, .bytes = 0});
  const machine::Command put{
      .id = {},
      .payload = Bytes::own(kv::encode(kv::Put{.key = "a", .value = std::string(2000, 'x')}))};
  std::string answer;
  machine.apply({&put, 1}, {&answer, 1});
  const DataSize before = size_of(machine);
  while (machine.can_step()) machine.step();
  const DataSize after = size_of(machine);
  EXPECT_EQ(before.in_use, before.memory_in_use);
  EXPECT_LT(after.memory_in_use, before.memory_in_use - 1000);
  EXPECT_GE(after.in_use, after.memory_in_use + 2000);
  EXPECT_GE(after.taken, after.in_use);
}

}  // namespace
}  // namespace bowline::etcd
