// SPDX-License-Identifier: Apache-2.0
#include "tools/docs_text.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "tools/tidy_text.h"

namespace bowline::docs {

namespace {

using tidy::is_word_char;
using tidy::trim;

constexpr std::string_view fence = "```";

struct Line {
  std::size_t number = 0;
  std::string_view text;
  std::string_view fenced;  // the word behind the fence, or "text" if there is none; empty outside
};

// The lines of a page but for the fences themselves.
std::vector<Line> lines_of(std::string_view page) {
  std::vector<Line> lines;
  std::string_view fenced;
  for (std::size_t number = 1; !page.empty(); ++number) {
    const std::size_t end = std::min(page.find('\n'), page.size());
    const std::string_view text = page.substr(0, end);
    page.remove_prefix(std::min(end + 1, page.size()));
    if (trim(text).starts_with(fence)) {
      const std::string_view word = trim(trim(text).substr(fence.size()));
      fenced = !fenced.empty() ? std::string_view{} : word.empty() ? "text" : word;
    } else {
      lines.push_back({number, text, fenced});
    }
  }
  return lines;
}

// Words between blanks; what stands in quotes is one.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words(1);
  char quote = 0;
  for (const char c : text) {
    if (quote != 0 || c == '\'' || c == '"') {
      if (c == quote) {
        quote = 0;
      } else if (quote == 0) {
        quote = c;
      } else {
        words.back() += c;
      }
    } else if (c != ' ') {
      words.back() += c;
    } else if (!words.back().empty()) {
      words.emplace_back();
    }
  }
  if (words.back().empty()) words.pop_back();
  return words;
}

void add_commands(std::size_t line, std::string_view text, std::vector<Command>& commands) {
  Command command{.line = line, .words = {}};
  const auto close = [&] {
    if (!command.words.empty()) commands.push_back(command);
    command.words.clear();
  };
  for (const std::string& word : split(text)) {
    if (word == "#") break;
    if (word == "&&" || word == "|" || word == ";") {
      close();
    } else {
      command.words.push_back(word);
    }
  }
  close();
}

bool calls_bowline(std::string_view text) {
  return text.starts_with("bowline ") || text.starts_with("build/bowline ");
}

// `./dev test`, `build/tidy`, `cmake --preset release`; but not `build/` nor `build/<preset>`.
bool begins_like_a_command(std::string_view text) {
  if (text.starts_with("./dev") || text.starts_with("cmake -") || text.starts_with("ctest -"))
    return true;
  constexpr std::string_view products = "build/";
  if (!text.starts_with(products)) return false;
  const std::string_view name = text.substr(products.size(), text.find(' ') - products.size());
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return is_word_char(c) || c == '-'; });
}

bool is_camel(std::string_view word) {
  if (std::isupper(static_cast<unsigned char>(word.front())) == 0) return false;
  return word.size() > 2 && std::ranges::any_of(word, [](char c) {
           return std::islower(static_cast<unsigned char>(c)) != 0;
         });
}

bool is_file(std::string_view word) {
  constexpr std::array<std::string_view, 6> endings = {".cc", ".h",     ".txt",
                                                       ".md", ".cmake", ".svg"};
  return std::ranges::any_of(endings, [&](std::string_view end) {
    return word.size() > end.size() && word.ends_with(end);
  });
}

}  // namespace

std::string Command::text() const {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<Command> commands_of(std::string_view page) {
  std::vector<Command> commands;
  std::string begun;  // of a command that goes on in the next line
  std::size_t first = 0;
  for (const Line& line : lines_of(page)) {
    const std::string text = begun + std::string(trim(line.text));
    if (begun.empty()) first = line.number;
    begun.clear();
    if (line.fenced == "sh" || (line.fenced == "text" && calls_bowline(text))) {
      if (text.ends_with(" \\")) {
        begun = text.substr(0, text.size() - 1);
      } else {
        add_commands(first, text, commands);
      }
    }
    if (!line.fenced.empty() || !line.text.starts_with("    ")) continue;
    if (begins_like_a_command(text)) add_commands(line.number, text, commands);
  }
  for (const Span& span : spans_of(page))
    if (begins_like_a_command(span.text)) add_commands(span.line, span.text, commands);
  std::ranges::sort(commands, [](const Command& a, const Command& b) { return a.line < b.line; });
  return commands;
}

std::optional<std::string> block_of(std::string_view page, std::string_view word) {
  std::optional<std::string> block;
  std::size_t last = 0;
  for (const Line& line : lines_of(page)) {
    if (line.fenced != word) continue;
    if (block && line.number != last + 1) break;
    if (!block) block.emplace();
    *block += std::string(line.text) + "\n";
    last = line.number;
  }
  return block;
}

std::vector<Span> spans_of(std::string_view page) {
  std::vector<Span> spans;
  for (const Line& line : lines_of(page)) {
    if (!line.fenced.empty() || line.text.starts_with("    ")) continue;
    std::string_view rest = line.text;
    for (std::size_t open = rest.find('`'); open != std::string_view::npos; open = rest.find('`')) {
      const std::size_t close = rest.find('`', open + 1);
      if (close == std::string_view::npos) break;
      spans.push_back({line.number, std::string(rest.substr(open + 1, close - open - 1))});
      rest.remove_prefix(close + 1);
    }
  }
  return spans;
}

std::vector<std::string> names_in(std::string_view span) {
  std::vector<std::string> names;
  while (!span.empty()) {
    const auto part_of_name = [](char c) { return is_word_char(c) || c == '.' || c == '/'; };
    const auto end = std::ranges::find_if_not(span, part_of_name);
    std::string_view word = span.substr(0, static_cast<std::size_t>(end - span.begin()));
    const bool called = end != span.end() && *end == '(';
    span.remove_prefix(std::min(word.size() + 1, span.size()));
    if (is_file(word)) {
      names.emplace_back(word);
      continue;
    }
    while (!word.empty()) {
      const std::size_t dot = std::min(word.find_first_of("./"), word.size());
      const std::string_view name = word.substr(0, dot);
      word.remove_prefix(std::min(dot + 1, word.size()));
      if (name.size() < 2 || std::isdigit(static_cast<unsigned char>(name.front())) != 0) continue;
      if (name.contains('_') || is_camel(name) || (called && word.empty()))
        names.emplace_back(name);
    }
  }
  return names;
}

}  // namespace bowline::docs
