// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <string>

namespace bowline::sim {

// How near a group came to what it is allowed, over all seeds.
class Margins {
 public:
  void note(const std::string& what, double value, double limit, const std::string& unit);
  std::string table() const;  // empty if nothing was noted

 private:
  struct Margin {
    double most = 0;
    double sum = 0;
    double limit = 0;
    std::string unit;
    std::size_t count = 0;
  };
  std::map<std::string, Margin> margins_;
};

}  // namespace bowline::sim
