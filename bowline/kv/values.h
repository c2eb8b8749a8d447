// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "bowline/kv/slabs.h"
#include "bowline/kv/version.h"

namespace bowline::kv {

// Where the bytes of values are. Nobody else reads a handle of one: a cold part, on a disk and in
// the order of revisions, would be added here and nowhere else.
class Values {
 public:
  explicit Values(Slabs& slabs) : slabs_(slabs) {}

  void keep(Version&, std::string_view value);
  void forget(Version&);
  static std::string_view view(const Version& version) {
    return {version.value_at, version.value_bytes};
  }

 private:
  Slabs& slabs_;
};

}  // namespace bowline::kv
