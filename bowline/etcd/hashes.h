// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <expected>
#include <memory>

#include "bowline/env/life.h"
#include "bowline/etcd/errors.h"
#include "bowline/etcd/here.h"
#include "bowline/kv/digest.h"

namespace bowline::etcd {

struct HashOfPast {
  std::uint32_t hash = 0;
  std::int64_t revision = 0;  // through which it goes
  std::int64_t compacted = 0;
};

// Sums over what the store remembers, from what is compacted on. Members that were told the same
// compaction come to the same; it is none that etcd would come to. One after the other, and a slice
// in each turn of the loop.
class Hashes {
 public:
  using Told = env::Done<std::expected<HashOfPast, Wrong>>;

  explicit Hashes(Here& here) : here_(here) {}
  Hashes(const Hashes&) = delete;
  Hashes& operator=(const Hashes&) = delete;

  void ask(std::int64_t revision, Told);  // through that one; 0: all

  static constexpr std::size_t most_waiting = 100;

 private:
  struct Asked {
    std::int64_t revision = 0;
    Told told;
  };

  void begin();
  void work();
  void answer(std::expected<HashOfPast, Wrong>);

  Here& here_;
  std::deque<Asked> asked_;  // the first is under way
  std::unique_ptr<kv::Digest> digest_;
  env::Life life_;
};

}  // namespace bowline::etcd
