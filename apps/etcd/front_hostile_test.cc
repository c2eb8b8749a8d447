// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"
#include "bowline/base/prng.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;

// Requests that some client could make, and bytes that none would.
class HostileClient {
 public:
  explicit HostileClient(std::uint64_t seed) : prng_(seed) {}

  struct Sent {
    std::string method;
    std::string bytes;
  };
  Sent request() {
    Sent sent = sound();
    if (prng_.chance(50) && !sent.bytes.empty())
      for (std::uint64_t i = prng_.below(3); i < 3; ++i)
        sent.bytes[prng_.below(sent.bytes.size())] = static_cast<char>(prng_.next());
    if (prng_.chance(10)) sent.bytes.resize(prng_.below(sent.bytes.size() + 1));
    return sent;
  }
  Prng& prng() { return prng_; }

 private:
  std::string key() { return std::string(1, static_cast<char>('a' + prng_.below(5))); }
  std::int64_t number() {
    constexpr std::int64_t few[] = {0, 1, 2, 5, -1, INT64_MAX, INT64_MIN};
    return few[prng_.below(std::size(few))];
  }
  PutRequest put() {
    PutRequest request;
    request.set_key(key());
    request.set_value(key());
    if (prng_.chance(30)) request.set_lease(number());
    if (prng_.chance(20)) request.set_ignore_value(true);
    if (prng_.chance(20)) request.set_prev_kv(true);
    return request;
  }
  DeleteRangeRequest erase() {
    DeleteRangeRequest request;
    request.set_key(key());
    if (prng_.chance(50)) request.set_range_end(key());
    return request;
  }
  TxnRequest txn(int depth) {
    TxnRequest request;
    for (std::uint64_t i = prng_.below(3); i > 0; --i) {
      Compare& compare = *request.add_compare();
      compare.set_key(key());
      compare.set_target(static_cast<Compare::CompareTarget>(prng_.below(7)));
      compare.set_result(static_cast<Compare::CompareResult>(prng_.below(6)));
      compare.set_mod_revision(number());
    }
    for (std::uint64_t i = prng_.below(4); i > 0; --i) {
      RequestOp& op = prng_.chance(50) ? *request.add_success() : *request.add_failure();
      if (prng_.chance(40))
        *op.mutable_request_put() = put();
      else if (prng_.chance(40))
        *op.mutable_request_delete_range() = erase();
      else if (depth > 0)
        *op.mutable_request_txn() = txn(depth - 1);
    }
    return request;
  }
  Sent sound() {
    const std::uint64_t kind = prng_.below(10);
    if (kind < 4) return {"KV/Put", put().SerializeAsString()};
    if (kind < 6) return {"KV/Txn", txn(3).SerializeAsString()};
    if (kind < 7) return {"KV/DeleteRange", erase().SerializeAsString()};
    if (kind < 8) {
      LeaseGrantRequest request;
      request.set_id(number());
      request.set_ttl(number());
      return {"Lease/LeaseGrant", request.SerializeAsString()};
    }
    if (kind < 9) {
      LeaseRevokeRequest request;
      request.set_id(number());
      return {"Lease/LeaseRevoke", request.SerializeAsString()};
    }
    CompactionRequest request;
    request.set_revision(prng_.chance(50) ? number() : static_cast<std::int64_t>(prng_.below(500)));
    return {"KV/Compact", request.SerializeAsString()};
  }

  Prng prng_;
};

// Each is answered, none ends a member, and the members agree on what became of all of them.
TEST(FrontHostile, SEC_16_whatever_clients_propose_the_replicas_agree) {
  FrontTrio trio(7s);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(trio.is_ready(i));
  HostileClient client(16);
  std::vector<std::shared_ptr<PlayedCall>> calls;
  std::size_t good = 0;
  for (int i = 0; i < 3000; ++i) {
    const HostileClient::Sent sent = client.request();
    calls.push_back(trio.call(client.prng().below(3), "/etcdserverpb." + sent.method, sent.bytes));
    if (calls.size() < 100) continue;
    for (const auto& call : calls) {
      const rpc::Status status = call->status();
      EXPECT_NE(status.code, rpc::Code::aborted) << status.message;
      good += status.ok() ? 1 : 0;
    }
    calls.clear();
  }
  EXPECT_GT(good, 500U);
  EXPECT_LT(good, 2900U);
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < 3; ++i) {
    RangeRequest range;  // so that it has applied all of it
    range.set_key("a");
    ASSERT_TRUE(trio.ask<RangeResponse>(i, "KV/Range", range));
    const auto sum = trio.ask<HashKVResponse>(i, "Maintenance/HashKV", HashKVRequest());
    ASSERT_TRUE(sum);
    const auto leases = trio.ask<LeaseLeasesResponse>(i, "Lease/LeaseLeases", LeaseLeasesRequest());
    ASSERT_TRUE(leases);
    std::string all = std::to_string(sum->hash()) + " " + std::to_string(sum->compact_revision()) +
                      " " + std::to_string(sum->header().revision());
    for (const LeaseStatus& lease : leases->leases()) all += " " + std::to_string(lease.id());
    seen.push_back(all);
  }
  EXPECT_EQ(seen[0], seen[1]);
  EXPECT_EQ(seen[0], seen[2]);
}

}  // namespace
}  // namespace bowline::apps
