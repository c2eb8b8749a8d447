// SPDX-License-Identifier: Apache-2.0
#include "bowline/env/conformance_extents.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <map>
#include <optional>
#include <string_view>

#include "bowline/base/prng.h"

namespace bowline::env {
namespace {

using Number = Extents::Number;
using Room = Extents::Room;

constexpr int most_asks = 100'000'000;

// A few extents, each of which holds bytes that are known.
class Holder {
 public:
  explicit Holder(Extents& extents) : extents_(extents) {}
  ~Holder() {
    while (!held_.empty()) drop(held_.begin()->first);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;

  Room room() {
    extents_.wait();
    Room room = extents_.room();
    for (int i = 0; i < most_asks && room == Room::later; ++i) room = extents_.room();
    return room;
  }
  std::optional<Number> take(char letter) {
    room();
    const std::optional<Number> number = extents_.take();
    if (!number) return number;
    expect(held_.emplace(*number, letter).second, "an extent was given twice");
    char* const begin = extents_.at(*number);
    expect(extents_.holds(begin) && extents_.holds(begin + extents_.extent_bytes() - 1),
           "an extent is somewhere else");
    expect(extents_.number_of(begin + extents_.extent_bytes() - 1) == *number,
           "a place in an extent is taken for another one");
    std::memset(begin, letter, extents_.extent_bytes());
    return number;
  }
  void seal(Number number) { extents_.seal(number, extents_.extent_bytes()); }
  void fetch(Number number) {
    for (int i = 0; i < most_asks; ++i)
      if (extents_.fetch(number)) return;
    expect(false, "an extent is never there");
  }
  void look(Number number) {
    const std::string_view bytes(extents_.at(number), extents_.extent_bytes());
    expect(bytes.find_first_not_of(held_.at(number)) == std::string_view::npos,
           "an extent holds something else");
  }
  void drop(Number number) {
    held_.erase(number);
    extents_.drop(number);
  }
  void look_at_all() {
    for (const auto& [number, letter] : held_) look(number);
  }
  std::size_t count() const { return held_.size(); }
  Number any(Prng& prng) const {
    return std::next(held_.begin(), static_cast<std::ptrdiff_t>(prng.below(held_.size())))->first;
  }
  void expect(bool holds, const std::string& what) {
    if (!holds && wrong_.empty()) wrong_ = what;
  }
  std::string wrong() const { return wrong_; }

 private:
  Extents& extents_;
  std::map<Number, char> held_;
  std::string wrong_;
};

std::string what_is_sealed_stays_where_it_is(Extents& extents) {
  Holder holder(extents);
  const auto one = holder.take('a');
  if (!one) return "there is no room";
  holder.look(*one);
  holder.seal(*one);
  for (int i = 0; i < 1000; ++i) holder.look(*one);  // while it goes to the disk, too
  holder.fetch(*one);
  extents.want(extents.at(*one) + 17, extents.extent_bytes() - 17);
  holder.look(*one);
  return holder.wrong();
}

// Not at once, perhaps, nor for long; but who asks for a part again and again finds it there.
std::string what_is_wanted_comes(Extents& extents) {
  Holder holder(extents);
  const auto one = holder.take('w');
  if (!one) return "there is no room";
  const std::size_t all = extents.extent_bytes();
  char* const begin = extents.at(*one);
  holder.expect(extents.want(begin, all), "what is being filled is somewhere else");
  holder.seal(*one);
  const auto comes = [&](std::size_t from, std::size_t bytes) {
    for (int i = 0; i < most_asks; ++i)
      if (extents.want(begin + from, bytes)) return holder.look(*one);
    holder.expect(false, "what is wanted never comes");
  };
  for (int i = 0; i < 3; ++i) {
    comes(0, 1);
    comes(17, all / 2);
    comes(all - 1, 1);
    comes(0, all);
  }
  return holder.wrong();
}

std::string one_is_kept_back(Extents& extents) {
  Holder holder(extents);
  while (holder.room() == Room::yes && holder.take('k')) {}
  holder.expect(holder.room() == Room::none, "it ran out without saying so");
  const auto last = holder.take('l');
  holder.expect(last.has_value(), "none was kept back");
  holder.expect(!holder.take('m').has_value(), "more than one was kept back");
  holder.look_at_all();
  return holder.wrong();
}

std::string what_is_dropped_is_given_again(Extents& extents) {
  Holder holder(extents);
  Prng prng(5);
  for (int i = 0; i < 300; ++i) {
    const auto number = holder.take(static_cast<char>('a' + i % 26));
    if (number && prng.chance(80)) holder.seal(*number);
    if (!number && holder.count() == 0) return "there is no room";
    if (!number || holder.count() > 2) holder.drop(holder.any(prng));
    holder.look_at_all();
  }
  return holder.wrong();
}

std::string one_may_be_dropped_at_any_time(Extents& extents) {
  Holder holder(extents);
  for (int i = 0; i < 40; ++i) {
    const auto number = holder.take('d');
    if (!number) return "there is no room any more";
    if (i % 4 > 0) holder.seal(*number);
    if (i % 4 > 1) extents.fetch(*number);
    if (i % 4 > 2) holder.fetch(*number);
    holder.look(*number);
    holder.drop(*number);
  }
  return holder.wrong();
}

std::string what_is_taken_is_counted(Extents& extents) {
  Holder holder(extents);
  const auto first = holder.take('x');
  const auto second = holder.take('y');
  if (!first || !second) return "there is no room";
  holder.expect(extents.figures().file_bytes >= 2 * extents.extent_bytes(),
                "two extents take less than two");
  return holder.wrong();
}

}  // namespace

std::span<const ExtentsCheck> extents_checks() {
  static constexpr std::array<ExtentsCheck, 6> checks{{
      {"what is sealed stays where it is", what_is_sealed_stays_where_it_is},
      {"what is wanted comes", what_is_wanted_comes},
      {"one is kept back", one_is_kept_back},
      {"what is dropped is given again", what_is_dropped_is_given_again},
      {"one may be dropped at any time", one_may_be_dropped_at_any_time},
      {"what is taken is counted", what_is_taken_is_counted},
  }};
  return checks;
}

}  // namespace bowline::env
