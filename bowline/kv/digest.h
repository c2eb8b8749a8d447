// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "bowline/kv/store.h"

namespace bowline::kv {

// A sum over all that a store holds as of one revision: every write that is not compacted up to
// there, and what was there at the compacted revision. Replicas with the same compacted revision
// have the same sum, whatever they have forgotten already. It is worked out in slices, while
// commands go on.
class Digest {
 public:
  // From compacted() to revision() of the store.
  Digest(const Store&, std::int64_t revision);

  // So many keys more. False: the state was replaced meanwhile, and there will be no sum.
  bool step(std::uint64_t most);             // not after sum() has one
  std::optional<std::uint32_t> sum() const;  // when all keys were seen
  std::int64_t revision() const { return revision_; }
  std::int64_t compacted() const { return compacted_; }

 private:
  void add(const Key&);

  const Store& store_;
  std::int64_t revision_;
  std::int64_t compacted_;
  Pin pin_;
  std::string from_;  // the first key that was not seen
  bool is_done_ = false;
  std::uint32_t sum_ = 0;
  std::string record_;
  std::vector<const Version*> kept_;
};

}  // namespace bowline::kv
