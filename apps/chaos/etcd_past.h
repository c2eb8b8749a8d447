// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/chaos/etcd_history.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/kv/item.h"
#include "bowline/kv/model.h"

namespace bowline::chaos {

inline std::string name_of(std::int64_t revision) { return "revision " + std::to_string(revision); }

// The record of writes: what those who watch everything were told, put together. Revisions have no
// gaps, so nothing can be missing without being seen; that each is the work of somebody who asked
// for it is shown elsewhere (etcd_causes.h).
class EtcdPast {
 public:
  // Empty: well; else in what two of them contradict each other, or what none was told.
  std::string gather(const std::vector<WatchStory>&);

  std::int64_t last() const { return last_; }
  const std::vector<kv::model::Write>& writes() const { return writes_; }
  std::span<const kv::model::Write> writes_at(std::int64_t revision) const;
  std::size_t first_of(std::int64_t revision) const;  // its number among all writes
  // The state after a revision, and of one key; null: it is not there.
  kv::model::Map at(std::int64_t revision) const;
  const kv::model::Value* at(std::int64_t revision, std::string_view key) const;
  std::vector<std::string> keys_of(kv::LeaseId, std::int64_t revision) const;

 private:
  struct Told {
    std::vector<mvccpb::Event> events;
    std::string by;
  };
  std::string hear(const etcdserverpb::WatchResponse&, const WatchStory&);
  std::string put_in_order();

  std::map<std::int64_t, Told> told_;  // until it is in order
  std::int64_t last_ = kv::first_revision;
  std::vector<kv::model::Write> writes_;
  std::vector<std::size_t> first_;                                       // by revision
  std::map<std::string, std::vector<std::size_t>, std::less<>> of_key_;  // numbers of writes
};

}  // namespace bowline::chaos
