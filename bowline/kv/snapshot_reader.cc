// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <ranges>
#include <utility>
#include <vector>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"
#include "bowline/kv/codec.h"
#include "bowline/kv/snapshot.h"
#include "bowline/kv/snapshot_record.h"

namespace bowline::kv {
namespace {

constexpr std::uint64_t blocks_ahead = 64;
constexpr std::uint64_t blocks_at_once = 4;  // further than before
constexpr std::uint64_t record_bytes = 16;   // of a key or a version, about, without its text
constexpr std::uint32_t most_asks = 1000;    // in vain, before a value is read all the same

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

  bool is_ready() override {
    if (is_gathered_ || is_over_ || !pin_.holds()) return true;
    waits_ = false;
    may_force_ = asks_ >= most_asks;
    if (gather()) return true;
    ++asks_;
    is_awaited_ = true;
    if (versions_ >= again_at_) look_again();
    return false;
  }

  Result<std::string> next(std::size_t most) override {
    if (!is_gathered_) {
      if (is_over_) return std::string();
      if (!pin_.holds())
        return std::unexpected(Error{
            Fault::io, "the state was replaced while a snapshot of it was read: take another"});
      waits_ = true;
      ensure(gather());
    }
    std::string part = block_.substr(at_, most);
    at_ += part.size();
    is_gathered_ = at_ < block_.size();
    return part;
  }

 private:
  // The next block. False: not all of it yet, since a value is not here. It goes on there.
  bool gather() {
    if (!std::exchange(is_block_begun_, true)) begin_block();
    while (next_lease_ < leases_.size() && !is_full()) put_lease(leases_[next_lease_++]);
    if (next_lease_ == leases_.size() && (done_ > 0 || !is_full()) && !put_keys()) return false;
    const std::string_view content = std::string_view(block_).substr(block_head_bytes);
    store(block_.data(), static_cast<std::uint32_t>(content.size()));
    store(block_.data() + 4, crc32c(content));
    is_block_begun_ = false;
    return is_gathered_ = true;
  }
  void begin_block() {
    ahead_bytes_ -= std::min<std::uint64_t>(ahead_bytes_, block_.size());
    if (store_.values().cold() != nullptr) look_ahead();
    block_.assign(block_head_bytes, '\0');
    at_ = 0;
    if (!std::exchange(is_begun_, true)) put_front();
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

  // As many as there is room for. False: a value is not here.
  bool put_keys() {
    bool is_here = true;
    const bool is_all =
        store_.each_key({.key = from_, .range_end = {"\0", 1}}, [&](const Key& key) {
          kept_of(key, compacted_, revision_, needed_);
          // A key that is here by chance must not decide where a block ends.
          if (needed_.empty()) return true;
          if (done_ > 0 || !is_full()) {
            if (put_key(key)) return true;
            is_here = false;
          }
          from_ = key.view();
          return false;
        });
    if (!is_all) return is_here;
    put_varint(begin_record(block_, Record::end), keys_);
    put_varint(block_, versions_);
    is_over_ = true;
    return true;
  }

  // What the next blocks are made of is asked for now, so that a disk has much to do at once while
  // others have their turn. A few blocks further each time: they have their turn now, too.
  // Gives the number of values.
  std::uint64_t look_ahead() {
    std::uint64_t looked = 0;  // bytes
    std::uint64_t wanted = 0;
    if (is_all_wanted_) return wanted;
    is_all_wanted_ =
        store_.each_key({.key = ahead_from_, .range_end = {"\0", 1}}, [&](const Key& key) {
          if (looked >= blocks_at_once * block_bytes_ ||
              ahead_bytes_ + looked >= blocks_ahead * block_bytes_) {
            ahead_from_ = key.view();
            return false;
          }
          looked += record_bytes + key.view().size();
          kept_of(key, compacted_, revision_, needed_);
          wanted += needed_.size();
          for (const Version* const version : needed_) {
            looked += record_bytes + version->value_bytes;
            store_.want(*version);
          }
          return true;
        });
    ahead_bytes_ += looked;
    return wanted;
  }

  // A value is not here although it was asked for: the disk is slow, or others took the memory that
  // it had. Then what follows it went too, and would come one by one, as slowly as a page comes.
  void look_again() {
    ahead_from_ = from_;
    ahead_bytes_ = 0;
    is_all_wanted_ = false;
    again_at_ = versions_ + look_ahead();
  }

  // False: a value is not here. All versions up to that are out.
  bool put_key(const Key& key) {
    for (; done_ < needed_.size(); ++done_) {
      const Version& version = *needed_[needed_.size() - 1 - done_];
      if (!may_read(version)) return false;
      if (done_ == 0) {
        ++keys_;
        put_bytes(begin_record(block_, Record::key), key.view());
      }
      put_version(version);
    }
    done_ = 0;
    return true;
  }
  // Where memory is so tight that a value is gone again before we come back, all would stand still.
  // So when none has come for long, one is read wherever it is, and then one with each ask, until
  // one that we waited for comes by itself.
  bool may_read(const Version& version) {
    const bool is_awaited = std::exchange(is_awaited_, false);
    if (waits_) return true;
    const bool is_here = store_.want(version);
    if (is_here && is_awaited) asks_ = 0;
    return is_here || std::exchange(may_force_, false);
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
  bool is_begun_ = false;        // the front is out
  bool is_block_begun_ = false;  // and not gathered yet
  bool is_gathered_ = false;     // there is a block, and more of it to be given
  bool is_over_ = false;         // the block that is here, if there is one, is the last
  std::string from_;             // the first key that is not out yet
  std::size_t done_ = 0;         // of its versions, that are
  bool waits_ = false;           // who asks has the time to wait for a disk
  std::uint32_t asks_ = 0;       // in vain, since a value came that was waited for
  bool is_awaited_ = false;      // the next value: it was not here
  bool may_force_ = false;       // one value may be read wherever it is
  std::string ahead_from_;       // the first key whose values were not asked for
  std::uint64_t ahead_bytes_ = 0;
  bool is_all_wanted_ = false;
  std::uint64_t again_at_ = 0;  // not before so many versions are out we look at these once more
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
