// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include <CLI/CLI.hpp>

#include "apps/bowline/log_files.h"
#include "apps/bowline/style.h"

namespace bowline::apps {

inline constexpr int all_is_well = 0;
inline constexpr int something_is_wrong = 1;
inline constexpr int nobody_knows = 3;
inline constexpr int bad_usage = 2;

struct WalArguments {
  std::string directory;
  Style style = Style::plain;
  std::uint64_t group = 0;
  std::uint64_t segment = 0;
  bool only_group = false;
  bool entries = false;
};

class WalVerbs {
 public:
  explicit WalVerbs(CLI::App&);
  bool parsed() const { return wal_->parsed(); }
  int run();

 private:
  CLI::App* add(const std::string& name, const std::string& what);

  WalArguments arguments_;
  CLI::App* wal_;
  CLI::App* dump_;
  CLI::App* verify_;
  CLI::App* stat_;
  CLI::Option* group_;
};

// What each of them prints.
int verify(const LogFiles&, const WalArguments&);
int dump(const LogFiles&, const WalArguments&);
int stat(const LogFiles&, const WalArguments&);

// What they have in common: whose log it is, and who has it open.
std::string heading(const LogFiles&);

}  // namespace bowline::apps
