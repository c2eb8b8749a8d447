// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/store.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::kv {
namespace {

// Of one slice, unless more comes than goes.
constexpr std::uint64_t few_cooled_bytes = 64 << 10;
constexpr std::uint64_t most_cooled_bytes = 1 << 20;

}  // namespace

Store::Store(const ValueMemory& memory)
    : values_(slabs_, memory), pins_(std::make_shared<PinnedFloors>()) {}

void Store::trade(Store& other) {
  ensure(written_ == 0 && other.written_ == 0);
  std::swap(revision_, other.revision_);
  std::swap(compacted_, other.compacted_);
  std::swap(swept_, other.swept_);
  std::swap(sweeping_to_, other.sweeping_to_);
  std::swap(sweep_at_, other.sweep_at_);
  std::swap(cool_at_, other.cool_at_);
  std::swap(history_, other.history_);
  pins_ = std::make_shared<PinnedFloors>();
  other.pins_ = std::make_shared<PinnedFloors>();
  slabs_.trade(other.slabs_);
  values_.trade(other.values_);
  index_.trade(other.index_);
}

const Version* Store::find(std::string_view key) const {
  const Key* const found = index_.get(key);
  return found != nullptr && found->newest->is_live() ? found->newest : nullptr;
}

std::int64_t Store::count(const Interval& keys) const { return index_.live_in(keys); }

Item Store::item(const Version& version) const {
  Item item{.key = version.key->view(), .value = {}, .mod_revision = version.main};
  if (!version.is_live()) return item;
  item.value = Values::view(version);
  item.create_revision = version.create;
  item.version = version.version;
  item.lease = version.lease;
  return item;
}

// What was there before is as of the revision before, whatever else the same transaction did. If
// that is compacted nobody is told, although the memory of it may not have come back yet: replicas
// have to agree. A put that creates its key has nothing before it, even if the same transaction
// deleted an older life of it: so it is with etcd.
Event Store::event(const Version& version, bool with_before) const {
  Event event{.kind = version.is_live() ? Event::Kind::put : Event::Kind::erase,
              .sub = version.sub,
              .item = item(version),
              .before = std::nullopt};
  if (!with_before || version.main - 1 < compacted_) return event;
  if (version.is_live() && version.create == version.main) return event;
  const Version* before = version.older;
  while (before != nullptr && before->main == version.main) before = before->older;
  if (before != nullptr && before->is_live()) event.before = item(*before);
  return event;
}

Key& Store::make_key(std::string_view key) {
  char* const block = slabs_.allocate(sizeof(Key) + key.size());
  Key* const made = std::construct_at(reinterpret_cast<Key*>(block));
  made->bytes = static_cast<std::uint32_t>(key.size());
  if (!key.empty()) std::memcpy(block + sizeof(Key), key.data(), key.size());
  return *made;
}

Version& Store::append(Key& key, std::string_view value) {
  char* const block = slabs_.allocate(sizeof(Version));
  Version& version = *std::construct_at(reinterpret_cast<Version*>(block));
  version.main = revision_ + 1;
  version.sub = written_++;
  version.key = &key;
  version.older = std::exchange(key.newest, &version);
  values_.keep(version, value);
  history_.append(version);
  return version;
}

const Version& Store::put(std::string_view key, std::string_view value, LeaseId lease) {
  const Index::Spot spot = index_.find(key);
  const bool is_new = spot.key() == nullptr;
  ++puts_;
  Version& version = append(is_new ? make_key(key) : *spot.key(), value);
  const Version* const before = version.older;
  const bool was_live = before != nullptr && before->is_live();
  version.create = was_live ? before->create : version.main;
  version.version = was_live ? before->version + 1 : 1;
  version.lease = lease;
  if (is_new) {
    index_.insert(spot, *version.key, true);
  } else if (!was_live) {
    index_.set_live(spot, true);
  }
  return version;
}

const Version& Store::erase(const Version& present) {
  ensure(present.is_live() && present.key->newest == &present);
  const Index::Spot spot = index_.find(present.key->view());
  const Version& version = append(*present.key, {});
  ++erasures_;
  index_.set_live(spot, false);
  return version;
}

bool Store::commit() {
  if (written_ == 0 && !planted(Bug::p47_no_op_counts_as_revision)) return false;
  written_ = 0;
  ++revision_;
  return true;
}

Refusal Store::compact(std::int64_t revision) {
  ensure(written_ == 0);
  if (revision <= compacted_) return Refusal::compacted;
  if (revision > revision_) return Refusal::future_revision;
  compacted_ = revision;
  return Refusal::none;
}

Pin Store::pin(std::int64_t floor) const {
  ensure(floor >= compacted_);
  return {pins_, floor};
}

std::int64_t Store::sweep_target() const {
  return pins_->empty() ? compacted_ : std::min(compacted_, *pins_->begin());
}

bool Store::is_swept() const { return sweep_target() <= swept_; }

bool Store::can_sweep() const { return !is_swept() && !values_.must_wait(); }

// The past up to the target goes in the order in which it was written. A write lets go of those
// before it of the same key; it goes itself when another one does so, or when it erased the key and
// nothing followed. What was written at the target itself stays in the history, since watchers may
// begin there, and is looked at once more by the next compaction. cool() looks for old values in
// the history, so those that stay and are in the way leave the memory with it.
void Store::sweep(std::uint64_t most) {
  ensure(written_ == 0);
  const std::int64_t target = sweep_target();
  if (target <= swept_) return;
  if (std::exchange(sweeping_to_, target) != target) sweep_at_ = history_.begin();
  std::uint64_t cooled = 0;
  for (; sweep_at_ < history_.end() && history_.at(sweep_at_).main <= target; ++sweep_at_, --most) {
    if (most == 0) return;
    Version& version = history_.at(sweep_at_);
    forget_older(version, target);
    if (version.main == target) continue;
    history_.pop();
    if (!version.is_live() && version.key->newest == &version) {
      forget_key(*version.key);
    } else if (values_.is_half_full()) {
      values_.cool(version);
      cooled += version.value_bytes;
      if (cooled >= few_cooled_bytes || values_.must_wait()) most = 1;
    }
  }
  swept_ = target;
}

void Store::forget_older(Version& version, std::int64_t target) {
  if (version.older == nullptr || version.older->main == target) return;
  Version* older = std::exchange(version.older, nullptr);
  while (older != nullptr) forget(*std::exchange(older, older->older));
}

void Store::forget(Version& version) {
  values_.forget(version);
  slabs_.release(reinterpret_cast<char*>(&version), sizeof version);
}

void Store::forget_key(Key& key) {
  const std::size_t bytes = sizeof key + key.bytes;
  index_.erase(index_.find(key.view()));
  forget(*key.newest);
  slabs_.release(reinterpret_cast<char*>(&key), bytes);
}

void Store::check() const {
  index_.check();
  index_.each({.key = {}, .range_end = {"\0", 1}}, [&](const Key& key) {
    for (const Version* at = key.newest; at != nullptr; at = at->older) {
      ensure(at->key == &key && at->main <= revision_ + (written_ > 0 ? 1 : 0));
      if (at->older == nullptr) continue;
      ensure(at->older->revision() < at->revision());
      const bool was_live = at->older->is_live();
      if (at->is_live()) ensure(at->version == (was_live ? at->older->version + 1 : 1));
      if (at->is_live()) ensure(at->create == (was_live ? at->older->create : at->main));
    }
    return true;
  });
  for (History::Place at = history_.begin() + 1; at < history_.end(); ++at)
    ensure(history_.at(at - 1).revision() < history_.at(at).revision());
}

bool Store::can_cool() const {
  if (values_.can_clean()) return true;
  return values_.is_full() && cool_at_ < history_.end() && values_.has_room();
}

void Store::cool(std::uint64_t most) {
  ensure(written_ == 0);
  if (values_.can_clean()) values_.clean(most);
  cool_at_ = std::max(cool_at_, history_.begin());
  const std::uint64_t enough =
      std::clamp(values_.too_many_bytes() / 4, few_cooled_bytes, most_cooled_bytes);
  std::uint64_t bytes = 0;
  for (; values_.is_full() && cool_at_ < history_.end() && bytes < enough; ++cool_at_) {
    if (most-- == 0) return;
    Version& version = history_.at(cool_at_);
    if (!values_.cool(version)) return;
    bytes += version.value_bytes;
  }
}

std::uint64_t Store::memory_bytes() const {
  const std::uint64_t cold = values_.cold() == nullptr ? 0 : values_.cold()->memory_bytes();
  return slabs_.bytes() + index_.bytes() + (history_.end() - history_.begin()) * sizeof(void*) +
         cold;
}

std::uint64_t Store::memory_bytes_in_use() const {
  return memory_bytes() - slabs_.bytes() + slabs_.bytes_in_use();
}

std::uint64_t Store::bytes() const {
  return memory_bytes() + (values_.cold() == nullptr ? 0 : values_.cold()->bytes());
}

std::uint64_t Store::bytes_in_use() const {
  return memory_bytes_in_use() + (values_.cold() == nullptr ? 0 : values_.cold()->bytes_in_use());
}

const Version* version_at(const Key& key, std::int64_t revision) {
  const Version* version = key.newest;
  while (version != nullptr && version->main > revision) version = version->older;
  return version != nullptr && version->is_live() ? version : nullptr;
}

void kept_of(const Key& key, std::int64_t compacted, std::int64_t revision,
             std::vector<const Version*>& kept) {
  kept.clear();
  for (const Version* at = key.newest; at != nullptr; at = at->older) {
    if (at->main > revision) continue;
    const bool is_past = at->main < compacted;
    const bool is_known = !kept.empty() && kept.back()->main == compacted;
    if (is_past && (is_known || !at->is_live())) return;
    kept.push_back(at);
    if (is_past) return;
  }
}

}  // namespace bowline::kv
