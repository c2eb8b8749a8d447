// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/kv/codec.h"
#include "bowline/kv/snapshot.h"
#include "bowline/kv/snapshot_record.h"
#include "bowline/kv/store_loader.h"

namespace bowline::kv {
namespace {

std::unexpected<Error> corrupt(std::string what) {
  return std::unexpected(Error{Fault::corrupt, std::move(what)});
}

bool load_head(State& state, StoreLoader& loader, Cursor& in) {
  if (in.varint() != snapshot_format) return false;
  const std::int64_t revision = take_signed(in);
  const std::int64_t compacted = take_signed(in);
  state.leases.load_granted(in.varint());
  return loader.begin(revision, compacted);
}

bool load_lease(State& state, Cursor& in) {
  const LeaseId id = take_signed(in);
  const std::uint64_t tenure = in.varint();
  const std::int64_t ttl = take_signed(in);
  const std::int64_t left = take_signed(in);
  return in.good() && state.leases.load(id, tenure, ttl, left);
}

bool load_alarm(State& state, Cursor& in) {
  const std::uint64_t member = in.varint();
  const auto kind = static_cast<Alarm::Kind>(in.u8_below(3));
  return kind != Alarm::Kind::none && state.alarms.insert({member, kind}).second;
}

bool load_version(StoreLoader& loader, Cursor& in) {
  StoreLoader::Fields fields;
  fields.main = take_signed(in);
  fields.sub = in.varint();
  fields.create = take_signed(in);
  fields.version = take_signed(in);
  fields.lease = take_signed(in);
  fields.value = take_bytes(in);
  return in.good() && loader.version(fields);
}

bool load_end(State& state, StoreLoader& loader, Cursor& in) {
  const std::uint64_t keys = in.varint();
  const std::uint64_t versions = in.varint();
  if (keys != loader.keys() || versions != loader.versions() || !loader.finish()) return false;
  bool is_good = true;
  state.store.each({.key = {}, .range_end = {"\0", 1}}, [&](const Version& version) {
    if (version.lease == 0) return true;
    if (state.leases.find(version.lease) == nullptr) return is_good = false;
    state.leases.attach(version.lease, *version.key);
    return true;
  });
  return is_good;
}

}  // namespace

SnapshotLoader::SnapshotLoader(const ValueMemory& memory)
    : state_(std::make_unique<State>(memory)),
      loader_(std::make_unique<StoreLoader>(state_->store)) {}
SnapshotLoader::~SnapshotLoader() = default;

Result<void> SnapshotLoader::add(std::string_view bytes) {
  gathered_ += bytes;
  std::string_view rest = gathered_;
  while (rest.size() >= block_head_bytes) {
    const auto size = load<std::uint32_t>(&rest[0]);
    if (rest.size() - block_head_bytes < size) break;
    const std::string_view block = rest.substr(block_head_bytes, size);
    if (crc32c(block) != load<std::uint32_t>(&rest[4]))
      return corrupt("a block of the map's snapshot is damaged");
    if (Result<void> taken = take_block(block); !taken) return taken;
    rest.remove_prefix(block_head_bytes + size);
  }
  gathered_.erase(0, gathered_.size() - rest.size());
  return {};
}

Result<void> SnapshotLoader::take_block(std::string_view block) {
  Cursor in(block);
  while (!in.at_end()) {
    const auto record = static_cast<Record>(in.u8_below(records));
    const bool was_begun = std::exchange(is_begun_, true);
    bool is_good = in.good() && !is_over_ && was_begun == (record != Record::head);
    if (!is_good) return corrupt("the map's snapshot has a record out of place");
    switch (record) {
      case Record::head: is_good = load_head(*state_, *loader_, in); break;
      case Record::lease: is_good = load_lease(*state_, in); break;
      case Record::alarm: is_good = load_alarm(*state_, in); break;
      case Record::key: is_good = loader_->key(take_bytes(in)); break;
      case Record::version: is_good = load_version(*loader_, in); break;
      case Record::end:
        is_good = load_end(*state_, *loader_, in);
        is_over_ = true;
        break;
    }
    if (!is_good || !in.good())
      return corrupt("the map's snapshot has a record that makes no sense");
  }
  return {};
}

Result<void> SnapshotLoader::finish() {
  if (!is_over_ || !gathered_.empty()) return corrupt("the map's snapshot ends too early");
  return {};
}

}  // namespace bowline::kv
