// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/group.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "apps/bowline/group_view.h"
#include "apps/bowline/numbers.h"
#include "apps/bowline/wal.h"

namespace bowline::apps {
namespace {

int say(const std::string& text) {
  std::fputs(text.c_str(), stdout);
  return all_is_well;
}

int complain(const std::string& why, int status) {
  std::fprintf(stderr, "bowline: %s\n", why.c_str());
  return status;
}

int status_of(const client::Outcome& outcome) {
  if (std::holds_alternative<wire::Done>(outcome)) return all_is_well;
  return std::holds_alternative<wire::Unsure>(outcome) ? nobody_knows : something_is_wrong;
}

int tell(const client::Outcome& outcome, bool json) {
  const int status = status_of(outcome);
  if (json || status == all_is_well) return say(text_of(outcome, json)), status;
  return complain(text_of(outcome, false), status);
}

// "4", or "4=10.0.0.4:2380".
Result<raft::Wanted> member_in(const std::string& text, raft::Standing standing) {
  raft::Wanted one{.standing = standing};
  const std::size_t end = std::min(text.find('='), text.size());
  const auto [rest, error] = std::from_chars(text.data(), text.data() + end, one.id.value);
  if (error != std::errc() || rest != text.data() + end || !one.id)
    return std::unexpected(
        Error{Fault::invalid, "\"" + text + "\" names no member: NODE, or NODE=HOST:PORT"});
  if (end < text.size()) one.address = text.substr(end + 1);
  return one;
}

Result<std::vector<raft::Wanted>> members_in(const std::vector<std::string>& voters,
                                             const std::vector<std::string>& learners) {
  std::vector<raft::Wanted> all;
  for (const auto& [texts, standing] :
       {std::pair(&voters, raft::Standing::voter), std::pair(&learners, raft::Standing::learner)})
    for (const std::string& text : *texts) {
      Result<raft::Wanted> one = member_in(text, standing);
      if (!one) return std::unexpected(one.error());
      all.push_back(*std::move(one));
    }
  return all;
}

std::vector<raft::Wanted> kept_of(const raft::Membership& members,
                                  std::vector<raft::Wanted> wanted) {
  for (raft::Wanted& one : wanted) {
    const raft::Member* const member = members.find(one.id);
    if (member == nullptr) continue;
    if (one.address.empty()) one.address = member->address.view();
    one.priority = member->priority;
    one.metadata = member->metadata.view();
  }
  return wanted;
}

}  // namespace

GroupVerbs::GroupVerbs(CLI::App& app)
    : group_(app.add_subcommand("group", "Administer groups, over the wire")),
      list_(add("list", "All groups of all nodes, and who leads them", false)),
      status_(add("status", "How a group stands, as its leader sees it")),
      members_(add("members", "Who is a member of a group")),
      add_(add_change("add", "A new member; it catches up before it votes")),
      remove_(add_change("remove", "A member leaves")),
      promote_(add_change("promote", "A learner becomes a voter")),
      demote_(add_change("demote", "A voter becomes a learner")),
      set_members_(add("set-members", "All members that are wanted, in one step")),
      cancel_(add("cancel", "Take back the change of members that is under way")),
      transfer_(add("transfer", "Hand leadership over")),
      snapshot_(add("snapshot", "Take a snapshot on a node, now")),
      recover_(add("recover", "The other voters are gone for good: one node goes on alone")),
      destroy_(add("destroy", "Leave nothing of a group on a node, or on all of its members")),
      rebalance_(add("rebalance", "Spread the leaders of all groups over the nodes", false)) {
  add_->add_option("--address", arguments_.address, "Where it listens: HOST:PORT")->required();
  add_->add_flag("--learner", arguments_.learner, "It never votes, unless it is promoted");
  add_->add_option("--priority", arguments_.priority, "The higher, the sooner it leads; 0: never")
      ->check(CLI::Range(0, 255));
  add_->add_option("--metadata", arguments_.metadata, "Whatever you like to keep with it");
  set_members_
      ->add_option("--voter", arguments_.voters,
                   "NODE, or NODE=HOST:PORT if it is new; of several, repeat it")
      ->required();
  set_members_->add_option("--learner", arguments_.learners, "The same, of one that never votes");
  add_expect(*set_members_, arguments_);
  set_members_->footer(
      "Who is not named leaves. A member that is named keeps its address unless "
      "you give one, its priority and its metadata.");
  transfer_->add_option("--to", arguments_.node, "To this node; else to whoever is best");
  for (CLI::App* const verb : {snapshot_, recover_})
    verb->add_option("--at", arguments_.at, "The node: HOST:PORT")->required();
  describe_last_resorts();
  rebalance_->add_option("--most", arguments_.most, "So many groups move")->check(at_least(1));
  rebalance_->add_flag("--only-show", arguments_.only_show, "Which would move");
  group_->require_subcommand(1);
  group_->footer(
      "Ends with 0: done.\n"
      "          1: refused, it was not done and will not be; or nobody could be asked.\n"
      "          2: this cannot be asked for.\n"
      "          3: nobody knows: it may be done, or become so. Look before you ask again.\n"
      "The nodes have to allow it: NodeOptions::operators, see docs/ADMIN.md.");
}

void GroupVerbs::describe_last_resorts() {
  recover_->add_option("--cluster-id", arguments_.anew, "A new one, that was never used")
      ->required()
      ->check(at_least(1));
  recover_->add_flag("--lose-what-others-have", arguments_.sure,
                     "You know that entries may be lost, and that the others must not come back");
  CLI::Option* const at = destroy_->add_option("--at", arguments_.at, "On this node: HOST:PORT");
  CLI::Option* const everywhere = destroy_->add_flag(
      "--everywhere", arguments_.everywhere, "On all of its members, if all can be reached");
  CLI::Option* const even =
      destroy_->add_flag("--even-a-member", arguments_.even_a_member,
                         "Also if it is a member still: when the others are gone for good");
  at->excludes(everywhere);
  even->needs(at);
  destroy_->add_flag("--lose-what-it-has", arguments_.sure,
                     "You know that what the group has there is gone for ever");
}

void GroupVerbs::add_reach(CLI::App& verb) {
  verb.add_option("--peer", arguments_.peers, "HOST:PORT of a node; of several, repeat it")
      ->required();
  verb.add_option("--certificate", arguments_.certificate, "Yours, that names an admin");
  verb.add_option("--key", arguments_.key, "Of the certificate");
  verb.add_option("--authority", arguments_.authorities, "Whose certificates you trust");
  verb.add_option("--cluster", arguments_.cluster, "The nodes must be of this cluster");
  verb.add_option("--within", arguments_.within, "Seconds for an answer")->check(at_least(1));
  verb.add_flag("--json", arguments_.json, "For programs");
}

CLI::App* GroupVerbs::add(const std::string& name, const std::string& what, bool of_one_group) {
  CLI::App* const verb = group_->add_subcommand(name, what);
  if (of_one_group)
    verb->add_option("GROUP", arguments_.group, "Its number")->required()->check(at_least(1));
  add_reach(*verb);
  return verb;
}

CLI::App* GroupVerbs::add_change(const std::string& name, const std::string& what) {
  CLI::App* const verb = add(name, what);
  verb->add_option("--node", arguments_.node, "Which")->required()->check(at_least(1));
  add_expect(*verb, arguments_);
  return verb;
}

void GroupVerbs::add_expect(CLI::App& verb, GroupArguments& arguments) {
  verb.add_option("--expect", arguments.expected,
                  "Only if the members are still those of this entry, as `members` shows it")
      ->check(at_least(0));
}

int GroupVerbs::run() {
  if (recover_->parsed() && !arguments_.sure)
    return complain(
        "this node goes on with what it has: what only others had is lost, and they must never "
        "come back. If you want that, add --lose-what-others-have",
        bad_usage);
  if (destroy_->parsed() && arguments_.at.empty() && !arguments_.everywhere)
    return complain("say where: on one node, --at, or on all members, --everywhere", bad_usage);
  if (destroy_->parsed() && !arguments_.sure)
    return complain(
        "what the group has there will be gone for ever. If you want that, add --lose-what-it-has",
        bad_usage);
  ConsoleOptions options;
  options.peers = arguments_.peers;
  options.cluster = arguments_.cluster;
  options.tls.certificate = arguments_.certificate;
  options.tls.key = arguments_.key;
  options.tls.authorities = arguments_.authorities;
  // Of more than some hundred years there would be no number; a year is too long already.
  options.within = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(std::min(arguments_.within, 1e9)));
  const Result<std::unique_ptr<Console>> console = Console::open(std::move(options));
  if (!console) return complain(console.error().what, bad_usage);
  return run(**console);
}

int GroupVerbs::run(Console& console) {
  const bool json = arguments_.json;
  if (list_->parsed()) return say(text_of(console.survey(), json));
  if (rebalance_->parsed()) {
    const Console::Survey survey = console.survey();
    if (arguments_.only_show)
      return say(text_of(client::spread(survey.nodes, arguments_.most), json));
    const std::vector<Console::Moved> moved = console.rebalance(survey, arguments_.most);
    say(text_of(moved, json));
    int status = survey.nodes.empty() ? something_is_wrong : all_is_well;
    for (const Console::Moved& one : moved) status = std::max(status, status_of(one.outcome));
    return status;
  }
  if (destroy_->parsed() && arguments_.everywhere) return destroy_everywhere(console);
  if (set_members_->parsed()) return set_members(console);
  if (!status_->parsed() && !members_->parsed()) return change(console);
  const Result<wire::GroupReport> report = console.look(GroupId{arguments_.group});
  if (!report) return complain(report.error().what, something_is_wrong);
  return say(members_->parsed() ? members_text(*report, json) : status_text(*report, json));
}

int GroupVerbs::destroy_everywhere(Console& console) {
  const auto all = console.destroy_everywhere(GroupId{arguments_.group});
  if (!all) return complain(all.error().what, something_is_wrong);
  say(text_of(*all, arguments_.json));
  return all->empty() ? all_is_well : status_of(all->back().outcome);
}

// As the members were looked at, so that what is kept of them is what counts still.
int GroupVerbs::set_members(Console& console) {
  const Result<std::vector<raft::Wanted>> named =
      members_in(arguments_.voters, arguments_.learners);
  if (!named) return complain(named.error().what, bad_usage);
  const GroupId group{arguments_.group};
  const Result<wire::GroupReport> report = console.look(group);
  if (!report) return complain(report.error().what, something_is_wrong);
  Index expected = report->members_at;
  if (arguments_.expected >= 0) expected = Index{static_cast<std::uint64_t>(arguments_.expected)};
  return tell(console.change_members(group, kept_of(report->members, *named), expected),
              arguments_.json);
}

int GroupVerbs::change(Console& console) {
  const GroupId group{arguments_.group};
  const NodeId node{arguments_.node};
  std::optional<Index> expected;
  if (arguments_.expected >= 0) expected = Index{static_cast<std::uint64_t>(arguments_.expected)};
  const auto act = [&]() -> client::Outcome {
    using enum raft::Standing;
    if (add_->parsed())
      return console.add(group,
                         {.id = node,
                          .standing = arguments_.learner ? learner : voter,
                          .priority = static_cast<std::uint8_t>(arguments_.priority),
                          .address = arguments_.address,
                          .metadata = arguments_.metadata},
                         expected);
    if (remove_->parsed()) return console.remove(group, node, expected);
    if (promote_->parsed()) return console.set_standing(group, node, voter, expected);
    if (demote_->parsed()) return console.set_standing(group, node, learner, expected);
    if (cancel_->parsed()) return console.cancel_change(group);
    if (transfer_->parsed()) return console.transfer(group, node);
    if (snapshot_->parsed()) return console.snapshot(arguments_.at, group);
    if (destroy_->parsed()) return console.destroy(arguments_.at, group, arguments_.even_a_member);
    return console.recover(arguments_.at, group, ClusterId{arguments_.anew});
  };
  return tell(act(), arguments_.json);
}

}  // namespace bowline::apps
