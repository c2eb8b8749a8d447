// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "examples/kv/clerk.h"

namespace bowline::examples::kv {

// A lock in the map: a key that holds the name of its holder, or nothing. It does not expire; that
// its holder may be gone is for people to know.
class Lock {
 public:
  // `holder` must be nobody else's name.
  Lock(Clerk& clerk, std::string key, std::string holder)
      : clerk_(clerk), key_(std::move(key)), holder_(std::move(holder)) {}

  bool acquire();  // false: the clerk had no patience
  bool release();

 private:
  Clerk& clerk_;
  std::string key_;
  std::string holder_;
};

}  // namespace bowline::examples::kv
