// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "bowline/base/time.h"

namespace bowline::session {

// Says when whoever leads should propose a tick, and which. The time of the sessions is nobody's
// clock: it goes on by what passes while somebody leads, by the clock of that node. So it does not
// matter what two clocks show, and nobody's session ends because there was no leader.
class Ticker {
 public:
  explicit Ticker(Duration every) : every_(every) {}

  // We lead from now on, and this is the time of the table.
  void begin(std::uint64_t table_ms, Time now);
  // An envelope, if it is time for one.
  std::optional<std::string> due(Time now);

 private:
  Duration every_;
  std::uint64_t from_ms_ = 0;
  Time since_;
  Time last_;
};

}  // namespace bowline::session
