// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/hash.h"

#include <string>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"

namespace bowline::etcd {
namespace {

constexpr std::string_view all_keys("\0", 1);

// A sum that each record is added to, one after the other.
class Sum {
 public:
  void add(const kv::Item& item, std::int64_t sub, bool erased) {
    record_.clear();
    put(record_, value_);
    for (const std::int64_t number :
         {item.mod_revision, sub, item.create_revision, item.version, item.lease})
      put(record_, static_cast<std::uint64_t>(number));
    put(record_, static_cast<std::uint8_t>(erased));
    put(record_, static_cast<std::uint64_t>(item.key.size()));
    record_ += item.key;
    record_ += item.value;
    value_ = crc32c(record_);
  }
  std::uint32_t value() const { return value_; }

 private:
  std::string record_;
  std::uint32_t value_ = 0;
};

}  // namespace

std::expected<HashOfPast, Wrong> hash_of(const kv::Store& store, std::int64_t revision) {
  const std::int64_t through = revision > 0 ? revision : store.revision();
  if (through > store.revision()) return std::unexpected(Wrong::future_revision);
  if (through < store.compacted()) return std::unexpected(Wrong::compacted);
  Sum sum;
  // What was visible when it was compacted is there whether or not the sweep has come that far.
  if (store.compacted() > 0) {
    const auto visible = store.range({.keys = {all_keys, all_keys}, .revision = store.compacted()});
    if (!visible) return std::unexpected(Wrong::compacted);
    for (const kv::Item& item : visible->items) sum.add(item, 0, false);
  }
  const kv::History& past = store.history();
  for (auto at = past.find(store.compacted() + 1); at != past.end(); ++at) {
    const kv::Version& version = past.at(at);
    if (version.main > through) break;
    sum.add(store.item(version), version.sub, !version.is_live());
  }
  return HashOfPast{sum.value(), through};
}

}  // namespace bowline::etcd
