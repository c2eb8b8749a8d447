// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/style.h"

#include <string>

namespace bowline::apps {

CLI::Option* add_output_option(CLI::App& verb, Style& style) {
  return verb
      .add_option_function<std::string>(
          "-o,--output",
          [&style](const std::string& said) {
            style = said == "json" ? Style::json : said == "table" ? Style::table : Style::plain;
          },
          "plain, table or json")
      ->check(CLI::IsMember({"plain", "table", "json"}))
      ->default_str("plain");
}

}  // namespace bowline::apps
