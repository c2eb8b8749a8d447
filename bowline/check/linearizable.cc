// SPDX-License-Identifier: Apache-2.0
#include "bowline/check/linearizable.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bowline/check/describe.h"
#include "bowline/check/search.h"

namespace bowline::check {
namespace {

using Numbers = std::vector<std::size_t>;

// What never happened is not looked for, nor what nobody can have noticed.
bool matters(const Operation& operation) {
  return operation.fate == Fate::done ||
         (operation.fate == Fate::unknown && operation.verb != Verb::get);
}

// The operations of one key, as they stood at a moment.
struct Prefix {
  Numbers numbers;  // in the whole history
  History operations;
};

Prefix prefix(const History& history, const Numbers& key, std::uint64_t until) {
  Prefix prefix;
  for (const std::size_t number : key) {
    Operation operation = history[number];
    if (operation.called > until) continue;
    if (operation.fate == Fate::done && operation.ended > until) operation.fate = Fate::unknown;
    if (!matters(operation)) continue;
    prefix.numbers.push_back(number);
    prefix.operations.push_back(std::move(operation));
  }
  return prefix;
}

Search search_of(const History& operations) {
  std::vector<const Operation*> pointers;
  pointers.reserve(operations.size());
  for (const Operation& operation : operations) pointers.push_back(&operation);
  return Search(std::move(pointers));
}

// The ends of a key, by time. A history stays linearizable when its last moments are left out, so
// the first end at which it fails can be found by halves.
std::uint64_t first_failing_end(const History& history, const Numbers& key, std::uint64_t& budget) {
  std::vector<std::uint64_t> ends;
  for (const std::size_t number : key)
    if (history[number].fate == Fate::done) ends.push_back(history[number].ended);
  std::ranges::sort(ends);
  std::size_t low = 0, high = ends.size() - 1;  // it fails at `high`
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    const Prefix part = prefix(history, key, ends[middle]);
    const bool fails = search_of(part.operations).run(budget) == Ruling::not_linearizable;
    (fails ? high : low) = fails ? middle : middle + 1;
  }
  return ends[high];
}

std::string lines(const Prefix& part, const Numbers& places) {
  constexpr std::size_t most = 12;
  std::string words;
  const std::size_t skipped = places.size() > most ? places.size() - most : 0;
  if (skipped != 0) words += "    (" + std::to_string(skipped) + " before these)\n";
  for (std::size_t i = skipped; i < places.size(); ++i)
    words += "    " + describe(part.operations[places[i]], part.numbers[places[i]]) + "\n";
  return words;
}

// One order of all others, for people to see what the last answer should have been.
std::string order_of_others(Prefix part, std::size_t last, std::uint64_t& budget) {
  part.operations[last].fate = Fate::refused;
  std::vector<const Operation*> pointers;
  Numbers back;
  for (std::size_t i = 0; i < part.operations.size(); ++i) {
    if (i == last) continue;
    pointers.push_back(&part.operations[i]);
    back.push_back(i);
  }
  Search search(std::move(pointers));
  if (search.run(budget) != Ruling::linearizable)
    return "  and without it they fit into no order either.\n";
  Numbers order;
  for (const std::size_t i : search.order()) order.push_back(back[i]);
  return "  one order of the others, after which the key is " + describe(search.last()) + ":\n" +
         lines(part, order);
}

Verdict explain(const History& history, const Numbers& key, std::uint64_t& budget) {
  const std::uint64_t end = first_failing_end(history, key, budget);
  const Prefix part = prefix(history, key, end);
  const auto is_last = [end](const Operation& operation) {
    return operation.fate == Fate::done && operation.ended == end;
  };
  const auto last = static_cast<std::size_t>(std::ranges::find_if(part.operations, is_last) -
                                             part.operations.begin());
  Verdict verdict{.ruling = Ruling::not_linearizable};
  verdict.at_fault = {part.numbers[last]};
  verdict.why =
      "key " + history[key.front()].key + " is not linearizable. The shortest prefix has " +
      std::to_string(part.operations.size()) + " operations; with them this fits nowhere:\n    " +
      describe(part.operations[last], part.numbers[last]) + "\n" +
      order_of_others(part, last, budget);
  Numbers around;
  for (std::size_t i = 0; i < part.operations.size(); ++i) {
    const Operation& other = part.operations[i];
    const bool overlaps = other.fate != Fate::done || other.ended >= part.operations[last].called;
    if (i == last || !overlaps) continue;
    around.push_back(i);
    verdict.at_fault.push_back(part.numbers[i]);
  }
  if (!around.empty()) verdict.why += "  at the same time, or not ended:\n" + lines(part, around);
  return verdict;
}

}  // namespace

Verdict linearizable(const History& history, const Budget& budget) {
  std::map<std::string, Numbers> keys;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (matters(history[i])) keys[history[i].key].push_back(i);
  std::uint64_t left = budget.steps;
  Verdict verdict;
  for (const auto& [key, numbers] : keys) {
    const Prefix whole = prefix(history, numbers, UINT64_MAX);
    const Ruling ruling = search_of(whole.operations).run(left);
    if (ruling == Ruling::not_linearizable) {
      const std::uint64_t taken = budget.steps - left;
      std::uint64_t to_explain = budget.steps;
      verdict = explain(history, numbers, to_explain);
      verdict.steps = taken;
      return verdict;  // worse than any that is not known
    }
    if (ruling != Ruling::unknown || verdict.ruling == Ruling::unknown) continue;
    verdict.ruling = ruling;
    verdict.why = "key " + key + " was not decided within " + std::to_string(budget.steps) +
                  " steps: give more, or use more keys with fewer operations each\n";
  }
  verdict.steps = budget.steps - left;
  return verdict;
}

}  // namespace bowline::check
