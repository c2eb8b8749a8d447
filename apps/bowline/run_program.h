// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

// For tests of the program as people call it.
namespace bowline::apps {

struct Ran {
  int status = -1;  // -1: it did not end by itself
  std::string out;  // and what it complained of

  std::string last_line() const;
};

// build/bowline, with these arguments as one types them.
Ran run_program(const std::string& arguments);

// The same on a terminal of its own, and what that is sent.
Ran run_on_terminal(const std::string& arguments);

}  // namespace bowline::apps
