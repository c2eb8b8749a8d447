// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/margins.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace bowline::sim {

void Margins::note(const std::string& what, double value, double limit, const std::string& unit) {
  Margin& margin = margins_[what];
  margin.most = std::max(margin.most, value);
  margin.sum += value;
  margin.limit = limit;
  margin.unit = unit;
  ++margin.count;
}

std::string Margins::table() const {
  if (margins_.empty()) return {};
  std::array<char, 200> line{};
  std::snprintf(line.data(), line.size(), "\n| %-66s | %9s | %9s | %9s | %6s |\n", "margin", "mean",
                "most", "allowed", "times");
  std::string text = line.data();
  text += "|:---|---:|---:|---:|---:|\n";
  for (const auto& [what, margin] : margins_) {
    const std::string name = what + ", " + margin.unit;
    std::snprintf(line.data(), line.size(), "| %-66s | %9.1f | %9.6g | %9.6g | %6zu |\n",
                  name.c_str(), margin.sum / static_cast<double>(margin.count), margin.most,
                  margin.limit, margin.count);
    text += line.data();
  }
  return text + "\n";
}

}  // namespace bowline::sim
