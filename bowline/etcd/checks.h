// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>

#include "bowline/etcd/errors.h"
#include "bowline/etcd/proto/rpc.pb.h"

// What is refused before anybody is asked: it depends on the request alone.
namespace bowline::etcd {

struct RequestLimits {
  std::size_t txn_ops = 128;                  // of each list of a transaction
  std::size_t request_bytes = 1536UL * 1024;  // of what would be replicated
  std::uint64_t answer_bytes = 256 << 20;     // of one answer to a request that only reads
  std::uint64_t watch_bytes = 64 << 20;       // of memory, for all watches of one stream
  std::uint64_t range_keys = 4096;            // looked at in one turn of the loop (ranges.h)
};

inline constexpr std::int64_t most_lease_ttl = 9'000'000'000;  // seconds

// nullopt: nothing is wrong with it.
std::optional<Wrong> check(const etcdserverpb::RangeRequest&);
std::optional<Wrong> check(const etcdserverpb::PutRequest&);
std::optional<Wrong> check(const etcdserverpb::DeleteRangeRequest&);
std::optional<Wrong> check(const etcdserverpb::TxnRequest&, std::size_t most_ops);
std::optional<Wrong> check(const etcdserverpb::LeaseGrantRequest&);
std::optional<Wrong> check_size(std::size_t bytes, const RequestLimits&);

// Only ranges, at any depth: nothing has to be replicated.
bool only_reads(const etcdserverpb::TxnRequest&);
// ... and all of them may be old.
bool is_serializable(const etcdserverpb::TxnRequest&);

}  // namespace bowline::etcd
