// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/etcd/bolt_writer.h"
#include "bowline/etcd/chronicle.h"
#include "bowline/etcd/digests.h"
#include "bowline/kv/run.h"

namespace bowline::etcd {

// The state as the file that etcd's tools take for a snapshot: a database of bbolt with etcd's
// buckets, and its SHA-256 behind it. As the state was when this was made, whatever is applied
// meanwhile. It is made in slices, twice: first to learn how long each part of it will be.
class Backup {
 public:
  Backup(const kv::State&, LogId applied, std::size_t most_gathered = std::size_t{1} << 19U);

  // A slice of work, of about so many keys. What there is of the file by now is appended. False:
  // that was all, or the state was replaced meanwhile, see lost().
  bool step(std::uint64_t most, std::string& out);
  bool lost() const { return !chronicle_.holds() && phase_ != Phase::over; }
  // Of the whole file; nullopt: that is not known yet.
  std::optional<std::uint64_t> bytes() const;

 private:
  enum class Phase : std::uint8_t { front, leases, keys, back, over };
  struct CopiedLease {
    kv::LeaseId id = 0;
    std::int64_t ttl = 0;
    std::int64_t left = 0;
  };

  void put_front();
  void put_leases(std::uint64_t most);
  void put_keys(std::uint64_t most);
  void put_key(const kv::Version&);
  void put_back();
  void take(std::string& out);

  const kv::Store& store_;
  LogId applied_;
  std::vector<CopiedLease> leases_;
  std::vector<kv::Alarm> alarms_;
  std::size_t next_lease_ = 0;
  Chronicle chronicle_;
  Phase phase_ = Phase::front;
  std::optional<bolt::Writer::Plan> plan_;  // once it was counted
  bolt::Writer writer_;
  Sha256 sum_;
};

}  // namespace bowline::etcd
