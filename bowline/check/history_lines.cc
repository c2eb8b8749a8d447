// SPDX-License-Identifier: Apache-2.0
#include "bowline/check/history_lines.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <string>

#include "bowline/base/ensure.h"

namespace bowline::check {
namespace {

constexpr std::array<std::string_view, verbs> verb_words = {"get", "put", "put_at", "append",
                                                            "remove"};

std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  ensure(error == std::errc{} && end == digits.data() + digits.size());
  return value;
}

std::string word(std::istringstream& words) {
  std::string next;
  ensure(static_cast<bool>(words >> next));
  return next;
}

void set_outcome(Operation& operation, const std::string& outcome) {
  const std::size_t colon = outcome.find(':');
  const std::string before = outcome.substr(0, colon);
  if (outcome == "?") {
    operation.fate = Fate::unknown;
  } else if (outcome == "refused") {
    operation.fate = Fate::refused;
  } else if (outcome == "absent") {
    operation.answer = Answer{.kind = Answer::Kind::absent};
  } else if (before == "mismatch") {
    operation.answer =
        Answer{.kind = Answer::Kind::mismatch, .version = number(outcome.substr(colon + 1))};
  } else if (colon != std::string::npos) {
    operation.answer = Answer{.version = number(outcome.substr(colon + 1)), .value = before};
  } else if (outcome != "done") {
    operation.answer = Answer{.version = number(outcome)};
  }
}

Operation operation_of(const std::string& line) {
  std::istringstream words(line);
  Operation operation;
  operation.client = number(word(words));
  const auto* const verb = std::ranges::find(verb_words, word(words));
  ensure(verb != verb_words.end());
  operation.verb = static_cast<Verb>(verb - verb_words.begin());
  operation.key = word(words);
  if (operation.verb == Verb::put_at) operation.version = number(word(words));
  if (operation.verb != Verb::get && operation.verb != Verb::remove) operation.value = word(words);
  ensure(word(words) == "=");
  set_outcome(operation, word(words));
  const std::string times = word(words);
  const std::size_t dash = times.find('-');
  operation.called = number(times.substr(0, dash));
  if (dash + 1 < times.size()) operation.ended = number(times.substr(dash + 1));
  for (std::string place; words >> place;) operation.places.push_back(number(place.substr(1)));
  return operation;
}

}  // namespace

History history_of(std::string_view lines) {
  History history;
  std::istringstream stream{std::string(lines)};
  for (std::string line; std::getline(stream, line);)
    if (line.find_first_not_of(' ') != std::string::npos) history.push_back(operation_of(line));
  return history;
}

}  // namespace bowline::check
