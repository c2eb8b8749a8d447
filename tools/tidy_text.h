// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bowline::tidy {

using Lines = std::vector<std::string>;

// One text file of the repository. `code` has the same lines and columns as `lines`, but comments
// and the insides of literals are blank there: rules about C++ look at `code`, so that a word in a
// comment or in a message offends nobody.
struct Source {
  std::string path;  // from the root of the repository, with slashes
  std::string text;
  Lines lines;
  Lines code;

  bool ends_with(std::string_view end) const { return path.ends_with(end); }
  bool is_cpp() const { return ends_with(".h") || ends_with(".cc"); }
};

Source make_source(std::string path, std::string text);

// All text files by path.
using Tree = std::map<std::string, Source>;

struct Finding {
  std::string path;
  std::size_t line = 0;  // the first line is 1
  std::string rule;
  std::string advice;
};
using Findings = std::vector<Finding>;

Lines split_lines(std::string_view text);
std::string blank_comments_and_literals(std::string_view text);

bool is_word_char(char c);
bool is_blank(std::string_view line);
std::string_view trim(std::string_view text);

// Where `word` stands in `line` as a word of its own, from `from` on; npos when it does not. An end
// of `word` that is not a letter, digit or underscore needs no boundary: `rand(` is found as such.
std::size_t find_word(std::string_view line, std::string_view word, std::size_t from = 0);

std::string_view file_name(std::string_view path);
std::string_view folder_of(std::string_view path);  // "" for a file in the root

// `raft` for bowline/raft/core.h, `apps` for apps/sim/main.cc, "" for a file in the root.
std::string_view layer_of(std::string_view path);

// Tests, fuzzers, benchmarks, and what only they use: golden_*, test_*, *_testing.
bool is_test(std::string_view path);

struct Include {
  std::size_t line = 0;
  std::string name;
  bool quoted = false;
};
std::vector<Include> includes_of(const Source& source);

}  // namespace bowline::tidy
