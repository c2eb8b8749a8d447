// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "bowline/env/extents.h"
#include "bowline/kv/cold.h"
#include "bowline/kv/slabs.h"
#include "bowline/kv/version.h"

namespace bowline::kv {

// How much memory values may take, and where they go beyond that.
struct ValueMemory {
  std::shared_ptr<env::Extents> extents;  // null: all stay in memory
  std::uint64_t bytes = 0;
  std::size_t least_bytes = 64;  // of a value that may go: smaller ones gain nothing
};

// Where the bytes of values are. New ones are in memory. When there are more than the memory is
// for, the oldest go into extents that a disk may hold (cold.h). A handle is the address in either
// case, so whoever reads need not know.
class Values {
 public:
  Values(Slabs& slabs, const ValueMemory&);
  void trade(Values&);  // they change places; the slabs are traded by their owner

  void keep(Version& version, std::string_view value) {
    keep_hot(version, value);
    hot_bytes_ += value.size();
  }
  // Of a state that is loaded as a whole: into memory until half of it is taken, so that new ones
  // find room.
  void keep_loaded(Version&, std::string_view value);
  void forget(Version&);
  static std::string_view view(const Version& version) {
    return {version.value_at, version.value_bytes};
  }

  // The oldest should go. And: so should any old one that nobody will look at once more.
  bool is_full() const { return cold_ != nullptr && hot_bytes_ > memory_.bytes; }
  bool is_half_full() const { return cold_ != nullptr && hot_bytes_ > memory_.bytes / 2; }
  std::uint64_t too_many_bytes() const { return is_full() ? hot_bytes_ - memory_.bytes : 0; }
  bool must_wait() const;  // others are on their way to the disk
  bool has_room() const;   // for cool()
  // Out of memory, if it is there and may go. No: there is no room at present.
  bool cool(Version&);
  bool can_clean() const { return cold_ != nullptr && cold_->can_clean(); }
  void clean(std::uint64_t most) { cold_->clean(most); }
  // It will be read soon, from wherever it is. Can it be without waiting for a disk? If not it is
  // fetched: ask again.
  bool want(const Version&) const;

  const ValueMemory& memory() const { return memory_; }
  const Cold* cold() const { return cold_.get(); }
  std::uint64_t hot_bytes() const { return hot_bytes_; }

 private:
  void keep_hot(Version&, std::string_view value);
  bool is_cold(const Version& version) const {
    return cold_ != nullptr && cold_->holds(version.value_at);
  }
  bool may_go(std::size_t bytes) const {
    return bytes >= memory_.least_bytes && bytes <= cold_->most_bytes();
  }

  Slabs& slabs_;
  ValueMemory memory_;
  std::unique_ptr<Cold> cold_;
  std::uint64_t hot_bytes_ = 0;  // of values in slabs
};

}  // namespace bowline::kv
