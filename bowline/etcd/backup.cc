// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/backup.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "bowline/etcd/backup_format.h"

namespace bowline::etcd {
namespace {

constexpr std::size_t slice_bytes = 128 << 10;  // of one step, and the value that goes beyond

void put_pair(bolt::Writer& writer, std::string_view key, std::string_view value) {
  if (std::string* const out = writer.add(key, value.size())) *out += value;
}

}  // namespace

Backup::Backup(const kv::State& state, LogId applied, std::size_t most_gathered)
    : store_(state.store),
      applied_(applied),
      alarms_(state.alarms.begin(), state.alarms.end()),
      chronicle_(state.store, most_gathered) {
  leases_.reserve(state.leases.all().size());
  for (const auto& [id, lease] : state.leases.all()) leases_.push_back({id, lease.ttl, lease.left});
  std::ranges::sort(leases_, {},
                    [](const CopiedLease& lease) { return backup::big_endian(lease.id); });
}

std::optional<std::uint64_t> Backup::bytes() const {
  if (!plan_) return std::nullopt;
  return plan_->pages * bolt::page_bytes + Sha256::bytes;
}

bool Backup::step(std::uint64_t most, std::string& out) {
  switch (phase_) {
    case Phase::front: put_front(); break;
    case Phase::leases: put_leases(most); break;
    case Phase::keys: put_keys(most); break;
    case Phase::back: put_back(); break;
    case Phase::over: return false;
  }
  if (!chronicle_.holds()) return false;
  take(out);
  return phase_ != Phase::over;
}

// What was sent so far is summed up.
void Backup::take(std::string& out) {
  if (!plan_) return;
  std::string& made = writer_.out();
  sum_.add(made);
  out += made;
  made.clear();
  if (phase_ == Phase::over) out += sum_.sum();
}

void Backup::put_front() {
  for (const std::string_view name : backup::empty_buckets) {
    writer_.begin_bucket(name);
    writer_.end_bucket();
  }
  writer_.begin_bucket(backup::alarm_bucket);
  std::vector<std::string> alarms;
  alarms.reserve(alarms_.size());
  for (const kv::Alarm& alarm : alarms_) alarms.push_back(backup::encode(alarm));
  std::ranges::sort(alarms);
  for (const std::string& alarm : alarms) put_pair(writer_, alarm, {});
  writer_.end_bucket();
  writer_.begin_bucket(backup::meta_bucket);
  put_pair(writer_, backup::applied_index_key,
           backup::big_endian(static_cast<std::int64_t>(applied_.index.value)));
  if (chronicle_.compacted() >= 0) {
    const std::string compacted = backup::key_of({chronicle_.compacted(), 0}, true);
    put_pair(writer_, backup::finished_compaction_key, compacted);
    put_pair(writer_, backup::scheduled_compaction_key, compacted);
  }
  put_pair(writer_, backup::applied_term_key,
           backup::big_endian(static_cast<std::int64_t>(applied_.term.value)));
  writer_.end_bucket();
  writer_.begin_bucket(backup::lease_bucket);
  next_lease_ = 0;
  phase_ = Phase::leases;
}

void Backup::put_leases(std::uint64_t most) {
  for (; next_lease_ < leases_.size() && most > 0; ++next_lease_, --most) {
    const CopiedLease& lease = leases_[next_lease_];
    put_pair(writer_, backup::big_endian(lease.id),
             backup::encode_lease(lease.id, lease.ttl, lease.left));
  }
  if (next_lease_ < leases_.size()) return;
  writer_.end_bucket();
  writer_.begin_bucket(backup::key_bucket);
  phase_ = Phase::keys;
}

void Backup::put_keys(std::uint64_t most) {
  const auto put_one = [this](const kv::Version& version) {
    put_key(version);
    return writer_.out().size() < slice_bytes;
  };
  if (chronicle_.step(most, put_one) || !chronicle_.holds()) return;
  writer_.end_bucket();
  phase_ = Phase::back;
}

void Backup::put_key(const kv::Version& version) {
  const kv::Item item = store_.item(version);
  const std::string key = backup::key_of(version.revision(), version.is_live());
  std::string* const out = writer_.add(key, backup::bytes_of(item, version.is_live()));
  if (out != nullptr) backup::append(*out, item, version.is_live());
}

void Backup::put_back() {
  const bolt::Writer::Plan plan = writer_.end();
  if (plan_) {
    phase_ = Phase::over;
    return;
  }
  plan_ = plan;
  writer_ = bolt::Writer(plan);
  chronicle_.rewind();
  phase_ = Phase::front;
}

}  // namespace bowline::etcd
