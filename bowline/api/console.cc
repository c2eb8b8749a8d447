// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/console.h"

#include <algorithm>
#include <deque>
#include <set>

#include "bowline/client/members.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"
#include "bowline/runtime/tls_network.h"

namespace bowline {

using client::Outcome;

class Console::Inside {
 public:
  Result<void> open(ConsoleOptions options) {
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

Console::Survey Console::survey() {
  using What = Result<wire::NodeReport>;
  Survey survey;
  std::set<std::string> known(inside_->route().peers().begin(), inside_->route().peers().end());
  std::deque<std::string> next(known.begin(), known.end());
  for (; !next.empty(); next.pop_front()) {
    wire::NodeReport all;
    Result<wire::NodeReport> page;
    for (bool more = true; more;) {
      const GroupId after = all.lines.empty() ? GroupId{} : all.lines.back().group;
      page = inside_->wait<What>([&](client::Admin& admin, env::Done<What> done) {
        admin.look_at_node(next.front(), {after, wire::most_groups_at_once}, std::move(done));
      });
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
