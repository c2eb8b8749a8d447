// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bowline::check {

enum class Ruling : std::uint8_t {
  linearizable,
  not_linearizable,
  unknown,  // the budget was not enough. Nothing was shown: treat it as a failure
};

struct Verdict {
  Ruling ruling = Ruling::linearizable;
  std::string why;                    // for people, some lines; empty: there is nothing to say
  std::vector<std::size_t> at_fault;  // numbers of operations in the history
  std::uint64_t steps = 0;

  bool good() const { return ruling == Ruling::linearizable; }
};

}  // namespace bowline::check
