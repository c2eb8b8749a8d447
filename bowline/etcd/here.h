// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "bowline/base/prng.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/etcd/answer_room.h"
#include "bowline/etcd/auto_compaction.h"
#include "bowline/etcd/checks.h"
#include "bowline/etcd/comparisons.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/etcd/quorum.h"
#include "bowline/host/shard.h"
#include "bowline/kv/kv_machine.h"

namespace bowline::etcd {

// What clients are told that we are: they look for abilities by it.
inline constexpr const char* server_version = "3.5.30";
inline constexpr const char* cluster_version = "3.5.0";
inline constexpr const char* storage_version = "3.5.0";

// What is left of long leases is written down, so that a new leader does not begin with all of it.
struct LeaseCheckpoints {
  std::int64_t longer_than = 300;            // of leases of more seconds than these
  Duration every = std::chrono::minutes(5);  // of each
  Duration look = std::chrono::seconds(10);  // which of them are due
};

struct Settings {
  std::string token = "etcd-cluster";  // goes into the ids of members that are added
  RequestLimits limits;
  Duration election = std::chrono::seconds(1);
  Duration progress_every = std::chrono::minutes(10);  // to watchers that want to be told
  bool strict_reconfig = true;
  std::size_t most_learners = 1;
  std::uint64_t quota_bytes = 0;         // how large the data may become (quota.h); 0: as it likes
  std::uint64_t quota_memory_bytes = 0;  // and how much of it may be in memory
  AutoCompactionOptions auto_compaction;
  LeaseCheckpoints checkpoints;
  Comparisons comparisons;
};

// This member, as the services see it. All of it is used on one thread.
struct Here {
  env::Loop& loop;
  const env::Clock& clock;
  host::Shard& shard;
  GroupId group;
  kv::KvMachine& machine;
  Quorum& quorum;
  AnswerRoom& room;
  Settings settings;
  Prng prng{1};  // for ids that clients leave to us
  // The map may have work that it put off: called from anywhere, and done later.
  std::function<void()> stir = {};
  // What an operator has to know of, as a sentence.
  std::function<void(const std::string&)> tell = [](const std::string&) {};

  NodeId self() const { return shard.options().self; }
  const kv::Store& store() const { return machine.store(); }
  std::uint64_t term() const {
    const host::Replica* const replica = quorum.replica();
    return replica == nullptr ? 0 : replica->core().term().value;
  }
  // Null: this member has not heard of any yet.
  const raft::Membership* members() const {
    const host::Replica* const replica = quorum.replica();
    return replica == nullptr ? nullptr : replica->core().memberships().latest().membership.get();
  }
  bool is_learner() const {
    const raft::Membership* const known = members();
    const raft::Member* const here = known == nullptr ? nullptr : known->find(self());
    return here != nullptr && here->now == raft::Standing::learner;
  }
  void fill(etcdserverpb::ResponseHeader& header, std::int64_t revision) const {
    const raft::Membership* const known = members();
    header.set_cluster_id(known == nullptr ? 0 : known->cluster.value);
    header.set_member_id(self().value);
    header.set_revision(revision);
    header.set_raft_term(term());
  }
  void fill(etcdserverpb::ResponseHeader& header) const { fill(header, store().revision()); }
};

}  // namespace bowline::etcd
