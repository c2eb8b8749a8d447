// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bowline/log_lines.h"

namespace bowline::apps {

struct LogView {
  std::vector<std::string> topics;    // only these; none: all
  std::vector<std::uint64_t> groups;  // only these, and what is of a node; none: all
  std::size_t width = 100;            // of the whole
  bool colour = false;                // by topic
};

// A column for each node, and time goes down.
std::string lay_out(const std::vector<LogLine>&, const LogView&);

class LogViewVerb {
 public:
  explicit LogViewVerb(CLI::App&);
  bool parsed() const { return verb_->parsed(); }
  int run();

 private:
  CLI::App* verb_;
  std::vector<std::string> files_;
  LogView view_;
  std::string colour_ = "auto";
  CLI::Option* width_;
};

}  // namespace bowline::apps
