// SPDX-License-Identifier: Apache-2.0
#include "bowline/client/admin.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::client {
namespace {

using wire::Answered;
using wire::Declined;
using wire::Unsure;
using wire::Why;

constexpr Duration longest = std::chrono::hours(24 * 365);  // keeps sums of times in range

// What a node sees that does not lead is of use only if nobody does.
bool is_settled(const Answered& what) {
  const auto* const report = std::get_if<wire::GroupReport>(&what);
  return report == nullptr || report->role == raft::Role::leader;
}

template <class Report>
env::Done<Answered> report_to(env::Done<Result<Report>> done) {
  return [done = std::move(done)](Answered what) mutable {
    if (auto* const report = std::get_if<Report>(&what)) return done(std::move(*report));
    auto* const no = std::get_if<Declined>(&what);
    const Fault fault =
        no != nullptr && no->why == Why::not_here ? Fault::not_found : Fault::unreachable;
    done(std::unexpected(
        Error{fault, no == nullptr ? "a node answers what was not asked" : no->sentence}));
  };
}

env::Done<Answered> outcome_to(env::Done<Outcome> done) {
  return [done = std::move(done)](Answered what) mutable {
    if (auto* const good = std::get_if<wire::Done>(&what)) return done(*good);
    if (auto* const no = std::get_if<Declined>(&what)) return done(std::move(*no));
    if (auto* const unsure = std::get_if<Unsure>(&what)) return done(std::move(*unsure));
    done(Unsure{"a node answers what was not asked"});
  };
}

}  // namespace

std::string Admin::Options::fault() const {
  if (peers.empty()) return "peers must name at least one node, as \"host:port\"";
  if (name.size() > wire::most_name_bytes) return "name must be at most 255 letters";
  if (cluster.size() > wire::most_name_bytes) return "cluster must be at most 255 letters";
  if (within <= Duration(0)) return "within must be above zero";
  if (look_within <= Duration(0)) return "look_within must be above zero";
  if (try_within <= Duration(0)) return "try_within must be above zero";
  if (pause < std::chrono::milliseconds(1)) return "pause must be at least 1 ms";
  if (within > longest) return "within must be at most a year";
  if (look_within > longest) return "look_within must be at most a year";
  if (try_within > longest) return "try_within must be at most a year";
  if (pause > longest) return "pause must be at most a year";
  return {};
}

Admin::Admin(env::Loop& loop, const env::Clock& clock, env::Network& network, Options options)
    : loop_(loop),
      clock_(clock),
      network_(network),
      options_(std::move(options)),
      route_(options_.peers) {
  ensure(options_.fault().empty());
}

Admin::~Admin() {
  for (auto& [id, errand] : errands_) loop_.drop(errand.timer);
}

// ---- what is wanted

void Admin::look(GroupId group, env::Done<Result<wire::GroupReport>> done) {
  send(wire::AskGroup{group}, group, {}, report_to(std::move(done)));
}

void Admin::look_at(std::string address, GroupId group, env::Done<Result<wire::GroupReport>> done) {
  send(wire::AskGroup{group}, group, std::move(address), report_to(std::move(done)));
}

void Admin::look_at_node(std::string address, wire::AskNode ask,
                         env::Done<Result<wire::NodeReport>> done) {
  send(ask, {}, std::move(address), report_to(std::move(done)));
}

void Admin::change(wire::Asked what, env::Done<Outcome> done) {
  const GroupId group = wire::group_of(what);
  send(std::move(what), group, {}, outcome_to(std::move(done)));
}

void Admin::change_at(std::string address, wire::Asked what, env::Done<Outcome> done) {
  const GroupId group = wire::group_of(what);
  send(std::move(what), group, std::move(address), outcome_to(std::move(done)));
}

void Admin::send(wire::Asked what, GroupId group, std::string only, env::Done<Answered> done) {
  const std::uint64_t id = ++last_;
  Errand& errand = errands_[id];
  const bool looks = !wire::changes_something(what);
  errand.what = std::move(what);
  errand.group = group;
  errand.only = std::move(only);
  errand.until = clock_.now() + (looks ? options_.look_within : options_.within);
  errand.done = std::move(done);
  errand.timer = loop_.timer([this, id] { rang(id); });
  again(id, errand, Duration(0));
}

// ---- one try after the other

void Admin::attempt(std::uint64_t id) {
  Errand& errand = errands_.at(id);
  errand.at = errand.only.empty() ? route_.next(errand.group) : errand.only;
  const std::uint64_t attempt = ++errand.attempt;
  loop_.set(errand.timer, std::min(errand.until, clock_.now() + options_.try_within));
  errand.number = call(errand.at).ask(
      errand.what, life_.guard([this, id, attempt](std::expected<Answered, Call::Lost> said) {
        heard(id, attempt, std::move(said));
      }));
}

// It is time to try, or it takes too long. What was sent and changes something is waited for to the
// end: nobody else may be asked to do it, too.
void Admin::rang(std::uint64_t id) {
  Errand& errand = errands_.at(id);
  const bool late = clock_.now() >= errand.until;
  if (errand.at.empty()) {
    if (!late) return attempt(id);
    if (!errand.last) errand.last = Declined{Why::later, "nobody could be asked in time", {}, {}};
    return finish(id, *std::move(errand.last));
  }
  const bool may_be_done =
      wire::changes_something(errand.what) && call(errand.at).was_sent(errand.number);
  if (may_be_done && !late) return loop_.set(errand.timer, errand.until);
  if (!may_be_done) {
    Call& silent = call(errand.at);
    silent.forget(errand.number);
    if (silent.idle()) hang_up(errand.at);
    return heard(id, errand.attempt, std::unexpected(Call::Lost{"it does not answer", false}));
  }
  finish(id, Unsure{errand.at +
                    " did not answer in time: it may be done, or become so. Look at the group "
                    "before you ask again"});
}

void Admin::heard(std::uint64_t id, std::uint64_t attempt,
                  std::expected<Answered, Call::Lost> said) {
  const auto found = errands_.find(id);
  if (found == errands_.end() || found->second.attempt != attempt) return;
  Errand& errand = found->second;
  ++errand.attempt;
  if (said) return answered(id, errand, *std::move(said));
  lost(id, errand, said.error());
}

void Admin::lost(std::uint64_t id, Errand& errand, const Call::Lost& lost) {
  if (lost.was_sent && wire::changes_something(errand.what))
    return finish(
        id, Unsure{"the connection to " + errand.at + " ended before it answered (" + lost.why +
                   "): it may be done, or become so. Look at the group before "
                   "you ask again"});
  route_.failed(errand.group, errand.at);
  if (!errand.last || !std::holds_alternative<wire::GroupReport>(*errand.last))
    errand.last = Declined{Why::later, errand.at + ": " + lost.why, {}, {}};
  again(id, errand, options_.pause);
}

void Admin::answered(std::uint64_t id, Errand& errand, Answered what) {
  const std::string at = errand.at;
  if (const auto* const report = std::get_if<wire::GroupReport>(&what)) route_.learn(*report);
  if (!errand.only.empty()) return finish(id, std::move(what));
  const auto* const no = std::get_if<Declined>(&what);
  if (no == nullptr && is_settled(what)) return finish(id, std::move(what));
  if (no != nullptr && (no->why == Why::outdated || no->why == Why::never))
    return finish(id, std::move(what));
  if (no == nullptr || no->why != Why::later) route_.failed(errand.group, at);
  bool knows_leader = false;
  if (no != nullptr && no->why == Why::not_leader && !no->address.empty()) {
    knows_leader = no->address != at;
    if (knows_leader) route_.leads(errand.group, no->address);
  } else if (const auto* const report = std::get_if<wire::GroupReport>(&what)) {
    route_.learn(*report);
    knows_leader = report->leader && report->leader != report->node;
  }
  // A report of somebody is better than to hear that another one has no such group.
  const bool worse =
      no != nullptr && errand.last && std::holds_alternative<wire::GroupReport>(*errand.last);
  if (!worse) errand.last = std::move(what);
  again(id, errand, knows_leader ? options_.pause / 10 : options_.pause);
}

void Admin::again(std::uint64_t, Errand& errand, Duration after) {
  errand.at.clear();
  loop_.set(errand.timer, std::min(errand.until, clock_.now() + after));
}

void Admin::finish(std::uint64_t id, Answered what) {
  auto errand = errands_.extract(id);
  loop_.drop(errand.mapped().timer);
  errand.mapped().done(std::move(what));
}

// ---- connections

Call& Admin::call(const std::string& address) {
  std::unique_ptr<Call>& call = calls_[address];
  if (call != nullptr) return *call;
  wire::Hello hello;
  hello.self = {};
  hello.purpose = wire::Purpose::admin;
  hello.name = options_.name;
  hello.cluster_name = options_.cluster;
  call = std::make_unique<Call>(loop_, network_, address, std::move(hello),
                                [this, address] { hang_up(address); });
  return *call;
}

void Admin::hang_up(const std::string& address) {
  auto call = calls_.extract(address);
  if (call.empty()) return;
  if (dead_.empty()) loop_.soon(life_.guard([this] { dead_.clear(); }));
  dead_.push_back(std::move(call.mapped()));
}

}  // namespace bowline::client
