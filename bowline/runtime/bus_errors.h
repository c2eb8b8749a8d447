// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>

namespace bowline::runtime {

// As long as this lives, whoever reads here what the disk does not give ends the process with a
// sentence, and not with the name of a signal. A few at once.
class BusErrors {
 public:
  BusErrors(const char* begin, std::size_t bytes);
  ~BusErrors();
  BusErrors(const BusErrors&) = delete;
  BusErrors& operator=(const BusErrors&) = delete;

 private:
  std::size_t place_;
};

}  // namespace bowline::runtime
