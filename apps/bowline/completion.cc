// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/completion.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>

#include "apps/bowline/wal.h"

namespace bowline::apps {
namespace {

// The words that may follow these verbs: verbs below them, and options.
std::string words_of(const CLI::App& app) {
  std::string words;
  const auto add = [&words](const std::string& word) {
    words += (words.empty() ? "" : " ") + word;
  };
  for (const CLI::App* verb : app.get_subcommands({})) add(verb->get_name());
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // taken, and without a meaning
    for (const std::string& name : option->get_lnames()) add("--" + name);
    for (const std::string& name : option->get_snames()) add("-" + name);
  }
  return words;
}

// A line of a `case` for each verb: "wal dump") offered="..." ;;
std::string cases_of(const CLI::App& app, const std::string& path) {
  std::string text = "    \"" + path + "\") offered=\"" + words_of(app) + "\" ;;\n";
  for (const CLI::App* verb : app.get_subcommands({}))
    text += cases_of(*verb, path.empty() ? verb->get_name() : path + " " + verb->get_name());
  return text;
}

// Those of a fixed set, which a check of the option names so: TEXT:{ascend,descend}.
std::string values_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{');
  const std::size_t end = type.find('}', std::min(begin, type.size()));
  if (end == std::string::npos) return "";
  std::string values = type.substr(begin + 1, end - begin - 1);
  std::ranges::replace(values, ',', ' ');
  return values;
}

// Likewise: "get --order") offered="ascend descend" ;;
std::string value_cases_of(const CLI::App& app, const std::string& path) {
  std::string text;
  for (const CLI::Option* option : app.get_options()) {
    const std::string values = values_of(*option);
    if (values.empty() || option->get_group().empty()) continue;
    std::string names;
    const auto add = [&](const std::string& name) {
      names += (names.empty() ? "\"" : " | \"") + path + " " + name + "\"";
    };
    for (const std::string& name : option->get_lnames()) add("--" + name);
    for (const std::string& name : option->get_snames()) add("-" + name);
    if (!names.empty()) text += "    " + names + ") offered=\"" + values + "\" ;;\n";
  }
  for (const CLI::App* verb : app.get_subcommands({}))
    text += value_cases_of(*verb, path.empty() ? verb->get_name() : path + " " + verb->get_name());
  return text;
}

// Verbs are what stands before the first option; what is no verb ends them. With zsh some names are
// taken: `path` is where it looks for programs, `words` is its own.
std::string script_of(const CLI::App& app) {
  return R"(_bowline() {
  local offered= verbs= word known candidate
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
  # bash takes --order=ascend for three words
  if [[ $current == = ]]; then
    current=
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "${COMP_WORDS[@]:1:$((COMP_CWORD - 1))}"; do
    [[ $word == -* ]] && break
    _bowline_words "$verbs"
    known=
    for candidate in $offered; do
      [[ $candidate == "$word" ]] && known=yes
    done
    [[ -n $known ]] || break
    verbs=${verbs:+$verbs }$word
  done
  offered=
  [[ $before != -* ]] || _bowline_values "$verbs $before"
  [[ -n $offered ]] || _bowline_words "$verbs"
  local IFS=$' \t\n'
  COMPREPLY=($(compgen -W "$offered" -- "$current"))
}
_bowline_words() {
  offered=
  case $1 in
)" + cases_of(app, "") +
         R"(  esac
}
_bowline_values() {
  offered=
  case $1 in
)" + value_cases_of(app, "") +
         R"(  esac
}
complete -o default -F _bowline bowline
)";
}

}  // namespace

CompletionVerb::CompletionVerb(CLI::App& app)
    : app_(app),
      verb_(app.add_subcommand("completion", "A script that lets the shell offer verbs")) {
  verb_->add_option("SHELL", shell_, "bash or zsh")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
  verb_->footer(
      "For this shell:     source <(bowline completion bash)\n"
      "For all of yours:   bowline completion bash > "
      "~/.local/share/bash-completion/completions/bowline\n"
      "With zsh:           source <(bowline completion zsh), in ~/.zshrc after compinit");
}

int CompletionVerb::run() const {
  std::string text = "# For " + shell_ + ". Made by: bowline completion " + shell_ + "\n";
  // zsh reads scripts for bash, once it is told to.
  if (shell_ == "zsh") text += "autoload -U +X bashcompinit && bashcompinit\n";
  text += script_of(app_);
  std::fputs(text.c_str(), stdout);
  return all_is_well;
}

}  // namespace bowline::apps
