// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/log_lines.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <tuple>

namespace bowline::apps {
namespace {

using Field = std::pair<std::string, std::string>;

// Takes one line apart, from left to right.
class Cutter {
 public:
  explicit Cutter(std::string_view text) : rest_(text) {}

  std::optional<std::vector<Field>> logfmt() {
    std::vector<Field> fields;
    while (skip(' '), !rest_.empty()) {
      const std::size_t equals = rest_.find_first_of("= ");
      if (equals == std::string_view::npos || rest_[equals] != '=') return std::nullopt;
      std::string name(rest_.substr(0, equals));
      rest_.remove_prefix(equals + 1);
      std::optional<std::string> value = rest_.starts_with('"') ? quoted() : upto(" ");
      if (!value) return std::nullopt;
      fields.emplace_back(std::move(name), *std::move(value));
    }
    return fields;
  }

  std::optional<std::vector<Field>> json() {
    std::vector<Field> fields;
    if (!take('{')) return std::nullopt;
    while (!take('}')) {
      if (!fields.empty() && !take(',')) return std::nullopt;
      std::optional<std::string> name = quoted();
      if (!name || !take(':')) return std::nullopt;
      skip(' ');
      std::optional<std::string> value = rest_.starts_with('"') ? quoted() : upto(",} ");
      if (!value) return std::nullopt;
      fields.emplace_back(*std::move(name), *std::move(value));
    }
    return fields;
  }

 private:
  void skip(char c) {
    while (rest_.starts_with(c)) rest_.remove_prefix(1);
  }
  bool take(char c) {
    skip(' ');
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  std::optional<std::string> upto(std::string_view ends) {
    const std::size_t end = std::min(rest_.find_first_of(ends), rest_.size());
    std::string value(rest_.substr(0, end));
    rest_.remove_prefix(end);
    return value;
  }
  // What stands for a byte that is no letter stays as it is: it goes to a terminal.
  std::optional<std::string> quoted() {
    if (!take('"')) return std::nullopt;
    std::string value;
    while (!rest_.empty() && rest_.front() != '"') {
      const bool escaped =
          rest_.size() > 1 && rest_[0] == '\\' && (rest_[1] == '"' || rest_[1] == '\\');
      value += rest_[escaped ? 1 : 0];
      rest_.remove_prefix(escaped ? 2 : 1);
    }
    if (!take('"')) return std::nullopt;
    return value;
  }

  std::string_view rest_;
};

bool to_number(const std::string& text, std::uint64_t& number) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stopped == end;
}

}  // namespace

std::optional<LogLine> log_line(std::string_view text) {
  Cutter cutter(text);
  std::optional<std::vector<Field>> fields =
      text.starts_with('{') ? cutter.json() : cutter.logfmt();
  if (!fields) return std::nullopt;
  LogLine line;
  for (auto& [name, value] : *fields) {
    if (name == "time") {
      line.time = std::move(value);
    } else if (name == "level") {
      line.level = std::move(value);
    } else if (name == "topic") {
      line.topic = std::move(value);
    } else if (name == "what") {
      line.what = std::move(value);
    } else if (name == "node" || name == "group") {
      if (!to_number(value, name == "node" ? line.node : line.group)) return std::nullopt;
    } else {
      line.more.emplace_back(std::move(name), std::move(value));
    }
  }
  const bool whole = !line.time.empty() && line.node != 0 && !line.topic.empty();
  return whole ? std::optional(std::move(line)) : std::nullopt;
}

LogLines merge(const std::vector<std::string>& files) {
  LogLines all;
  for (const std::string& file : files) {
    std::string_view rest = file;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      const std::string_view text = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (text.empty()) continue;
      if (std::optional<LogLine> line = log_line(text)) {
        all.lines.push_back(*std::move(line));
      } else {
        ++all.others;
      }
    }
  }
  for (std::size_t i = 0; i < all.lines.size(); ++i) all.lines[i].place = i;
  std::ranges::sort(all.lines, {},
                    [](const LogLine& line) { return std::tie(line.time, line.place); });
  return all;
}

}  // namespace bowline::apps
