// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "bowline/kv/store.h"

namespace bowline::kv {

// Builds a store from the keys and versions of a snapshot, in its order. Each call says no to what
// no store could have; then the store is of no use.
class StoreLoader {
 public:
  explicit StoreLoader(Store& store) : store_(store) {}

  bool begin(std::int64_t revision, std::int64_t compacted);
  bool key(std::string_view key);
  struct Fields {
    std::int64_t main = 0;
    std::uint64_t sub = 0;
    std::int64_t create = 0;
    std::int64_t version = 0;
    LeaseId lease = 0;
    std::string_view value;
  };
  bool version(const Fields&);
  bool finish();

  std::uint64_t keys() const { return keys_; }
  std::uint64_t versions() const { return versions_; }

 private:
  struct Placed {
    Revision revision;
    Version* version = nullptr;
  };
  bool end_key();
  bool is_possible(const Fields&) const;

  Store& store_;
  Key* key_ = nullptr;
  std::uint64_t keys_ = 0;
  std::uint64_t versions_ = 0;
  std::vector<Placed> recent_;
};

}  // namespace bowline::kv
