// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/kv/store.h"

namespace bowline::etcd {

// All writes that a store kept when this was made, in the order in which they were made: in slices,
// while commands go on. What is older than the last compaction is found by key only, so all keys
// are gone through for the oldest `most_gathered` of it, then for those that follow, and so on:
// that bounds the memory.
class Chronicle {
 public:
  explicit Chronicle(const kv::Store&, std::size_t most_gathered = std::size_t{1} << 19U);

  // About so many keys and writes more; `visit` is given the writes, until it says no. No: the
  // state was replaced, or that was all.
  template <class Visit>  // bool Visit(const kv::Version&)
  bool step(std::uint64_t most, Visit visit) {
    while (most > 0 && holds() && !is_over_) {
      const kv::Version* const next = look(most);
      if (next != nullptr && !visit(*next)) break;
    }
    return holds() && !is_over_;
  }
  void rewind();

  bool holds() const { return pin_.holds(); }
  bool is_over() const { return is_over_; }
  std::int64_t revision() const { return revision_; }
  std::int64_t compacted() const { return compacted_; }

 private:
  enum class Phase : std::uint8_t { gathering, sorting, telling, recent };
  struct Old {
    kv::Revision at;
    const kv::Version* version = nullptr;
    friend bool operator<(const Old& a, const Old& b) { return a.at < b.at; }
  };

  const kv::Version* look(std::uint64_t& most);
  void gather(std::uint64_t& most);
  void gather(const kv::Key&);
  void sort(std::uint64_t& most);
  const kv::Version* tell();
  const kv::Version* tell_recent();

  const kv::Store& store_;
  std::size_t most_gathered_;
  std::int64_t revision_;
  std::int64_t compacted_;
  kv::Pin pin_;
  Phase phase_ = Phase::gathering;
  std::string from_;           // the first key that was not seen
  kv::Revision after_{-1, 0};  // of the old ones, those before it were told
  std::vector<Old> old_;       // the greatest first while they are gathered, as a heap
  bool is_part_ = false;       // there are more
  bool is_first_ = true;       // of the parts
  std::size_t at_ = 0;         // sorted, from the end; or told
  kv::History::Place recent_ = 0;
  bool is_over_ = false;
};

}  // namespace bowline::etcd
