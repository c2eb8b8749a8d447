// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <CLI/CLI.hpp>

namespace bowline::apps {

// How answers are printed: for people and shells, as a table, for programs.
enum class Style { plain, table, json };

// -o, --output: plain, table or json. What `style` is before is what it is without.
CLI::Option* add_output_option(CLI::App& verb, Style& style);

}  // namespace bowline::apps
