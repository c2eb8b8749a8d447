// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "bowline/sim/history_file.h"
#include "bowline/sim/history_words.h"
#include "bowline/sim/mutants.h"
#include "bowline/sim/plan_fields.h"

namespace bowline::sim {
namespace {

constexpr std::string_view first_line = "bowline history 1";
constexpr std::string_view any_version = "bowline history ";
constexpr std::uint64_t most_draws = 20'000'000;
constexpr std::uint64_t largest_draw = 10'000'000'000'000;  // nanoseconds, or what is less

using Words = std::map<std::string_view, std::string_view>;

// Takes the words that it is asked for, each with a value that makes sense.
struct Reader {
  Words& words;
  std::string& wrong;
  bool all;  // must be there
  template <class Value>
  void operator()(const char* key, Value& value) const {
    const auto at = words.find(key);
    if (at == words.end()) {
      if (all && wrong.empty()) wrong = std::string("there is no ") + key;
      return;
    }
    if (!read(at->second, value) && wrong.empty())
      wrong = std::string("cannot make sense of ") + key + "=" + std::string(at->second);
    words.erase(at);
  }
};

class Parser {
 public:
  std::expected<Recorded, std::string> parse(std::string_view text) {
    if (!text.starts_with(first_line))
      return std::unexpected(text.starts_with(any_version)
                                 ? "line 1: a history of another version; this reads version 1"
                                 : "line 1: this is no history of bowline-sim");
    go_through(text, true);
    if (wrong_.empty()) check_all();
    if (wrong_.empty()) return std::move(history_);
    return std::unexpected("line " + std::to_string(line_) + ": " + wrong_);
  }

  std::expected<Recording, std::string> parse_draws(std::string_view text) {
    history_.draws.emplace();
    go_through(text, false);
    if (wrong_.empty()) return std::move(*history_.draws);
    return std::unexpected("line " + std::to_string(line_) + ": " + wrong_);
  }

 private:
  void go_through(std::string_view text, bool with_title) {
    while (!text.empty() && wrong_.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      if (++line_ > 1 || !with_title) {
        take(line);
      } else if (line != first_line) {
        wrong_ = "nothing may follow '" + std::string(first_line) + "'";
      }
    }
  }

  void take(std::string_view line) {
    if (line.empty() || line.front() == '#') return;
    if (seen_.contains("end")) return say("nothing may follow 'end'");
    const std::size_t gap = std::min(line.find(' '), line.size());
    const std::string_view title = line.substr(0, gap);
    const std::string_view rest = line.substr(std::min(gap + 1, line.size()));
    const bool many = title == "trouble" || title == "operation" || title == "draws";
    if (!seen_.emplace(title, line_).second && !many)
      return say("it says '" + std::string(title) + "' twice");
    if (title == "draws") return take_strand(split(rest));
    if (take_head(title, rest) || !wrong_.empty()) return;
    take_fields(title, split(rest));
  }

  bool take_head(std::string_view title, std::string_view rest) {
    Plan& plan = history_.plan;
    if (title == "seed") {
      expect(read(rest, plan.seed), title, rest);
    } else if (title == "bug") {
      const auto mutant = find_mutant(rest);
      expect(mutant.has_value(), title, rest);
      if (mutant) history_.bug = mutant->bug;
    } else if (title == "breaks") {
      const std::size_t gap = std::min(rest.find(' '), rest.size());
      history_.breaks.invariant = rest.substr(0, gap);
      history_.breaks.what = rest.substr(std::min(gap + 1, rest.size()));
      expect(!history_.breaks.invariant.empty(), title, rest);
    } else if (title == "hash") {
      expect(read(rest, history_.hash, 16), title, rest);
    } else if (title == "priorities") {
      take_list(split(rest), plan.priorities);
    } else if (title == "clocks") {
      take_list(split(rest), plan.clock_permille);
    } else if (title == "drawn" || title == "end") {
      expect(rest.empty(), title, rest);
      if (title == "drawn") history_.draws.emplace();
    } else {
      return false;
    }
    return true;
  }

  void take_fields(std::string_view title, const std::vector<std::string_view>& list) {
    Words words;
    for (const std::string_view word : list) {
      const std::size_t equals = word.find('=');
      if (equals == std::string_view::npos) return say("'" + std::string(word) + "' lacks a value");
      if (!words.emplace(word.substr(0, equals), word.substr(equals + 1)).second)
        return say("it gives " + std::string(word.substr(0, equals)) + " twice");
    }
    Plan& plan = history_.plan;
    if (title == "shape") {
      visit_shape(Reader{words, wrong_, true}, plan);
    } else if (title == "options") {
      visit_options(Reader{words, wrong_, false}, plan.options);
      say(plan.options.fault());
    } else if (title == "climate") {
      visit_climate(Reader{words, wrong_, false}, plan.climate);
      say(fault(plan.climate));
    } else if (title == "trouble") {
      visit_episode(Reader{words, wrong_, true}, plan.episodes.emplace_back());
      say(fault(plan.episodes.back()));
    } else if (title == "operation") {
      visit_operation(Reader{words, wrong_, true}, plan.operations.emplace_back());
      say(fault(plan.operations.back()));
    } else {
      return say("nobody knows what '" + std::string(title) + "' is");
    }
    if (!words.empty()) say("nobody knows what '" + std::string(words.begin()->first) + "' is");
  }

  template <class Number>
  void take_list(const std::vector<std::string_view>& words, std::vector<Number>& numbers) {
    for (const std::string_view word : words)
      if (!read(word, numbers.emplace_back()))
        return say("cannot make sense of '" + std::string(word) + "'");
  }

  // PART A B WHAT = VALUE..., where 0*7 stands for seven calm draws.
  void take_strand(const std::vector<std::string_view>& words) {
    Strand strand;
    Stream& stream = strand.stream;
    if (words.size() < 5 || words[4] != "=" || !read(words[0], stream.part) ||
        !read(words[1], stream.a) || !read(words[2], stream.b))
      return say("draws need a part, two numbers, a name, '=' and values");
    if (!history_.draws) return say("there are draws before the line 'drawn'");
    if (stream.part == Part::link) {
      if (stream.a == 0 || stream.b == 0) return say("nodes count from 1");
      --stream.a;
      --stream.b;
    }
    strand.what = words[3];
    std::ranges::replace(strand.what, '_', ' ');
    const auto [at, fresh] = history_.draws->try_emplace(strand);
    if (!fresh) return say("it gives these draws twice");
    for (std::size_t i = 5; i < words.size() && wrong_.empty(); ++i)
      take_draw(words[i], at->second);
  }

  void take_draw(std::string_view word, std::vector<std::uint64_t>& draws) {
    const bool calm = word.starts_with("0*");
    std::uint64_t value = 0;
    if (!read(calm ? word.substr(2) : word, value) || (!calm && value > largest_draw))
      return say("'" + std::string(word) + "' is no draw");
    const std::uint64_t more = calm ? value : 1;
    if (more > most_draws - draws_) return say("these are more draws than any history needs");
    draws_ += more;
    draws.resize(draws.size() + more, calm ? 0 : value);
  }

  void check_all() {
    for (const std::string_view title : {"seed", "shape", "options", "climate", "end"})
      if (!seen_.contains(title))
        return say("the file ends, and there was no line '" + std::string(title) + "'");
    wrong_ = fault(history_.plan);
    line_ = seen_["shape"];
  }

  void expect(bool fine, std::string_view title, std::string_view rest) {
    if (!fine) say("cannot make sense of '" + std::string(title) + " " + std::string(rest) + "'");
  }
  void say(std::string what) {
    if (wrong_.empty()) wrong_ = std::move(what);
  }

  Recorded history_;
  std::map<std::string_view, std::size_t> seen_;  // which titles, in which line
  std::uint64_t draws_ = 0;
  std::size_t line_ = 0;
  std::string wrong_;
};

}  // namespace

std::expected<Recorded, std::string> parse_history(std::string_view text) {
  return Parser().parse(text);
}

std::expected<Recording, std::string> parse_recording(std::string_view text) {
  return Parser().parse_draws(text);
}

}  // namespace bowline::sim
