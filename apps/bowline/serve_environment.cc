// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_environment.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include <unistd.h>

namespace bowline::apps {
namespace {

constexpr std::string_view prefix = "ETCD_";

std::unexpected<Error> refused_variable(std::string what) {
  return std::unexpected(Error{Fault::invalid, std::move(what)});
}

// Each name of each flag has its own.
std::map<std::string, const CLI::Option*> flags_by_variable(const CLI::App& app) {
  std::map<std::string, const CLI::Option*> all;
  for (const CLI::Option* const option : app.get_options())
    for (const std::string& name : option->get_lnames()) all[variable_of("--" + name)] = option;
  return all;
}

}  // namespace

Variables etcd_variables() {
  Variables all;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string_view text = *one;
    const std::size_t equals = text.find('=');
    if (!text.starts_with(prefix) || equals >= text.size() - 1) continue;
    all.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return all;
}

std::string variable_of(std::string_view flag) {
  std::string name(prefix);
  for (const char c : flag.substr(2))
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

Result<std::vector<std::string>> take_variables(const CLI::App& given, const Variables& variables,
                                                ServeFlags& flags) {
  CLI::App app;
  app.set_help_flag();
  flags.add_to(app);
  const auto known = flags_by_variable(app);
  std::vector<std::string> words;
  std::vector<std::string> told;
  for (const auto& [variable, value] : variables) {
    const auto found = known.find(variable);
    if (found == known.end()) {
      told.push_back(variable + " does nothing: no flag has this variable");
      continue;
    }
    const std::string flag = "--" + found->second->get_lnames().front();
    if (given.get_option(flag)->count() > 0)
      return refused_variable("conflicting environment variable \"" + variable +
                              "\" is shadowed by corresponding command-line flag (either unset "
                              "environment variable or disable flag)");
    words.push_back(flag);
    words.back() += "=" + value;
  }
  std::ranges::reverse(words);  // as CLI11 takes them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return refused_variable(std::string("a variable of the environment says what cannot be: ") +
                            error.what());
  }
  return told;
}

}  // namespace bowline::apps
