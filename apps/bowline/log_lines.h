// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bowline::apps {

// A line of a node's journal, in either of its two forms.
struct LogLine {
  std::string time;  // as it was written; all of one length, so that they sort
  std::uint64_t node = 0;
  std::string level, topic, what;
  std::uint64_t group = 0;  // 0: of the node
  std::vector<std::pair<std::string, std::string>> more;
  std::size_t place = 0;  // among all that were read
};

// None: it is no such line. Bytes of anybody's making.
std::optional<LogLine> log_line(std::string_view text);

// Those of many files by time, and those of one time in the order in which they came. What is no
// line is left out, and counted.
struct LogLines {
  std::vector<LogLine> lines;
  std::uint64_t others = 0;
};
LogLines merge(const std::vector<std::string>& files);

}  // namespace bowline::apps
