// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bowline/serve_options.h"

namespace bowline::apps {

// `bowline serve`: one member of a cluster that speaks etcd's API, until it is told to end.
class ServeVerb {
 public:
  explicit ServeVerb(CLI::App& app);
  // One dash before a flag is as good as two, for who is used to etcd's.
  static void read_as_go_does(std::vector<std::string>& words);
  bool parsed() const { return verb_->parsed(); }
  int run() const;

 private:
  Result<ServeFlags> said(std::vector<std::string>& told) const;

  CLI::App* verb_;
  ServeFlags flags_;
};

}  // namespace bowline::apps
