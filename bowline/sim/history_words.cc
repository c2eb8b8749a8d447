// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/history_words.h"

#include <algorithm>

namespace bowline::sim {
namespace {

constexpr std::array<std::string_view, shapes> shape_names{"halves", "isolated", "bridge", "ring",
                                                           "chain",  "star",     "edges"};
constexpr std::array<std::string_view, 7> part_names{"plan",     "link", "disk", "courier",
                                                     "transfer", "node", "calm"};
constexpr std::size_t decimals = 9;  // of a second: nanoseconds
constexpr std::int64_t nanoseconds = 1'000'000'000;

template <class Kind>
bool read_name(std::string_view word, std::size_t count, Kind& kind) {
  for (std::size_t i = 0; i < count; ++i) {
    if (name(static_cast<Kind>(i)) != word) continue;
    kind = static_cast<Kind>(i);
    return true;
  }
  return false;
}

}  // namespace

std::string_view name(Shape shape) { return shape_names[static_cast<std::size_t>(shape)]; }
std::string_view name(Part part) { return part_names[static_cast<std::size_t>(part)]; }

std::string word(Duration duration) {
  const std::int64_t count = duration.count();
  std::string text = std::to_string(count / nanoseconds);
  if (count < 0 && count > -nanoseconds) text = "-0";
  const std::int64_t rest = count % nanoseconds;
  if (rest == 0) return text;
  std::string digits = std::to_string(rest < 0 ? -rest : rest);
  digits.insert(0, decimals - digits.size(), '0');
  digits.erase(digits.find_last_not_of('0') + 1);
  return text + "." + digits;
}

bool read(std::string_view word, Duration& duration) {
  const std::size_t point = std::min(word.find('.'), word.size());
  std::uint32_t whole = 0;
  if (!read(word.substr(0, point), whole)) return false;
  duration = Duration(std::int64_t{whole} * nanoseconds);
  if (point == word.size()) return true;
  std::string digits(word.substr(point + 1));
  if (digits.empty() || digits.size() > decimals) return false;
  digits.append(decimals - digits.size(), '0');
  std::uint32_t rest = 0;
  if (!read(std::string_view(digits), rest)) return false;
  duration += Duration(rest);
  return true;
}

bool read(std::string_view word, Trouble& trouble) { return read_name(word, troubles, trouble); }
bool read(std::string_view word, Act& act) { return read_name(word, acts, act); }
bool read(std::string_view word, Shape& shape) { return read_name(word, shapes, shape); }
bool read(std::string_view word, Part& part) { return read_name(word, part_names.size(), part); }

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> words;
  for (std::size_t begin = 0; begin < line.size();) {
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    if (end > begin) words.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace bowline::sim
