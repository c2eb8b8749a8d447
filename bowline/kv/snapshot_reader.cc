// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "bowline/base/crc32c.h"
#include "bowline/kv/codec.h"
#include "bowline/kv/snapshot.h"
#include "bowline/kv/snapshot_record.h"

namespace bowline::kv {
namespace {

constexpr std::uint64_t blocks_ahead = 64;

struct CopiedLease {
  LeaseId id = 0;
  std::uint64_t tenure = 0;
  std::int64_t ttl = 0;
  std::int64_t left = 0;
};

std::string& begin_record(std::string& out, Record record) {
  out.push_back(static_cast<char>(record));
  return out;
}

class SnapshotReader final : public machine::Reader {
 public:
  SnapshotReader(const State& state, std::size_t block_bytes)
      : store_(state.store),
        block_bytes_(block_bytes),
        revision_(state.store.revision()),
        compacted_(state.store.compacted()),
        pin_(state.store.pin(compacted_)),
        alarms_(state.alarms.begin(), state.alarms.end()),
        granted_(state.leases.granted()) {
    leases_.reserve(state.leases.all().size());
    for (const auto& [id, lease] : state.leases.all())
      leases_.push_back({id, lease.tenure, lease.ttl, lease.left});
  }

  Result<std::string> next(std::size_t most) override {
    if (at_ == block_.size()) {
      if (is_over_) return std::string();
      if (!pin_.holds())
        return std::unexpected(Error{
            Fault::io, "the state was replaced while a snapshot of it was read: take another"});
      fill();
    }
    std::string part = block_.substr(at_, most);
    at_ += part.size();
    return part;
  }

 private:
  void fill() {
    block_.assign(block_head_bytes, '\0');
    at_ = 0;
    if (!std::exchange(is_begun_, true)) put_front();
    while (next_lease_ < leases_.size() && !is_full()) put_lease(leases_[next_lease_++]);
    if (next_lease_ == leases_.size() && !is_full()) put_keys();
    if (store_.values().cold() != nullptr) look_ahead();
    const std::string_view content = std::string_view(block_).substr(block_head_bytes);
    store(block_.data(), static_cast<std::uint32_t>(content.size()));
    store(block_.data() + 4, crc32c(content));
  }
  bool is_full() const { return block_.size() >= block_bytes_; }

  void put_front() {
    put_varint(begin_record(block_, Record::head), snapshot_format);
    put_signed(block_, revision_);
    put_signed(block_, compacted_);
    put_varint(block_, granted_);
    for (const Alarm& alarm : alarms_) {
      put_varint(begin_record(block_, Record::alarm), alarm.member);
      block_.push_back(static_cast<char>(alarm.kind));
    }
  }
  void put_lease(const CopiedLease& lease) {
    put_signed(begin_record(block_, Record::lease), lease.id);
    put_varint(block_, lease.tenure);
    put_signed(block_, lease.ttl);
    put_signed(block_, lease.left);
  }

  void put_keys() {
    bool is_all = true;
    store_.each_key({.key = from_, .range_end = {"\0", 1}}, [&](const Key& key) {
      kept_of(key, compacted_, revision_, needed_);
      if (needed_.empty()) return true;  // here by chance: it must not decide where a block ends
      if (is_full()) {
        from_ = key.view();
        return is_all = false;
      }
      put_key(key);
      return true;
    });
    if (!is_all) return;
    put_varint(begin_record(block_, Record::end), keys_);
    put_varint(block_, versions_);
    is_over_ = true;
  }

  // What the next blocks are made of is asked for now, so that a disk has much to do at once while
  // others have their turn.
  void look_ahead() {
    ahead_bytes_ -= std::min<std::uint64_t>(ahead_bytes_, block_.size());
    if (is_over_ || is_all_wanted_) return;
    is_all_wanted_ =
        store_.each_key({.key = ahead_from_, .range_end = {"\0", 1}}, [&](const Key& key) {
          if (ahead_bytes_ >= blocks_ahead * block_bytes_) {
            ahead_from_ = key.view();
            return false;
          }
          kept_of(key, compacted_, revision_, needed_);
          for (const Version* const version : needed_) {
            ahead_bytes_ += version->value_bytes;
            store_.want(*version);
          }
          return true;
        });
  }

  void put_key(const Key& key) {
    ++keys_;
    put_bytes(begin_record(block_, Record::key), key.view());
    for (const Version* const version : std::views::reverse(needed_)) put_version(*version);
  }
  void put_version(const Version& version) {
    ++versions_;
    put_signed(begin_record(block_, Record::version), version.main);
    put_varint(block_, version.sub);
    put_signed(block_, version.create);
    put_signed(block_, version.version);
    put_signed(block_, version.lease);
    put_bytes(block_, Values::view(version));
  }

  const Store& store_;
  std::size_t block_bytes_;
  std::int64_t revision_;
  std::int64_t compacted_;
  Pin pin_;
  std::vector<Alarm> alarms_;
  std::vector<CopiedLease> leases_;
  std::uint64_t granted_;
  std::size_t next_lease_ = 0;
  bool is_begun_ = false;
  bool is_over_ = false;
  std::string from_;        // the first key that is not out yet
  std::string ahead_from_;  // the first key whose values were not asked for
  std::uint64_t ahead_bytes_ = 0;
  bool is_all_wanted_ = false;
  std::uint64_t keys_ = 0;
  std::uint64_t versions_ = 0;
  std::vector<const Version*> needed_;
  std::string block_;
  std::size_t at_ = 0;
};

}  // namespace

std::unique_ptr<machine::Reader> snapshot_of(const State& state, std::size_t block_bytes) {
  return std::make_unique<SnapshotReader>(state, block_bytes);
}

}  // namespace bowline::kv
