// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/history_file.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "bowline/sim/history_words.h"
#include "bowline/sim/mutants.h"
#include "bowline/sim/plan_fields.h"

namespace bowline::sim {
namespace {

struct Writer {
  std::string& out;
  template <class Value>
  void operator()(const char* key, const Value& value) const {
    out += std::string(" ") + key + "=" + word(value);
  }
};

template <class Number>
void write_list(const char* title, const std::vector<Number>& numbers, std::string& out) {
  out += title;
  for (const Number number : numbers) out += " " + std::to_string(number);
  out += "\n";
}

std::string one_line(std::string_view text) {
  std::string line(text);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return line;
}

std::string in_hex(std::uint64_t value) {
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value));
  return digits.data();
}

std::string joined(std::string words) {
  std::ranges::replace(words, ' ', '_');
  return words;
}

std::string head_of(const Recorded& history) {
  std::string out = "bowline history 1\nseed " + std::to_string(history.plan.seed) + "\n";
  if (history.bug != Bug::none) out += "bug " + number_of(history.bug) + "\n";
  if (!history.breaks.invariant.empty())
    out += "breaks " + history.breaks.invariant + " " + one_line(history.breaks.what) + "\n";
  if (history.hash != 0) out += "hash " + in_hex(history.hash) + "\n";
  return out;
}

void write_strand(const Strand& strand, const std::vector<std::uint64_t>& draws, std::string& out) {
  std::size_t end = draws.size();
  while (end > 0 && draws[end - 1] == 0) --end;  // what is missing is calm anyway
  if (end == 0) return;
  const int offset = strand.stream.part == Part::link ? 1 : 0;  // in the file nodes count from 1
  out += "draws " + word(strand.stream.part) + " " + std::to_string(strand.stream.a + offset) +
         " " + std::to_string(strand.stream.b + offset) + " " + joined(strand.what) + " =";
  for (std::size_t i = 0; i < end;) {
    std::size_t calm = 0;
    while (draws[i + calm] == 0) ++calm;
    out += calm == 0 ? " " + std::to_string(draws[i]) : " 0*" + std::to_string(calm);
    i += calm == 0 ? 1 : calm;
  }
  out += "\n";
}

}  // namespace

std::string text(const Recording& recording) {
  std::string out;
  for (const auto& [strand, draws] : recording) write_strand(strand, draws, out);
  return out;
}

std::string text(const Recorded& history) {
  const Plan& plan = history.plan;
  std::string out = head_of(history);
  const Writer writer{out};
  out += "shape";
  visit_shape(writer, plan);
  out += "\n";
  write_list("priorities", plan.priorities, out);
  write_list("clocks", plan.clock_permille, out);
  out += "options";
  visit_options(writer, plan.options);
  out += "\nclimate";
  visit_climate(writer, plan.climate);
  out += "\n";
  for (const Episode& episode : plan.episodes) {
    out += "trouble";
    visit_episode(writer, episode);
    out += "\n";
  }
  for (const Operation& operation : plan.operations) {
    out += "operation";
    visit_operation(writer, operation);
    out += "\n";
  }
  if (history.draws) out += "drawn\n" + text(*history.draws);
  return out + "end\n";
}

}  // namespace bowline::sim
