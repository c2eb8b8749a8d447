// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "tools/tidy_text.h"

// The rules that a machine can check, as functions from text to findings. There is no list of
// exceptions: who needs one changes the rule, for all files, in the open.
namespace bowline::tidy {

// Of one folder: what its sources may include. A folder may always include itself.
struct Layer {
  std::string_view folder;
  std::string_view inside;   // folders of this project, separated by blanks; "*" for all of them
  std::string_view outside;  // beginnings of headers besides the C++ library's; "*" for any
};
std::span<const Layer> layers();
const Layer* layer_named(std::string_view folder);

// tidy_layers.cc: who may include whom, and who may call what
void check_includes(const Source& source, const Tree& tree, Findings& findings);
void check_banned(const Source& source, Findings& findings);

// tidy_style.cc: how a file looks
void check_text(const Source& source, Findings& findings);
void check_cpp(const Source& source, Findings& findings);

// tidy_tree.cc: how files belong together
void check_named_in_cmake(const Source& source, const Tree& tree, Findings& findings);
void check_links(const Source& source, const Tree& tree, Findings& findings);

// What the protocol and its proof weigh, in lines without blanks and comments.
struct Weight {
  std::size_t code = 0;
  std::size_t tests = 0;   // sources
  std::size_t golden = 0;  // stories, which are tests, too
};
Weight weigh_raft(const Tree& tree);
std::string describe(const Weight& weight);
void check_weight(const Tree& tree, Findings& findings);

Findings check_all(const Tree& tree);

// `path:line: rule: what to do`
std::string describe(const Finding& finding);

}  // namespace bowline::tidy
