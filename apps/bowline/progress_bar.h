// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace bowline::apps {

// On the terminal, for work that takes long; where nobody looks, nothing.
class ProgressBar {
 public:
  explicit ProgressBar(std::string what);
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;
  void show(double part, const std::string& note);  // of 1
  void show_bytes(std::uint64_t done, std::uint64_t all);
  void clear();

 private:
  std::string what_;
  bool is_seen_;
  std::string shown_;
};

}  // namespace bowline::apps
