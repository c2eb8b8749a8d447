// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

namespace bowline::apps {

// `bowline recover`: a node that is stopped is made to go on alone, from its next start on.
class RecoverVerb {
 public:
  explicit RecoverVerb(CLI::App& app);
  bool parsed() const { return verb_->parsed(); }
  int run() const;

 private:
  CLI::App* verb_;
  std::string directory_;
  std::uint64_t group_ = 0;
  std::uint64_t cluster_ = 0;
  bool yes_ = false;
  bool cached_ = false;
};

}  // namespace bowline::apps
