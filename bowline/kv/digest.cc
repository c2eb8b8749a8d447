// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/digest.h"

#include <vector>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"
#include "bowline/kv/codec.h"

namespace bowline::kv {

Digest::Digest(const Store& store, std::int64_t revision)
    : store_(store),
      revision_(revision),
      compacted_(store.compacted()),
      pin_(store.pin(store.compacted())) {
  ensure(revision >= compacted_ && revision <= store.revision());
}

bool Digest::step(std::uint64_t most) {
  if (!pin_.holds()) return false;
  bool is_all = true;
  store_.each_key({.key = from_, .range_end = {"\0", 1}}, [&](const Key& key) {
    if (most-- == 0) {
      from_ = key.view();
      return is_all = false;
    }
    add(key);
    return true;
  });
  is_done_ = is_all;
  return true;
}

std::optional<std::uint32_t> Digest::sum() const {
  return is_done_ ? std::optional(sum_) : std::nullopt;
}

void Digest::add(const Key& key) {
  kept_of(key, compacted_, revision_, kept_);
  for (const Version* const version : kept_) {
    record_.clear();
    put_bytes(record_, key.view());
    for (const std::int64_t number : {version->main, std::int64_t{version->sub}, version->create,
                                      version->version, version->lease})
      put_signed(record_, number);
    sum_ = crc32c(Values::view(*version), crc32c(record_, sum_));
  }
}

}  // namespace bowline::kv
