// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <string>

#include <CLI/CLI.hpp>

// What numbers on the command line have to be. CLI11 takes -1 for a number without a sign, and
// makes 18446744073709551615 of it.
namespace bowline::apps {

// For options that are given once or many times. That it is a number at all is seen later.
inline CLI::Validator at_least(int least) {
  return {[least](std::string& text) -> std::string {
            const bool is_zero = std::ranges::all_of(text, [](char c) { return c == '0'; });
            if (!text.starts_with('-') && (least <= 0 || !is_zero)) return {};
            return "must be at least " + std::to_string(least) + ", and not " + text;
          },
          ""};
}

}  // namespace bowline::apps
