// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/quota.h"
#include "bowline/etcd/ranges.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// etcdserverpb.KV. Each method checks its request, asks the quorum, and answers from the map of
// this member.
class KvService {
 public:
  KvService(Here& here, Quota& quota) : here_(here), quota_(quota), ranges_(here) {}
  KvService(const KvService&) = delete;
  KvService& operator=(const KvService&) = delete;

  void add_to(rpc::Router&);
  // The map has done some of the work that it puts off: compactions that wait for it may be over.
  void stepped();

 private:
  void range(rpc::Call, etcdserverpb::RangeRequest, std::size_t bytes);
  void put(rpc::Call, const etcdserverpb::PutRequest&, std::size_t bytes);
  void delete_range(rpc::Call, const etcdserverpb::DeleteRangeRequest&, std::size_t bytes);
  void txn(rpc::Call, const etcdserverpb::TxnRequest&, std::size_t bytes);
  void read_txn(rpc::Call, const etcdserverpb::TxnRequest&, std::size_t bytes);
  void answer_txn(rpc::Call, const etcdserverpb::TxnRequest&);
  void compact(rpc::Call, const etcdserverpb::CompactionRequest&);
  void answer_compaction(rpc::Call);

  Here& here_;
  Quota& quota_;
  Ranges ranges_;
  std::vector<rpc::Call> sweeping_;  // answered once what was compacted is gone
  env::Life life_;
};

}  // namespace bowline::etcd
