// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/quorum.h"

#include <string_view>
#include <type_traits>
#include <variant>

#include "bowline/base/encoding.h"

namespace bowline::etcd {
namespace {

// What goes to the leader: one of these, and the rest. Of a question, name and 0 before the rest.
constexpr char errand_propose = 0;
constexpr char errand_ask = 1;
constexpr char errand_member = 2;  // to any member, and there is no rest
constexpr char errand_named = 3;   // to any member: name and 0 before the rest

// What comes back: one of these ...
constexpr std::uint8_t said_done = 0;     // of a command: its index u64, and the machine's answer
constexpr std::uint8_t said_again = 1;    // nothing was done
constexpr std::uint8_t said_refused = 2;  // nothing was done, nor will be: a Wrong
constexpr std::uint8_t said_unknown = 3;

std::string question(std::string_view name, std::string_view what, char errand = errand_ask) {
  std::string whole{errand};
  whole += name;
  whole += '\0';
  whole += what;
  return whole;
}

std::string reply(std::uint8_t what) { return {static_cast<char>(what)}; }

std::string reply(Wrong wrong) {
  return reply(said_refused) + static_cast<char>(std::to_underlying(wrong));
}

// Refused is not done, for ever: most of it may be asked again.
std::optional<Wrong> why_not(raft::Refusal refusal) {
  switch (refusal) {
    case raft::Refusal::full: return Wrong::too_many_requests;
    case raft::Refusal::too_large: return Wrong::request_too_large;
    case raft::Refusal::stopped: return Wrong::stopped;
    default: return std::nullopt;
  }
}

std::string reply(const host::Outcome& outcome) {
  if (const auto* done = std::get_if<host::Applied>(&outcome)) {
    if (!done->answer) return reply(said_unknown);
    // A machine says less (kv/weight.h); it is done, whatever we say.
    if (done->answer->size() > Quorum::most_told_bytes) return reply(said_unknown);
    std::string text = reply(said_done);
    put(text, done->id.index.value);
    return text + *done->answer;
  }
  if (std::holds_alternative<host::Unknown>(outcome)) return reply(said_unknown);
  const auto* refused = std::get_if<host::Refused>(&outcome);
  const std::optional<Wrong> wrong = refused == nullptr ? std::nullopt : why_not(refused->why);
  return wrong && *wrong != Wrong::stopped ? reply(*wrong) : reply(said_again);
}

}  // namespace

Quorum::Quorum(env::Loop& loop, const env::Clock& clock, host::Shard& shard, GroupId group,
               Options options)
    : loop_(loop),
      clock_(clock),
      shard_(shard),
      group_(group),
      options_(options),
      pause_timer_(loop.timer([this] { try_paused(); })),
      late_timer_(loop.timer([this] { expire(); })) {
  shard_.errands().serve(
      group_, life_.guard([this](NodeId from, const Bytes& what, env::Done<std::string> answer) {
        serve_errand(from, what, std::move(answer));
      }));
}

Quorum::~Quorum() {
  shard_.errands().serve(group_, {});
  loop_.drop(pause_timer_);
  loop_.drop(late_timer_);
}

bool Quorum::leads() const {
  const host::Replica* const here = replica();
  return here != nullptr && here->core().role() == raft::Role::leader;
}

NodeId Quorum::leader() const {
  const host::Replica* const here = replica();
  return here == nullptr ? NodeId{} : here->core().leader();
}

// ---- what is wanted

void Quorum::propose(std::string command, Told<std::string> told) {
  const std::size_t bytes = command.size();
  add(Kind::propose, Bytes::own(errand_propose + std::move(command)), bytes, std::move(told));
}

void Quorum::read(std::size_t bytes, env::Done<std::optional<Wrong>> told) {
  add(Kind::read, {}, bytes,
      [told = std::move(told)](const std::expected<std::string, Wrong>& what) mutable {
        told(what ? std::nullopt : std::optional(what.error()));
      });
}

void Quorum::ask_leader(std::string_view name, std::string_view what, Told<std::string> told) {
  add(Kind::ask, Bytes::own(question(name, what)), what.size(), std::move(told));
}

void Quorum::change_by_leader(std::string_view name, std::string_view what,
                              Told<std::string> told) {
  add(Kind::change, Bytes::own(question(name, what)), what.size(), std::move(told));
}

void Quorum::serve(std::string name, AtLeader at_leader) {
  served_[std::move(name)] = std::move(at_leader);
}

void Quorum::ask_member(NodeId member, env::Done<std::string> told) {
  ask_errand(member, std::string_view(&errand_member, 1), std::move(told));
}

void Quorum::ask_member(NodeId member, std::string_view name, std::string_view what,
                        env::Done<std::string> told) {
  ask_errand(member, question(name, what, errand_named), std::move(told));
}

void Quorum::ask_errand(NodeId member, std::string_view what, env::Done<std::string> told) {
  const auto heard = [](const std::expected<Bytes, host::Errands::Lost>& said) {
    const std::string_view bytes = said ? said->view() : std::string_view();
    const bool is_known = !bytes.empty() && bytes[0] == static_cast<char>(said_done);
    return std::string(is_known ? bytes.substr(1) : std::string_view());
  };
  shard_.errands().ask(
      member, group_, what,
      life_.guard([heard, told = std::move(told)](
                      const std::expected<Bytes, host::Errands::Lost>& said) mutable {
        told(heard(said));
      }));
}

void Quorum::serve_members(std::function<std::string(NodeId from)> answer) {
  at_members_ = std::move(answer);
}

void Quorum::serve_any(std::string name, AtMember answer) {
  at_any_.insert_or_assign(std::move(name), std::move(answer));
}

void Quorum::add(Kind kind, Bytes what, std::uint64_t bytes, Told<std::string> told) {
  const bool is_full = waiting_.size() >= options_.most_waiting ||
                       waiting_bytes_ + bytes > options_.most_waiting_bytes;
  if (stopped_ || is_full) {
    const Wrong wrong = stopped_ ? Wrong::stopped : Wrong::too_many_requests;
    return loop_.soon(
        life_.guard([told = std::move(told), wrong]() mutable { told(std::unexpected(wrong)); }));
  }
  const std::uint64_t id = ++last_;
  waiting_bytes_ += bytes;
  waiting_.emplace(id, Waiting{.kind = kind,
                               .what = std::move(what),
                               .told = std::move(told),
                               .bytes = bytes,
                               .until = clock_.now() + options_.within});
  arm();
  attempt(id);
}

// ---- one try

Quorum::Waiting* Quorum::find(std::uint64_t id) {
  const auto found = waiting_.find(id);
  return found == waiting_.end() ? nullptr : &found->second;
}

Quorum::Waiting* Quorum::find(std::uint64_t id, std::uint64_t attempt) {
  Waiting* const found = find(id);
  return found == nullptr || found->attempt != attempt ? nullptr : found;
}

void Quorum::attempt(std::uint64_t id) {
  Waiting* const one = find(id);
  if (one == nullptr) return;
  ++one->attempt;
  host::Replica* const here = replica();
  if (here == nullptr) return again(id);
  if (one->kind == Kind::read) return read_here(id, *one, *here);
  const NodeId leader = here->core().leader();
  if (here->core().role() != raft::Role::leader && leader && leader != here->core().self())
    return send(id, *one, leader);
  if (here->core().role() != raft::Role::leader) return again(id);
  if (one->kind == Kind::propose) return propose_here(id, *one, *here);
  ask_here(id, *one);
}

void Quorum::propose_here(std::uint64_t id, Waiting& one, host::Replica& here) {
  here.propose(one.what.slice(one.what.view().substr(1)),
               life_.guard([this, id, attempt = one.attempt](host::Outcome outcome) {
                 if (find(id, attempt) != nullptr) decided(id, std::move(outcome));
               }));
}

void Quorum::ask_here(std::uint64_t id, Waiting& one) {
  serve_ask(one.what.view().substr(1),
            life_.guard([this, id, attempt = one.attempt](std::optional<std::string> answer) {
              if (find(id, attempt) == nullptr) return;
              if (!answer) return again(id);
              finish(id, *std::move(answer));
            }));
}

void Quorum::read_here(std::uint64_t id, Waiting& one, host::Replica& here) {
  here.read(raft::ReadKind::linearizable,
            life_.guard([this, id, attempt = one.attempt](const host::ReadOutcome& outcome) {
              if (find(id, attempt) == nullptr) return;
              if (std::holds_alternative<host::Ready>(outcome)) return finish(id, std::string());
              const std::optional<Wrong> wrong = why_not(std::get<host::Refused>(outcome).why);
              if (wrong) return finish(id, std::unexpected(*wrong));
              again(id);
            }));
}

void Quorum::decided(std::uint64_t id, host::Outcome outcome) {
  if (auto* done = std::get_if<host::Applied>(&outcome)) {
    if (!done->answer) return finish(id, std::unexpected(Wrong::timed_out));
    return finish(id, *std::move(done->answer));
  }
  if (std::holds_alternative<host::Unknown>(outcome))
    return finish(id, std::unexpected(Wrong::timed_out_leader_failed));
  const auto* refused = std::get_if<host::Refused>(&outcome);
  if (refused != nullptr)
    if (const std::optional<Wrong> wrong = why_not(refused->why))
      return finish(id, std::unexpected(*wrong));
  again(id);
}

void Quorum::send(std::uint64_t id, Waiting& one, NodeId leader) {
  if (one.what.view().size() > most_told_bytes)
    return finish(id, std::unexpected(Wrong::request_too_large));
  one.errand = shard_.errands().ask(
      leader, group_, one.what.view(),
      life_.guard(
          [this, id, attempt = one.attempt](const std::expected<Bytes, host::Errands::Lost>& said) {
            if (find(id, attempt) != nullptr) heard(id, said);
          }));
}

// What the leader said. Bytes of another member reach no ensure: what makes no sense is unknown.
void Quorum::heard(std::uint64_t id, const std::expected<Bytes, host::Errands::Lost>& said) {
  Waiting& one = *find(id);
  one.errand = 0;
  if (!said) {
    if (!said.error().may_be_done) return again(id);
    // Ask whoever leads then.
    if (one.kind == Kind::ask) return again(id);
    return finish(id, std::unexpected(Wrong::timed_out_connection_lost));
  }
  Cursor in(said->view());
  const std::uint8_t what = in.u8();
  if (!in.good() || what == said_unknown)
    return finish(id, std::unexpected(Wrong::timed_out_leader_failed));
  if (what == said_again) return again(id);
  if (what == said_refused) {
    const std::uint8_t wrong = in.u8();
    const bool known = in.good() && wrong < error_rows().size();
    return finish(id, std::unexpected(known ? static_cast<Wrong>(wrong) : Wrong::timed_out));
  }
  if (one.kind != Kind::propose) return finish(id, std::string(said->view().substr(1)));
  const Index index{in.u64()};
  if (!in.good()) return finish(id, std::unexpected(Wrong::timed_out));
  hold_until(index, id, std::string(in.take(in.left())));
}

void Quorum::hold_until(Index index, std::uint64_t id, std::string answer) {
  const host::Replica* const here = replica();
  if (here != nullptr && here->applied().index >= index) return finish(id, std::move(answer));
  Waiting& one = *find(id);
  one.if_late = Wrong::timed_out_waiting_for_applied;
  if (waiting_bytes_ + answer.size() > options_.most_waiting_bytes)
    return finish(id, std::unexpected(one.if_late));
  waiting_bytes_ += answer.size();
  one.bytes += answer.size();
  one.answer = std::move(answer);
  held_.emplace(index, id);
}

void Quorum::applied() {
  const host::Replica* const here = replica();
  if (here == nullptr) return;
  while (!held_.empty() && held_.begin()->first <= here->applied().index) {
    const std::uint64_t id = held_.begin()->second;
    held_.erase(held_.begin());
    if (Waiting* const one = find(id)) finish(id, std::move(one->answer));
  }
}

void Quorum::finish(std::uint64_t id, std::expected<std::string, Wrong> what) {
  auto one = waiting_.extract(id);
  if (one.empty()) return;
  waiting_bytes_ -= one.mapped().bytes;
  if (one.mapped().errand != 0) shard_.errands().forget(one.mapped().errand);
  one.mapped().told(std::move(what));
}

// ---- time

void Quorum::again(std::uint64_t id) {
  if (paused_.empty()) loop_.set(pause_timer_, clock_.now() + options_.pause);
  paused_.push_back(id);
}

void Quorum::try_paused() {
  for (const std::uint64_t id : std::exchange(paused_, {})) attempt(id);
}

void Quorum::expire() {
  armed_ = never;
  const Time now = clock_.now();
  while (!waiting_.empty() && waiting_.begin()->second.until <= now)
    finish(waiting_.begin()->first, std::unexpected(waiting_.begin()->second.if_late));
  arm();
}

void Quorum::arm() {
  if (waiting_.empty() || armed_ != never) return;
  armed_ = waiting_.begin()->second.until;
  loop_.set(late_timer_, armed_);
}

void Quorum::stop() {
  stopped_ = true;
  while (!waiting_.empty()) finish(waiting_.begin()->first, std::unexpected(Wrong::stopped));
}

// ---- for other members

void Quorum::serve_errand(NodeId from, const Bytes& what, env::Done<std::string> answer) {
  const std::string_view bytes = what.view();
  host::Replica* const here = replica();
  if (bytes == std::string_view(&errand_member, 1) && at_members_)
    return answer(reply(said_done) + at_members_(from));
  if (!stopped_ && bytes.starts_with(errand_named))
    return serve_named(bytes.substr(1), std::move(answer));
  if (stopped_ || here == nullptr || bytes.empty() || !leads()) return answer(reply(said_again));
  if (bytes[0] == errand_propose)
    return here->propose(what.slice(bytes.substr(1)),
                         [answer = std::move(answer)](const host::Outcome& outcome) mutable {
                           answer(reply(outcome));
                         });
  serve_ask(bytes.substr(1),
            [answer = std::move(answer)](const std::optional<std::string>& said) mutable {
              if (said && said->size() > most_told_bytes)
                return answer(reply(Wrong::answer_too_large));
              answer(said ? reply(said_done) + *said : reply(said_again));
            });
}

void Quorum::serve_ask(std::string_view what, env::Done<std::optional<std::string>> told) {
  const std::string_view name = what.substr(0, what.find('\0'));
  const auto found = served_.find(name);
  if (found == served_.end() || name.size() == what.size()) return told(std::nullopt);
  found->second(what.substr(name.size() + 1), std::move(told));
}

void Quorum::serve_named(std::string_view what, env::Done<std::string> answer) {
  const std::string_view name = what.substr(0, what.find('\0'));
  const auto found = at_any_.find(name);
  if (found == at_any_.end() || name.size() == what.size()) return answer(reply(said_again));
  found->second(what.substr(name.size() + 1),
                [answer = std::move(answer)](const std::string& said) mutable {
                  answer(reply(said_done) + said);
                });
}

}  // namespace bowline::etcd
