// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "bowline/env/env.h"

namespace bowline::host {

// What somebody has to put right, told to whoever can. Most of it happens again with each try of
// somebody else, who may mean harm: so each is told once a minute, and no more than so many.
class Complaints {
 public:
  static constexpr std::size_t most = 128;  // different ones, in a minute

  using Told = std::move_only_function<void(const std::string& who, const std::string& why)>;
  Complaints(const env::Clock& clock, Told told) : clock_(clock), told_(std::move(told)) {}

  // `who` may be an address: another port of the same host is no other one.
  void tell(const std::string& who, const std::string& why);

 private:
  const env::Clock& clock_;
  Told told_;
  std::map<std::string, Time> last_;  // when each was told
};

}  // namespace bowline::host
