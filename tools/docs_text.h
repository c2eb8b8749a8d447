// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What pages of documentation say that a machine can check: commands, blocks of code, names.
namespace bowline::docs {

// One command of a page, in words. A line with `&&`, `;` or `|` holds several.
struct Command {
  std::size_t line = 0;
  std::vector<std::string> words;
  std::string text() const;
};

// A piece of `code` between words.
struct Span {
  std::size_t line = 0;
  std::string text;
};

// From four places: blocks fenced as sh, indented blocks, spans that begin like a command, and
// lines of other text that call the program `bowline`. A line that ends with \ goes on in the next.
std::vector<Command> commands_of(std::string_view page);

// The first block fenced with this word, without its fences.
std::optional<std::string> block_of(std::string_view page, std::string_view word);

// Outside of blocks.
std::vector<Span> spans_of(std::string_view page);

// The words of a span that must mean something in the sources: names with an underscore, names of
// functions, names of types, names of files.
std::vector<std::string> names_in(std::string_view span);

}  // namespace bowline::docs
