// SPDX-License-Identifier: Apache-2.0
#include "bowline/check/describe.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace bowline::check {
namespace {

constexpr std::array<std::string_view, verbs> verb_words = {"get", "put", "put_at", "append",
                                                            "remove"};

// The end of a value tells more than its beginning: that is where the last append is.
std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 48;
  std::string words(text.substr(text.size() > most ? text.size() - most : 0));
  std::ranges::replace_if(words, [](char c) { return c < ' ' || c > '~'; }, '?');
  return (text.size() > most ? "...\"" : "\"") + words + "\"";
}

std::string describe(const Answer& answer, Verb verb) {
  const std::string version = "version " + std::to_string(answer.version);
  if (answer.kind == Answer::Kind::absent) return "absent";
  if (answer.kind == Answer::Kind::mismatch) return "mismatch, " + version;
  return verb == Verb::get ? in_quotes(answer.value) + " " + version : version;
}

std::string outcome(const Operation& operation) {
  if (operation.fate == Fate::refused) return "refused";
  if (operation.fate == Fate::unknown) return "unknown";
  return operation.answer ? describe(*operation.answer, operation.verb) : "done";
}

}  // namespace

std::string describe(const Operation& operation, std::size_t number) {
  std::string words =
      "#" + std::to_string(number) + " client " + std::to_string(operation.client) + ": ";
  words += verb_words.at(static_cast<std::size_t>(operation.verb));
  words += " " + operation.key;
  if (operation.verb == Verb::put_at) words += " at version " + std::to_string(operation.version);
  if (operation.verb != Verb::get && operation.verb != Verb::remove)
    words += " " + in_quotes(operation.value);
  words += " -> " + outcome(operation) + " [" + std::to_string(operation.called) + ", ";
  words += operation.fate == Fate::done ? std::to_string(operation.ended) + "]" : "...";
  for (std::size_t i = 0; i < operation.places.size(); ++i)
    words += (i == 0 ? " at " : " and ") + std::to_string(operation.places[i]);
  return words;
}

std::string describe(const Cell& cell) {
  const std::string version = "version " + std::to_string(cell.version);
  return cell.there ? in_quotes(cell.value) + " " + version : "absent, last " + version;
}

std::string describe(Ruling ruling) {
  if (ruling == Ruling::linearizable) return "linearizable";
  return ruling == Ruling::unknown ? "unknown" : "not linearizable";
}

}  // namespace bowline::check
