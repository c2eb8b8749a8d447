// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "bowline/base/time.h"

namespace bowline::host {

// When to say again how far something is that takes long. What is over sooner is not worth a word.
class Seldom {
 public:
  explicit Seldom(Duration every) : every_(every) {}

  bool is_due(Time now) {
    if (!since_) since_ = now;
    if (now - *since_ < every_) return false;
    since_ = now;
    return true;
  }

 private:
  Duration every_;
  std::optional<Time> since_;  // it was said; or since it has been asked
};

}  // namespace bowline::host
