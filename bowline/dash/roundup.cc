// SPDX-License-Identifier: Apache-2.0
#include "bowline/dash/roundup.h"

#include <expected>
#include <utility>

#include "bowline/dash/json.h"

namespace bowline::dash {
namespace {

// Errands of the node itself, and not of a group.
constexpr GroupId the_node{};
constexpr std::string_view question = "dash.report 1";

std::string_view word(raft::Standing standing) {
  return standing == raft::Standing::voter ? "voter" : "learner";
}

}  // namespace

Roundup::Roundup(Sources sources)
    : sources_(std::move(sources)),
      begun_(sources_.clock.now()),
      late_(sources_.loop.timer([this] { finish(); })) {
  sources_.shard.errands().serve(the_node,
                                 [this](NodeId, const Bytes& what, env::Done<std::string> answer) {
                                   answer(what.view() == question ? own_report() : "");
                                 });
}

Roundup::~Roundup() {
  sources_.shard.errands().serve(the_node, {});
  for (const auto& [id, errand] : asked_) sources_.shard.errands().forget(errand);
  sources_.loop.drop(late_);
}

bool Roundup::ask(Told told) {
  if (waiting_.size() >= most_waiting) return false;
  waiting_.push_back(std::move(told));
  if (asking_) return true;
  asking_ = true;
  // Not within this call: whoever asks is not called back before it returns.
  sources_.loop.soon(life_.guard([this] { begin(); }));
  return true;
}

void Roundup::begin() {
  if (!known_.empty() && sources_.clock.now() - known_at_ < fresh) return finish();
  reports_.clear();
  const std::uint64_t round = ++round_;
  reports_[sources_.shard.options().self] = own_report();
  const host::Replica* const replica = std::as_const(sources_.shard).find(sources_.group);
  if (replica == nullptr || !replica->core().memberships().latest().membership) return finish();
  for (const raft::Member& one : replica->core().memberships().latest().membership->members) {
    if (one.id == sources_.shard.options().self) continue;
    asked_[one.id] = sources_.shard.errands().ask(
        one.id, the_node, question,
        life_.guard(
            [this, round, id = one.id](const std::expected<Bytes, host::Errands::Lost>& said) {
              heard(round, id, said ? said->view() : std::string_view());
            }));
  }
  if (asked_.empty()) return finish();
  sources_.loop.set(late_, sources_.clock.now() + patience);
}

void Roundup::heard(std::uint64_t round, NodeId from, std::string_view report) {
  if (round != round_ || asked_.erase(from) == 0) return;
  if (is_object(report, most_report_bytes)) reports_[from] = report;
  if (asked_.empty()) finish();
}

// All have answered, or those who have not are late.
void Roundup::finish() {
  sources_.loop.set(late_, never);
  for (const auto& [id, errand] : std::exchange(asked_, {}))
    sources_.shard.errands().forget(errand);
  if (known_.empty() || !reports_.empty()) {
    known_ = text();
    known_at_ = sources_.clock.now();
    reports_.clear();
  }
  asking_ = false;
  for (Told& told : std::exchange(waiting_, {})) told(known_);
}

std::string Roundup::own_report() {
  const Time now = sources_.clock.now();
  return report_text(sources_, recent_.note(now, totals_of(sources_)), now - begun_);
}

std::string Roundup::text() const {
  std::string members;
  const host::Replica* const replica = std::as_const(sources_.shard).find(sources_.group);
  const raft::MembershipPtr known =
      replica == nullptr ? nullptr : replica->core().memberships().latest().membership;
  if (known) {
    for (const raft::Member& one : known->members) {
      const Names names = sources_.names(one);
      std::string urls;
      for (const std::string& url : names.urls) urls += (urls.empty() ? "" : ",") + in_quotes(url);
      const auto report = reports_.find(one.id);
      members += (members.empty() ? "" : ",") +
                 Object()
                     .text("id", hex(one.id.value))
                     .text("name", names.name)
                     .text("standing", word(one.now))
                     .text("address", one.address.view())
                     .json("urls", "[" + urls + "]")
                     .json("report", report == reports_.end() ? "null" : report->second)
                     .done();
    }
  }
  return Object()
      .text("self", hex(sources_.shard.options().self.value))
      .text("cluster", known ? hex(known->cluster.value) : "")
      .json("members", "[" + members + "]")
      .done();
}

}  // namespace bowline::dash
