// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "bowline/api/console.h"

namespace bowline::apps {

struct GroupArguments {
  std::vector<std::string> peers;
  std::string certificate, key, cluster;
  std::vector<std::string> authorities;
  double within = 10;
  bool json = false;

  std::uint64_t group = 0;
  std::uint64_t node = 0;
  std::string address, metadata, at;
  bool learner = false;
  unsigned priority = raft::default_priority;
  std::int64_t expected = -1;  // below 0: not given
  std::uint64_t anew = 0;
  std::vector<std::string> voters, learners;  // all that are wanted: ID, or ID=HOST:PORT
  bool sure = false;
  bool even_a_member = false, everywhere = false;
  std::size_t most = 1000;
  bool only_show = false;
};

// Administers groups over the wire.
class GroupVerbs {
 public:
  explicit GroupVerbs(CLI::App&);
  bool parsed() const { return group_->parsed(); }
  int run();

 private:
  CLI::App* add(const std::string& name, const std::string& what, bool of_one_group = true);
  CLI::App* add_change(const std::string& name, const std::string& what);
  static void add_expect(CLI::App&, GroupArguments&);
  void add_reach(CLI::App&);
  int run(Console&);
  void describe_last_resorts();
  int change(Console&);
  int set_members(Console&);
  int destroy_everywhere(Console&);

  GroupArguments arguments_;
  CLI::App* group_;
  CLI::App *list_, *status_, *members_;
  CLI::App *add_, *remove_, *promote_, *demote_, *set_members_, *cancel_;
  CLI::App *transfer_, *snapshot_, *recover_, *destroy_, *rebalance_;
};

}  // namespace bowline::apps
