// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/rpc/call.h"

namespace bowline::etcd {

// What the data of this member takes.
struct DataSize {
  std::uint64_t taken = 0;          // of memory, and of the file of old values
  std::uint64_t in_use = 0;         // of it, what holds something; this is what a quota is about
  std::uint64_t memory_in_use = 0;  // of this, what is in memory
};
DataSize size_of(const kv::KvMachine&);

// What a request may add to the data, as etcd estimates it. 0: nothing.
std::uint64_t cost_of(const etcdserverpb::PutRequest&);
std::uint64_t cost_of(const etcdserverpb::TxnRequest&);  // the worse of its branches
std::uint64_t cost_of(const etcdserverpb::LeaseGrantRequest&);

// How large the data of this member may become, and how much memory it may take
// (Settings::quota_bytes, Settings::quota_memory_bytes): keys have to fit into memory, and values
// do when the disk is full. What would make it larger is refused, and the alarm is raised, through
// the log: from then on each member refuses what needs space, until somebody clears the alarm.
class Quota {
 public:
  explicit Quota(Here& here) : here_(here) {}
  Quota(const Quota&) = delete;
  Quota& operator=(const Quota&) = delete;

  // No: it has taken the call, and refuses it once the others know.
  bool admits(rpc::Call&, std::uint64_t cost);
  // Something was applied, whoever proposed it. What was under way together may be too much.
  void applied();

 private:
  bool is_raised() const;
  bool is_reached(std::uint64_t cost) const;
  void raise();
  void raised();

  Here& here_;
  std::vector<rpc::Call> refused_;  // and not told yet
  std::uint64_t in_use_ = 0;        // when it was last looked at
  bool is_raising_ = false;
  env::Life life_;
};

}  // namespace bowline::etcd
