// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/wire/answer.h"

namespace bowline::client {

// Where to ask for a group: at its leader, as far as we know it; else at one node after the other.
class Route {
 public:
  explicit Route(std::vector<std::string> peers) : peers_(std::move(peers)) {}

  std::string next(GroupId);                         // whom to ask now
  void leads(GroupId, std::string address);          // somebody said so
  void failed(GroupId, const std::string& address);  // it does not lead, or is not there
  void learn(const wire::GroupReport&);              // its members, and who leads
  const std::vector<std::string>& peers() const { return peers_; }  // all that were ever heard of

 private:
  // What nodes say is not believed without end.
  static constexpr std::size_t most_peers = 1024;

  struct Known {
    std::string leader;  // empty: not known
    std::size_t turn = 0;
  };
  void add(const std::string& address);

  std::vector<std::string> peers_;
  std::map<GroupId, Known> groups_;
};

}  // namespace bowline::client
