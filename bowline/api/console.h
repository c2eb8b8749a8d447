// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/client/admin.h"
#include "bowline/client/spread.h"
#include "bowline/raft/membership.h"
#include "bowline/runtime/tls_options.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"

namespace bowline {

struct ConsoleOptions {
  std::vector<std::string> peers;  // "host:port" of some nodes; the others are found
  std::string name;                // yours, for people
  std::string cluster;             // the nodes must be of it; empty: what the certificate names
  runtime::TlsOptions tls;         // a certificate that names an admin, if the nodes have some
  Duration within = std::chrono::seconds(10);  // an answer
};

// Administers a cluster from another process: for scripts, and for programs that have time to wait.
// Each call returns when it is answered. Belongs to one thread. The nodes have to allow it
// (NodeOptions::operators). client::Admin is the same for those who must not wait.
class Console {
  class Inside;
  struct Private {};  // only open() makes one

 public:
  Console(Private, std::unique_ptr<Inside>);
  static Result<std::unique_ptr<Console>> open(ConsoleOptions);
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  // As its leader sees it; if there is none, as somebody else does.
  Result<wire::GroupReport> look(GroupId);
  Result<wire::GroupReport> look_at(const std::string& address, GroupId);

  // Members, at whoever leads. `expected`: only if this is still the configuration
  // (GroupReport::members_at); else the one that is there now.
  client::Outcome add(GroupId, raft::Wanted, std::optional<Index> expected = {});
  client::Outcome remove(GroupId, NodeId, std::optional<Index> expected = {});
  client::Outcome set_standing(GroupId, NodeId, raft::Standing, std::optional<Index> expected = {});
  // All that are wanted, in one step: whoever is not named leaves, newcomers catch up first.
  client::Outcome change_members(GroupId, std::vector<raft::Wanted>,
                                 std::optional<Index> expected = {});
  client::Outcome cancel_change(GroupId);
  client::Outcome transfer(GroupId, NodeId to = {});

  // At that node.
  client::Outcome snapshot(const std::string& address, GroupId);
  client::Outcome recover(const std::string& address, GroupId, ClusterId anew);
  // Nothing of the group is left there, neither in memory nor on its disk. Refused while that node
  // is a member, as the leader says; or as it says itself, if nobody leads. The node has to allow
  // it: host::Operators::Options::may_destroy.
  client::Outcome destroy(const std::string& address, GroupId, bool even_a_member = false);
  // On all of its members, those who follow first, until one does not do it. An error: it was not
  // begun, since the group has no leader, or not all of them can be reached.
  struct Destroyed {
    NodeId node;
    std::string address;
    client::Outcome outcome;
  };
  Result<std::vector<Destroyed>> destroy_everywhere(GroupId);

  // All nodes that can be reached, with all their groups; and why others could not.
  struct Survey {
    std::vector<wire::NodeReport> nodes;
    std::vector<std::pair<std::string, std::string>> silent;
  };
  Survey survey();
  // Leaders are spread over the nodes: which were asked to move, and what became of that.
  struct Moved {
    client::Move move;
    client::Outcome outcome;
  };
  std::vector<Moved> rebalance(const Survey&, std::size_t most);

 private:
  std::unique_ptr<Inside> inside_;
};

}  // namespace bowline
