// SPDX-License-Identifier: Apache-2.0
#include "tools/tidy_text.h"

#include <algorithm>
#include <cctype>
#include <utility>

namespace bowline::tidy {

namespace {

// Copies text to `out`, with everything that is not code turned into blanks.
class Blanker {
 public:
  explicit Blanker(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (starts("//")) {
        blank_until("\n", 0);
      } else if (starts("/*")) {
        blank_until("*/", 2);
      } else if (raw_string_begins()) {
        blank_raw_string();
      } else if (here() == '"' || (here() == '\'' && !separates_digits())) {
        blank_literal(here());
      } else {
        keep();
      }
    }
    return std::move(out_);
  }

 private:
  char here() const { return text_[at_]; }
  bool starts(std::string_view prefix) const { return text_.substr(at_).starts_with(prefix); }
  void keep() { out_ += text_[at_++]; }
  void blank() { out_ += text_[at_++] == '\n' ? '\n' : ' '; }

  void blank_until(std::string_view end, std::size_t of_end) {
    const std::size_t found = text_.find(end, std::min(at_ + 2, text_.size()));
    const std::size_t stop = found == std::string_view::npos ? text_.size() : found + of_end;
    while (at_ < stop) blank();
  }

  // 1'000'000: the word that the quote continues begins with a digit.
  bool separates_digits() const {
    std::size_t first = at_;
    while (first > 0 && (is_word_char(text_[first - 1]) || text_[first - 1] == '\'')) --first;
    return first < at_ && std::isdigit(static_cast<unsigned char>(text_[first])) != 0;
  }

  bool raw_string_begins() const {
    if (here() != '"' || at_ == 0 || text_[at_ - 1] != 'R') return false;
    std::size_t first = at_ - 1;
    while (first > 0 && is_word_char(text_[first - 1])) --first;
    const std::string_view prefix = text_.substr(first, at_ - first);
    return prefix == "R" || prefix == "u8R" || prefix == "uR" || prefix == "UR" || prefix == "LR";
  }

  void blank_raw_string() {
    const std::size_t open = text_.find('(', at_);
    if (open == std::string_view::npos) return keep();
    const std::string end = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
    const std::size_t close = text_.find(end, open);
    keep();
    const std::size_t last =
        close == std::string_view::npos ? text_.size() : close + end.size() - 1;
    while (at_ < last) blank();
    if (at_ < text_.size()) keep();
  }

  // The quotes stay, so that a literal still counts as something. A literal ends with its line.
  void blank_literal(char quote) {
    keep();
    while (at_ < text_.size() && here() != quote && here() != '\n') {
      if (here() == '\\' && at_ + 1 < text_.size()) blank();
      blank();
    }
    if (at_ < text_.size() && here() == quote) keep();
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

Source make_source(std::string path, std::string text) {
  Source source{.path = std::move(path), .text = std::move(text), .lines = {}, .code = {}};
  source.lines = split_lines(source.text);
  if (source.is_cpp()) source.code = split_lines(blank_comments_and_literals(source.text));
  return source;
}

Lines split_lines(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string blank_comments_and_literals(std::string_view text) { return Blanker(text).run(); }

bool is_word_char(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool is_blank(std::string_view line) { return trim(line).empty(); }

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::size_t find_word(std::string_view line, std::string_view word, std::size_t from) {
  if (word.empty()) return std::string_view::npos;
  for (std::size_t at = line.find(word, from); at != std::string_view::npos;
       at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    const bool begins = at == 0 || !is_word_char(word.front()) || !is_word_char(line[at - 1]);
    const bool ends = end == line.size() || !is_word_char(word.back()) || !is_word_char(line[end]);
    if (begins && ends) return at;
  }
  return std::string_view::npos;
}

std::string_view file_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view folder_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view layer_of(std::string_view path) {
  constexpr std::string_view library = "bowline/";
  if (path.starts_with(library)) path.remove_prefix(library.size());
  const std::size_t slash = path.find('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

bool is_test(std::string_view path) {
  std::string_view stem = file_name(path);
  stem = stem.substr(0, stem.find('.'));
  return stem.ends_with("_test") || stem.ends_with("_fuzz") || stem.ends_with("_bench") ||
         stem.ends_with("_testing") || stem.starts_with("golden_") || stem.starts_with("test_");
}

std::vector<Include> includes_of(const Source& source) {
  std::vector<Include> includes;
  for (std::size_t i = 0; i < source.code.size(); ++i) {
    std::string_view code = trim(source.code[i]);
    if (!code.starts_with('#')) continue;
    code = trim(code.substr(1));
    if (!code.starts_with("include")) continue;
    const std::string_view raw = source.lines[i];
    const std::size_t open = raw.find_first_of("<\"");
    if (open == std::string_view::npos) continue;
    const bool quoted = raw[open] == '"';
    const std::size_t close = raw.find(quoted ? '"' : '>', open + 1);
    if (close == std::string_view::npos) continue;
    includes.push_back({i + 1, std::string(raw.substr(open + 1, close - open - 1)), quoted});
  }
  return includes;
}

}  // namespace bowline::tidy
