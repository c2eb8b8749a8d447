// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

#include "bowline/base/prng.h"
#include "bowline/kv/command.h"
#include "bowline/kv/watches.h"

namespace bowline::kv {

// Requests for tests: few keys, some of them odd, so that everything meets everything. What they
// view lives for ever.
class RandomRequests {
 public:
  explicit RandomRequests(std::uint64_t seed) : prng_(seed) {}

  // As if the map were at this revision and this were compacted.
  void now_at(std::int64_t revision, std::int64_t compacted) {
    revision_ = revision;
    compacted_ = compacted;
  }
  Command command(std::uint64_t term);
  Range range();
  WatchRequest watch();
  Interval interval();
  Prng& prng() { return prng_; }

 private:
  std::string_view key();
  std::string_view value();
  LeaseId lease();
  std::int64_t revision();
  Put put();
  DeleteRange erase();
  Compare compare();
  Txn txn(std::uint32_t depth);
  void ask_for_what_it_wrote(Txn&);
  Op op(std::uint32_t depth);
  AlarmChange alarm();

  Prng prng_;
  std::int64_t revision_ = first_revision;
  std::int64_t compacted_ = -1;
};

}  // namespace bowline::kv
