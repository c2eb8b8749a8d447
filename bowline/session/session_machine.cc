// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/session_machine.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/session/snapshot.h"

namespace bowline::session {
namespace {

// What is to be said of a call without doing it; nullopt: it is new, and is to be done.
std::optional<Reply> known(const Table& table, const Session& session, const Call& call) {
  if (call.serial < session.from) return Received{};
  if (const Answer* const answer = Table::answer(session, call.serial); answer != nullptr) {
    if (answer->kept) return Done{answer->kept.view()};
    return Forgotten{};
  }
  if (call.serial - std::max(session.from, call.from) >= table.bounds().most_calls) return Beyond{};
  return std::nullopt;
}

}  // namespace

void SessionMachine::apply(std::span<const machine::Command> commands,
                           std::span<std::string> answers) {
  ensure(commands.size() == answers.size());
  if (planted(Bug::p43_sessions_expire_by_local_clock)) table_->tick(table_->time_ms() + 1000);
  for (std::size_t i = 0; i < commands.size(); ++i) take(commands[i], answers[i]);
  run();
}

void SessionMachine::take(const machine::Command& command, std::string& reply) {
  const std::optional<Envelope> envelope = decode_envelope(command.payload.view());
  if (!envelope) {
    reply = encode(Malformed{});
  } else if (const auto* plain = std::get_if<Plain>(&envelope->body)) {
    join(command, plain->command, std::nullopt, reply);
  } else if (const auto* call = std::get_if<Call>(&envelope->body)) {
    take_call(command, *call, reply);
  } else {
    run();
    reply = encode(carry_out(command, envelope->body));
  }
}

void SessionMachine::take_call(const machine::Command& command, const Call& call,
                               std::string& reply) {
  Session* const session = table_->find(call.session);
  if (session == nullptr) {
    reply = encode(Expired{});
    return;
  }
  if (session->under_way) run();
  if (!known(*table_, *session, call)) {
    session->under_way = true;
    return join(command, call.command, call, reply);
  }
  // What the run has yet to keep may cost others their answers, and must do so first.
  run();
  reply = encode(*known(*table_, *session, call));
  table_->use(*session, call.from);
}

void SessionMachine::join(const machine::Command& command, std::string_view inner,
                          std::optional<Call> call, std::string& reply) {
  run_.commands.push_back({command.id, command.payload.slice(inner)});
  run_.calls.push_back(call);
  run_.replies.push_back(&reply);
}

// As if each had been done by itself.
void SessionMachine::run() {
  const std::size_t count = run_.commands.size();
  if (count == 0) return;
  said_.assign(count, {});
  within_.apply(run_.commands, said_);
  for (std::size_t i = 0; i < count; ++i) {
    *run_.replies[i] = encode(Done{said_[i]});
    if (!run_.calls[i]) continue;
    Session& session = *table_->find(run_.calls[i]->session);
    session.under_way = false;
    table_->use(session, run_.calls[i]->from);
    table_->keep(session, run_.calls[i]->serial, said_[i]);
  }
  run_.commands.clear();
  run_.calls.clear();
  run_.replies.clear();
}

Reply SessionMachine::carry_out(const machine::Command& command, const Body& body) {
  if (std::holds_alternative<Open>(body)) {
    const SessionId id{command.id.index.value};
    table_->open(id);
    return Opened{id};
  }
  if (const auto* alive = std::get_if<KeepAlive>(&body)) {
    Session* const session = table_->find(alive->session);
    if (session == nullptr) return Expired{};
    table_->use(*session, alive->from);
  }
  if (const auto* close = std::get_if<Close>(&body)) table_->close(close->session);
  if (const auto* tick = std::get_if<Tick>(&body)) table_->tick(tick->time_ms);
  if (const auto* set = std::get_if<SetBounds>(&body)) table_->set(set->bounds);
  return Well{};
}

std::string SessionMachine::fault() const {
  if (within_.durable() != nullptr)
    return "a machine that keeps its state by itself (durable()) cannot be within a "
           "SessionMachine: that never marks it, and so it would begin empty with each process. "
           "Let it keep its sessions itself, with a session::Table, or leave its durable() out";
  return within_.fault();
}

std::unique_ptr<machine::Reader> SessionMachine::snapshot() {
  std::string table =
      planted(Bug::p20_snapshot_without_sessions) ? Table().encode() : table_->encode();
  return snapshot_of(table, within_.snapshot());
}

class SessionWriter final : public machine::Writer {
 public:
  explicit SessionWriter(SessionMachine& machine)
      : machine_(machine), within_(machine.within_.restore()) {}

  Result<void> add(std::string_view bytes) override {
    const Result<std::string_view> rest = head_.add(bytes);
    if (!rest) return std::unexpected(rest.error());
    return rest->empty() ? Result<void>() : within_->add(*rest);
  }
  Result<void> commit() override {
    Result<std::unique_ptr<Table>> table = head_.table();
    if (!table) return std::unexpected(table.error());
    if (Result<void> done = within_->commit(); !done) return done;
    if (!planted(Bug::p42_sessions_in_memory_only)) machine_.table_ = *std::move(table);
    return {};
  }

 private:
  SessionMachine& machine_;
  std::unique_ptr<machine::Writer> within_;
  SnapshotHead head_;
};

std::unique_ptr<machine::Writer> SessionMachine::restore() {
  return std::make_unique<SessionWriter>(*this);
}

}  // namespace bowline::session
