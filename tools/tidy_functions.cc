// SPDX-License-Identifier: Apache-2.0
#include "tools/tidy_functions.h"

#include <algorithm>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <utility>

namespace bowline::tidy {

namespace {

struct Token {
  std::string_view text;
  std::size_t line = 0;
};
using Tokens = std::vector<Token>;

bool among(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// Words, `::`, `->`, and single characters, without the preprocessor's lines.
Tokens tokens_of(const Lines& code) {
  Tokens tokens;
  bool directive = false;
  for (std::size_t i = 0; i < code.size(); ++i) {
    const std::string_view line = code[i];
    directive = directive || trim(line).starts_with('#');
    for (std::size_t at = 0; !directive && at < line.size();) {
      std::size_t size = 1;
      if (is_word_char(line[at])) {
        while (at + size < line.size() && is_word_char(line[at + size])) ++size;
      } else if (among(line.substr(at, 2), {"::", "->"})) {
        size = 2;
      }
      if (line[at] != ' ' && line[at] != '\t') tokens.push_back({line.substr(at, size), i + 1});
      at += size;
    }
    directive = directive && trim(line).ends_with('\\');
  }
  return tokens;
}

enum class Block { scope, type, function, value };

// The words between the last `;`, `{` or `}` and an opening brace: they tell what it opens.
class Head {
 public:
  void add(const Token& token) {
    if (among(token.text, {"(", "["})) ++depth_;
    if (among(token.text, {")", "]"}) && depth_ > 0) --depth_;
    if (token.text == ":" && tokens_.size() == 1 &&
        among(tokens_.back().text, {"public", "private", "protected"})) {
      return clear();
    }
    // `Name(…) :` begins a constructor's list, in which braces hold values.
    if (token.text == ":" && depth_ == 0 && has_parameters()) initialises_ = true;
    tokens_.push_back(token);
  }

  void clear() { *this = Head(); }
  bool in_parentheses() const { return depth_ > 0; }
  std::size_t line_or(std::size_t other) const {
    return tokens_.empty() ? other : tokens_.front().line;
  }

  Block opens() const {
    if (tokens_.empty()) return Block::scope;
    const std::string_view last = tokens_.back().text;
    if (depth_ > 0) return among(last, {")", "]", "mutable"}) ? Block::function : Block::value;
    const std::string_view keyword = first_keyword();
    if (keyword == "namespace") return Block::scope;
    if (!has_parameters()) {
      if (keyword == "extern") return Block::scope;
      if (among(keyword, {"class", "struct", "union", "enum"})) return Block::type;
      return Block::value;
    }
    if (among(last, {"=", ",", "return"})) return Block::value;
    if (initialises_ && !among(last, {")", "}", "try"})) return Block::value;
    return Block::function;
  }

  // The word before the first parenthesis, with what qualifies it.
  std::string name() const {
    auto at = std::ranges::find(tokens_, "(", &Token::text);
    if (std::ranges::find(tokens_, "operator", &Token::text) != tokens_.end()) return "operator";
    if (at == tokens_.begin() || !is_word_char(std::prev(at)->text.front())) return "a lambda";
    std::string name(std::prev(at)->text);
    for (--at; at - tokens_.begin() >= 2 && std::prev(at)->text == "::"; at -= 2) {
      name = std::string(std::prev(at, 2)->text) + "::" + name;
    }
    return name;
  }

 private:
  // Past `template <…>`, which may have `class` inside, and words that may stand before any other.
  std::string_view first_keyword() const {
    auto it = tokens_.begin();
    if (it->text == "template") {
      int angles = 0;
      for (++it; it != tokens_.end(); ++it) {
        if (it->text == "<") ++angles;
        if (it->text == ">" && --angles == 0) break;
      }
      if (it != tokens_.end()) ++it;
    }
    const auto is_prefix = [](const Token& token) {
      return among(token.text, {"inline", "static", "constexpr", "const", "typedef", "friend"});
    };
    it = std::find_if_not(it, tokens_.end(), is_prefix);
    return it == tokens_.end() ? std::string_view{} : it->text;
  }

  // A parenthesis that is not a template's argument nor an alignas's.
  bool has_parameters() const {
    int angles = 0;
    std::string_view before;
    for (const Token& token : tokens_) {
      if (token.text == "operator") return true;
      if (token.text == "<") ++angles;
      if (token.text == ">" && angles > 0) --angles;
      if (token.text == "(" && angles == 0 && before != "alignas") return true;
      before = token.text;
    }
    return false;
  }

  Tokens tokens_;
  int depth_ = 0;
  bool initialises_ = false;
};

struct Open {
  Block block = Block::scope;
  std::string name;
  std::size_t line = 0;
};

// Walks over the braces. Inside a function or a value only their number matters.
class Walk {
 public:
  Outline run(const Tokens& tokens) {
    for (const Token& token : tokens) {
      if (token.text == "{") {
        open(token);
      } else if (token.text == "}") {
        if (open_.empty()) return fail(token.line);
        close(token);
      } else if (!inside()) {
        if (token.text == ";" && !head_.in_parentheses()) {
          head_.clear();
        } else {
          head_.add(token);
        }
      }
    }
    if (!open_.empty()) return fail(open_.back().line);
    return std::move(outline_);
  }

 private:
  bool inside() const { return !open_.empty() && among_bodies(open_.back().block); }
  static bool among_bodies(Block block) {
    return block == Block::function || block == Block::value;
  }

  void open(const Token& token) {
    if (inside()) {
      ++nested_;
      return;
    }
    const Block block = head_.opens();
    open_.push_back(
        {block, block == Block::function ? head_.name() : "", head_.line_or(token.line)});
    if (!among_bodies(block)) head_.clear();
  }

  void close(const Token& token) {
    if (inside() && nested_ > 0) {
      --nested_;
      return;
    }
    const Open ended = std::move(open_.back());
    open_.pop_back();
    if (ended.block == Block::function) {
      outline_.functions.push_back({ended.name, ended.line, token.line});
    }
    const bool goes_on = ended.block == Block::value || head_.in_parentheses();
    if (goes_on) {
      head_.add(token);
    } else {
      head_.clear();
    }
  }

  Outline fail(std::size_t line) {
    outline_.unbalanced = line;
    return std::move(outline_);
  }

  Outline outline_;
  Head head_;
  std::vector<Open> open_;
  std::size_t nested_ = 0;
};

}  // namespace

Outline outline_of(const Source& source) { return Walk().run(tokens_of(source.code)); }

}  // namespace bowline::tidy
