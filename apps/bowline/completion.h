// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include <CLI/CLI.hpp>

namespace bowline::apps {

// `bowline completion bash` and `zsh`: what the shell needs to offer verbs and options. It is made
// of the verbs themselves, so it knows all of them.
class CompletionVerb {
 public:
  explicit CompletionVerb(CLI::App&);
  bool parsed() const { return verb_->parsed(); }
  int run() const;

 private:
  CLI::App& app_;
  CLI::App* verb_;
  std::string shell_;
};

}  // namespace bowline::apps
