// SPDX-License-Identifier: Apache-2.0
#include "bowline/check/random_history.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bowline/check/cell.h"

namespace bowline::check {
namespace {

class Generator {
 public:
  Generator(Prng& prng, const RandomHistory& shape)
      : prng_(prng), shape_(shape), busy_(shape.clients) {}

  History run() {
    while (history_.size() < shape_.operations || !open_.empty() || is_anybody_busy()) step();
    return std::move(history_);
  }

 private:
  bool is_anybody_busy() const {
    return std::ranges::any_of(busy_, [](const auto& busy) { return busy.has_value(); });
  }

  void step() {
    ++now_;
    const std::size_t client = prng_.below(busy_.size() + 1);
    if (client == busy_.size()) return settle_an_unknown();
    if (!busy_[client]) return call(client);
    Operation& operation = history_[*busy_[client]];
    if (operation.fate == Fate::refused) return busy_[client].reset();
    if (!operation.places.empty()) {
      operation.ended = now_;
      return busy_[client].reset();
    }
    if (!prng_.chance(shape_.unknown_percent)) return take_effect(operation);
    operation.fate = Fate::unknown;
    open_.push_back(*busy_[client]);
    busy_[client].reset();
  }

  void call(std::size_t client) {
    if (history_.size() == shape_.operations) return;
    Operation operation{.client = client + 1, .called = now_};
    operation.verb = static_cast<Verb>(prng_.below(verbs));
    operation.key = std::string(1, static_cast<char>('a' + prng_.below(shape_.keys)));
    operation.value = std::to_string(history_.size());
    operation.version = prng_.chance(30) ? 0 : cells_[operation.key].version;
    if (prng_.chance(shape_.refused_percent)) operation.fate = Fate::refused;
    busy_[client] = history_.size();
    history_.push_back(std::move(operation));
  }

  void take_effect(Operation& operation) {
    Answer answer = apply(operation, cells_[operation.key]);
    operation.places = {operation.verb == Verb::get ? index_ : ++index_};
    if (operation.fate == Fate::done && !prng_.chance(5)) operation.answer = std::move(answer);
  }

  void settle_an_unknown() {
    if (open_.empty()) return;
    const auto one = open_.begin() + static_cast<std::ptrdiff_t>(prng_.below(open_.size()));
    if (prng_.chance(60)) take_effect(history_[*one]);
    open_.erase(one);
  }

  Prng& prng_;
  const RandomHistory& shape_;
  History history_;
  std::vector<std::optional<std::size_t>> busy_;  // of each client: its operation
  std::vector<std::size_t> open_;                 // unknown, and may still take effect
  std::map<std::string, Cell> cells_;
  std::uint64_t now_ = 0;
  std::uint64_t index_ = 0;
};

// By trying: what may come next is what was called before any of the others ended.
bool fits(const History& history, std::vector<bool>& placed, const Cell& cell) {
  std::optional<std::uint64_t> first_end;
  for (std::size_t i = 0; i < history.size(); ++i)
    if (!placed[i] && history[i].fate == Fate::done)
      first_end = std::min(first_end.value_or(UINT64_MAX), history[i].ended);
  if (!first_end) return true;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Operation& operation = history[i];
    if (placed[i] || operation.fate == Fate::refused || operation.called > *first_end) continue;
    Cell next = cell;
    const Answer answer = apply(operation, next);
    if (operation.fate == Fate::done && operation.answer && *operation.answer != answer) continue;
    placed[i] = true;
    if (fits(history, placed, next)) return true;
    placed[i] = false;
  }
  return false;
}

}  // namespace

History random_history(Prng& prng, const RandomHistory& shape) {
  return Generator(prng, shape).run();
}

void spoil(Prng& prng, History& history) {
  Operation& one = history[prng.below(history.size())];
  Operation& other = history[prng.below(history.size())];
  switch (prng.below(9)) {
    case 0:
      if (one.answer) one.answer->version += prng.chance(50) ? 1 : UINT64_MAX;
      break;
    case 1:
      if (one.answer && other.answer) one.answer->value = other.answer->value;
      break;
    case 2: std::swap(one.answer, other.answer); break;
    case 3: one.fate = Fate::refused; break;
    case 4: std::swap(one.places, other.places); break;
    case 5: one.value += "!"; break;
    case 6: one.called += prng.below(one.ended > one.called ? one.ended - one.called : 1); break;
    case 7:
      one.called = one.called > 5 ? one.called - 5 : 0;
      one.ended = std::max(one.called, one.ended > 10 ? one.ended - 10 : 0);
      break;
    default: one.verb = static_cast<Verb>(prng.below(verbs)); break;
  }
}

bool is_linearizable_by_force(const History& history) {
  std::vector<bool> placed(history.size());
  return fits(history, placed, {});
}

}  // namespace bowline::check
