// SPDX-License-Identifier: Apache-2.0
#include "bowline/check/against_log.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "bowline/check/cell.h"
#include "bowline/check/describe.h"

namespace bowline::check {
namespace {

Verdict guilty(const std::string& what, const History& history, std::vector<std::size_t> numbers,
               const std::string& more = "") {
  Verdict verdict{.ruling = Ruling::not_linearizable, .why = what + ":\n"};
  for (const std::size_t number : numbers)
    verdict.why += "    " + describe(history[number], number) + "\n";
  verdict.why += more;
  verdict.at_fault = std::move(numbers);
  return verdict;
}

std::optional<Verdict> odd_place(const History& history, std::size_t number) {
  const Operation& operation = history[number];
  if (operation.places.size() > 1) return guilty("this was applied twice", history, {number});
  if (operation.fate == Fate::refused && !operation.places.empty())
    return guilty("this was refused, and yet applied", history, {number});
  if (operation.fate == Fate::done && operation.places.empty())
    return guilty("this was called done, and is not in the log", history, {number});
  return std::nullopt;
}

bool is_read(const Operation& operation) { return operation.verb == Verb::get; }

// Reads stand behind the entry that they had seen, and among themselves by their calls.
std::vector<std::size_t> in_order(const History& history) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (!history[i].places.empty()) order.push_back(i);
  std::ranges::sort(order, {}, [&](std::size_t i) {
    return std::tuple(history[i].places.front(), is_read(history[i]), history[i].called, i);
  });
  return order;
}

// Applies in the order of the log, and looks at one operation after the other.
class Replay {
 public:
  explicit Replay(const History& history) : history_(history) {}

  std::optional<Verdict> take(std::size_t number) {
    const Operation& operation = history_[number];
    if (!is_read(operation)) {
      const auto [before, fresh] = writes_.try_emplace(operation.places.front(), number);
      if (!fresh)
        return guilty("these are in the log at the same place", history_, {before->second, number});
    }
    const bool ends = operation.fate == Fate::done;
    if (latest_ && ends && operation.ended < history_[*latest_].called)
      return guilty("the second had ended when the first was called, and is behind it in the log",
                    history_, {*latest_, number});
    if (!latest_ || operation.called > history_[*latest_].called) latest_ = number;
    return replay(operation, number);
  }

 private:
  struct Known {
    Cell cell;
    std::optional<std::size_t> writer;
  };

  std::optional<Verdict> replay(const Operation& operation, std::size_t number) {
    Known& known = keys_[operation.key];
    const Cell before = known.cell;
    const Answer right = apply(operation, known.cell);
    const std::optional<std::size_t> writer = known.writer;
    if (known.cell != before) known.writer = number;
    if (operation.fate != Fate::done || !operation.answer || *operation.answer == right)
      return std::nullopt;
    std::vector<std::size_t> numbers = {number};
    if (writer) numbers.push_back(*writer);
    return guilty("the first of these has the wrong answer", history_, std::move(numbers),
                  "  the key was " + describe(before) + " there\n");
  }

  const History& history_;
  std::map<std::uint64_t, std::size_t> writes_;  // by place
  std::map<std::string, Known> keys_;
  std::optional<std::size_t> latest_;  // that with the latest call
};

}  // namespace

Verdict against_log(const History& history) {
  for (std::size_t i = 0; i < history.size(); ++i)
    if (std::optional<Verdict> verdict = odd_place(history, i)) return *std::move(verdict);
  Replay replay(history);
  for (const std::size_t number : in_order(history))
    if (std::optional<Verdict> verdict = replay.take(number)) return *std::move(verdict);
  return {.steps = history.size()};
}

}  // namespace bowline::check
