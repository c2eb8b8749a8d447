// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tools/tidy_functions.h"
#include "tools/tidy_rules.h"

namespace bowline::tidy {

namespace {

constexpr std::size_t max_columns = 100;
constexpr std::size_t max_function = 70;
constexpr std::size_t max_file = 500;
constexpr std::string_view license = "// SPDX-License-Identifier: Apache-2.0";

bool is_script(const Source& source) {
  return source.ends_with(".sh") || source.ends_with(".sbatch") || source.text.starts_with("#!");
}

bool is_cmake(const Source& source) {
  return source.ends_with(".cmake") || file_name(source.path) == "CMakeLists.txt";
}

bool is_code(const Source& source) {
  return source.is_cpp() || is_script(source) || is_cmake(source);
}

void find(const Source& source, std::size_t line, std::string rule, std::string advice,
          Findings& findings) {
  findings.push_back({source.path, line, std::move(rule), std::move(advice)});
}

// One letter of UTF-8: its number and its bytes. A stray byte counts as itself.
struct Letter {
  char32_t value = 0;
  std::size_t size = 1;
};

Letter letter_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0xc0) return {lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  char32_t value = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (at + i >= text.size() || (byte(at + i) & 0xc0) != 0x80) return {lead, 1};
    value = (value << 6U) | (byte(at + i) & 0x3fU);
  }
  return {value, size};
}

// What changes how a line looks or works without being seen: control characters of ASCII and
// Latin-1, zero-width characters, marks that turn the direction of text.
bool is_invisible(char32_t c) {
  return c < 0x20 || (c >= 0x7f && c <= 0x9f) || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) || c == 0xfeff;
}

void check_letters(const Source& source, std::size_t number, std::string_view line,
                   Findings& findings) {
  std::size_t columns = 0;
  for (std::size_t at = 0; at < line.size(); ++columns) {
    const Letter letter = letter_at(line, at);
    if (is_invisible(letter.value) && letter.value != '\t') {
      return find(source, number, "control",
                  "remove the invisible character in column " + std::to_string(columns + 1),
                  findings);
    }
    at += letter.size;
  }
  if (columns > max_columns && is_code(source)) {
    find(source, number, "columns",
         "break the line: it has " + std::to_string(columns) + " columns of at most 100", findings);
  }
}

// Go's own formatter indents with them.
bool may_have_tabs(const Source& source) {
  return source.ends_with(".go") || file_name(source.path) == "go.mod";
}

// A machine's own path, as opposed to a part of an address or of another path.
bool names_machine_path(std::string_view line) {
  for (const std::string_view root : {"/wo"
                                      "rk/",
                                      "/ho"
                                      "me/"}) {
    for (std::size_t at = line.find(root); at != std::string_view::npos;
         at = line.find(root, at + 1)) {
      if (at == 0 || std::string_view(" \t\"'`(=<:,").contains(line[at - 1])) return true;
    }
  }
  return false;
}

// A reminder without an issue is a reminder for nobody.
bool is_loose_end(std::string_view line) {
  for (const std::string_view word : {"TO"
                                      "DO",
                                      "FIX"
                                      "ME",
                                      "XX"
                                      "X"}) {
    for (std::size_t at = find_word(line, word); at != std::string_view::npos;
         at = find_word(line, word, at + 1)) {
      const std::string_view rest = line.substr(at + word.size());
      const bool has_issue =
          rest.starts_with("(#") && rest.size() > 3 && rest[2] >= '1' && rest[2] <= '9';
      if (!has_issue) return true;
    }
  }
  return false;
}

void check_line(const Source& source, std::size_t number, std::string_view line,
                Findings& findings) {
  check_letters(source, number, line, findings);
  if (line.contains('\t') && !may_have_tabs(source))
    find(source, number, "tab", "indent with blanks", findings);
  if (line.ends_with(' ') || line.ends_with('\t')) {
    find(source, number, "trailing", "remove the blanks at the end of the line", findings);
  }
  if (names_machine_path(line)) {
    find(source, number, "machine-path", "name no path of one machine", findings);
  }
  if (is_code(source) && is_loose_end(line)) {
    find(source, number, "loose-end", "do it, or name an issue: (#12) right after the word",
         findings);
  }
}

void check_pragma_once(const Source& source, Findings& findings) {
  const auto first = std::ranges::find_if_not(source.code, is_blank);
  if (first == source.code.end() || trim(*first) != "#pragma once") {
    find(source, 1, "pragma-once", "write #pragma once before any code of a header", findings);
  }
}

// core.cc and core_test.cc begin with core.h, which proves that it stands alone, and says at once
// what the file is about.
void check_own_header(const Source& source, Findings& findings) {
  const std::vector<Include> includes = includes_of(source);
  const std::string_view path = source.path;
  std::string_view stem = path.substr(0, path.rfind('.'));
  for (const std::string_view suffix : {"", "_test", "_fuzz", "_bench"}) {
    if (!stem.ends_with(suffix)) continue;
    const std::string own = std::string(stem.substr(0, stem.size() - suffix.size())) + ".h";
    const auto at = std::ranges::find(includes, own, &Include::name);
    if (at == includes.end() || at == includes.begin()) continue;
    find(source, at->line, "own-header", "include \"" + own + "\" before anything else", findings);
  }
}

void check_lengths(const Source& source, Findings& findings) {
  const Outline outline = outline_of(source);
  if (outline.unbalanced != 0) {
    find(source, outline.unbalanced, "braces",
         "the braces do not match here; do not split a block over #if branches", findings);
  }
  for (const Function& function : outline.functions) {
    if (function.length() <= max_function) continue;
    find(source, function.first, "function-length",
         "split " + function.name + ": " + std::to_string(function.length()) +
             " lines of at most 70",
         findings);
  }
}

}  // namespace

void check_text(const Source& source, Findings& findings) {
  for (std::size_t i = 0; i < source.lines.size(); ++i) {
    check_line(source, i + 1, source.lines[i], findings);
  }
  if (!source.text.empty() && !source.text.ends_with('\n')) {
    find(source, source.lines.size(), "last-newline", "end the file with a newline", findings);
  }
  if (is_code(source) && source.lines.size() > max_file) {
    find(source, max_file + 1, "file-length",
         "split the file: " + std::to_string(source.lines.size()) + " lines of at most 500",
         findings);
  }
}

void check_cpp(const Source& source, Findings& findings) {
  if (!source.is_cpp()) return;
  if (source.lines.empty() || source.lines[0] != license) {
    find(source, 1, "license", "make the first line: " + std::string(license), findings);
  }
  if (source.ends_with(".h")) check_pragma_once(source, findings);
  if (source.ends_with(".cc")) check_own_header(source, findings);
  check_lengths(source, findings);
}

}  // namespace bowline::tidy
