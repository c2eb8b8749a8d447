// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/console.h"

#include <algorithm>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "bowline/client/members.h"
#include "bowline/host/options.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"
#include "bowline/runtime/tls_network.h"

namespace bowline {

using client::Outcome;

namespace {

std::string words_of(NodeId id) { return "node " + std::to_string(id.value); }

}  // namespace

class Console::Inside {
 public:
  Result<void> open(ConsoleOptions options) {
    if (std::string fault = host::fault_of_lengths({{"within", options.within},
                                                    {"tls.greet_within", options.tls.greet_within},
                                                    {"tls.look_every", options.tls.look_every}});
        !fault.empty())
      return std::unexpected(Error{Fault::invalid, "the options of a console: " + fault});
    client::Admin::Options admin;
    admin.peers = options.peers;
    admin.name = options.name;
    admin.within = options.within;
    admin.look_within = std::min(admin.look_within, options.within);
    admin.try_within = std::min(admin.try_within, options.within);
    Result<env::Network*> network = make_network(options);
    if (!network) return std::unexpected(network.error());
    admin.cluster = options.cluster;
    if (std::string fault = admin.fault(); !fault.empty())
      return std::unexpected(Error{Fault::invalid, "the options of a console: " + fault});
    admin_ = std::make_unique<client::Admin>(loop_, loop_.clock(), **network, std::move(admin));
    return {};
  }

  // Until it is answered, which the client sees to.
  template <class What>
  What wait(const std::function<void(client::Admin&, env::Done<What>)>& ask) {
    std::optional<What> kept;
    ask(*admin_, [&kept](What what) { kept = std::move(what); });
    loop_.run_until([&kept] { return kept.has_value(); });
    return *std::move(kept);
  }
  Outcome change(wire::Asked what) {
    return wait<Outcome>([&](client::Admin& admin, env::Done<Outcome> done) {
      admin.change(std::move(what), std::move(done));
    });
  }
  Outcome change_at(const std::string& address, wire::Asked what) {
    return wait<Outcome>([&](client::Admin& admin, env::Done<Outcome> done) {
      admin.change_at(address, std::move(what), std::move(done));
    });
  }
  // What was made of the members as they are now, if it could be.
  Outcome change(Console& console, GroupId group,
                 const std::function<Result<wire::AskMembers>(const wire::GroupReport&)>& made) {
    const Result<wire::GroupReport> report = console.look(group);
    if (!report) return wire::Declined{wire::Why::later, report.error().what, {}, {}};
    Result<wire::AskMembers> ask = made(*report);
    if (!ask) return wire::Declined{wire::Why::never, ask.error().what, {}, {}};
    return change(*std::move(ask));
  }
  Result<wire::NodeReport> look_at_node(const std::string& address, wire::AskNode ask) {
    using What = Result<wire::NodeReport>;
    return wait<What>([&](client::Admin& admin, env::Done<What> done) {
      admin.look_at_node(address, ask, std::move(done));
    });
  }
  const client::Route& route() const { return admin_->route(); }

 private:
  Result<env::Network*> make_network(ConsoleOptions& options) {
    network_ = std::make_unique<runtime::Network>(loop_);
    if (!options.tls.is_on()) return network_.get();
    if (std::string fault = options.tls.fault(); !fault.empty())
      return std::unexpected(Error{Fault::invalid, "the options of a console: " + fault});
    auto tls = runtime::TlsNetwork::open(loop_, loop_.clock(), *network_, options.tls,
                                         {.node = {}, .cluster = options.cluster},
                                         [](const std::string&, const std::string&) {});
    if (!tls) return std::unexpected(tls.error());
    tls_ = *std::move(tls);
    options.cluster = tls_->self().cluster;
    return tls_.get();
  }

  runtime::Loop loop_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<runtime::TlsNetwork> tls_;
  std::unique_ptr<client::Admin> admin_;
};

Console::Console(Private, std::unique_ptr<Inside> inside) : inside_(std::move(inside)) {}
Console::~Console() = default;

Result<std::unique_ptr<Console>> Console::open(ConsoleOptions options) {
  auto inside = std::make_unique<Inside>();
  if (Result<void> opened = inside->open(std::move(options)); !opened)
    return std::unexpected(opened.error());
  return std::make_unique<Console>(Private{}, std::move(inside));
}

Result<wire::GroupReport> Console::look(GroupId group) {
  using What = Result<wire::GroupReport>;
  return inside_->wait<What>(
      [&](client::Admin& admin, env::Done<What> done) { admin.look(group, std::move(done)); });
}

Result<wire::GroupReport> Console::look_at(const std::string& address, GroupId group) {
  using What = Result<wire::GroupReport>;
  return inside_->wait<What>([&](client::Admin& admin, env::Done<What> done) {
    admin.look_at(address, group, std::move(done));
  });
}

Outcome Console::add(GroupId group, raft::Wanted one, std::optional<Index> expected) {
  return inside_->change(*this, group, [&](const wire::GroupReport& report) {
    return client::with_member(report, one, expected);
  });
}

Outcome Console::remove(GroupId group, NodeId id, std::optional<Index> expected) {
  return inside_->change(*this, group, [&](const wire::GroupReport& report) {
    return client::without_member(report, id, expected);
  });
}

Outcome Console::set_standing(GroupId group, NodeId id, raft::Standing standing,
                              std::optional<Index> expected) {
  return inside_->change(*this, group, [&](const wire::GroupReport& report) {
    return client::with_standing(report, id, standing, expected);
  });
}

Outcome Console::change_members(GroupId group, std::vector<raft::Wanted> wanted,
                                std::optional<Index> expected) {
  return inside_->change(*this, group, [&](const wire::GroupReport& report) {
    return client::with_members(report, std::move(wanted), expected);
  });
}

Outcome Console::cancel_change(GroupId group) { return inside_->change(wire::AskCancel{group}); }

Outcome Console::transfer(GroupId group, NodeId to) {
  return inside_->change(wire::AskTransfer{group, to});
}

Outcome Console::snapshot(const std::string& address, GroupId group) {
  return inside_->change_at(address, wire::AskSnapshot{group});
}

Outcome Console::recover(const std::string& address, GroupId group, ClusterId anew) {
  return inside_->change_at(address, wire::AskRecover{group, anew});
}

// Of one that was removed while it was away, only the leader knows.
Outcome Console::destroy(const std::string& address, GroupId group, bool even_a_member) {
  if (even_a_member) return inside_->change_at(address, wire::AskDestroy{group, true});
  const Result<wire::NodeReport> node = inside_->look_at_node(address, {{}, 1});
  if (!node) return wire::Declined{wire::Why::later, node.error().what, {}, {}};
  const Result<wire::GroupReport> report = look(group);
  const bool is_led = report && report->role == raft::Role::leader;
  if (is_led && report->members.find(node->id) != nullptr)
    return wire::Declined{wire::Why::never,
                          words_of(node->id) +
                              " is a member still: remove it first, or destroy the group on all "
                              "of its members",
                          {},
                          {}};
  return inside_->change_at(address, wire::AskDestroy{group, is_led});
}

Result<std::vector<Console::Destroyed>> Console::destroy_everywhere(GroupId group) {
  const Result<wire::GroupReport> report = look(group);
  if (!report) return std::unexpected(report.error());
  if (report->role != raft::Role::leader)
    return std::unexpected(
        Error{Fault::unreachable, "nobody leads group " + std::to_string(group.value) +
                                      ", so who its members are is not certain, and nothing was "
                                      "done: destroy it node by node"});
  std::vector<raft::Member> members(report->members.members.begin(), report->members.members.end());
  // Those who follow go first.
  const auto led = std::ranges::find(members, report->leader, &raft::Member::id);
  if (led != members.end()) std::rotate(led, led + 1, members.end());
  for (const raft::Member& member : members) {
    const std::string address(member.address.view());
    const Result<wire::NodeReport> node = inside_->look_at_node(address, {{}, 1});
    if (node && node->id == member.id) continue;
    const std::string why = node ? words_of(node->id) + " is at " + address : node.error().what;
    return std::unexpected(
        Error{Fault::unreachable, words_of(member.id) + " cannot be reached (" + why +
                                      "), and nothing was done: remove it from the group first"});
  }
  std::vector<Destroyed> all;
  for (const raft::Member& member : members) {
    const std::string address(member.address.view());
    Outcome outcome = destroy(address, group, true);
    // It may be gone there already, since this is tried once more.
    if (const auto* const no = std::get_if<wire::Declined>(&outcome);
        no != nullptr && no->why == wire::Why::not_here)
      outcome = wire::Done{};
    all.push_back({member.id, address, std::move(outcome)});
    if (!std::holds_alternative<wire::Done>(all.back().outcome)) break;
  }
  return all;
}

Console::Survey Console::survey() {
  Survey survey;
  std::set<std::string> known(inside_->route().peers().begin(), inside_->route().peers().end());
  std::deque<std::string> next(known.begin(), known.end());
  for (; !next.empty(); next.pop_front()) {
    wire::NodeReport all;
    Result<wire::NodeReport> page;
    for (bool more = true; more;) {
      const GroupId after = all.lines.empty() ? GroupId{} : all.lines.back().group;
      page = inside_->look_at_node(next.front(), {after, wire::most_groups_at_once});
      if (!page) break;
      more = page->more && !page->lines.empty();
      page->lines.insert(page->lines.begin(), all.lines.begin(), all.lines.end());
      all = *page;
    }
    if (!page) {
      survey.silent.emplace_back(next.front(), page.error().what);
      continue;
    }
    for (const wire::LinkReport& link : all.links)
      if (!link.address.empty() && known.insert(link.address).second) next.push_back(link.address);
    const bool twice = std::ranges::find(survey.nodes, all.id, &wire::NodeReport::id) !=
                       survey.nodes.end();  // under another address
    if (!twice) survey.nodes.push_back(std::move(all));
  }
  return survey;
}

std::vector<Console::Moved> Console::rebalance(const Survey& survey, std::size_t most) {
  std::vector<Moved> moved;
  for (const client::Move& move : client::spread(survey.nodes, most))
    moved.push_back({move, transfer(move.group, move.to)});
  return moved;
}

}  // namespace bowline
