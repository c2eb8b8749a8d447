// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/client_witness.h"

#include <algorithm>
#include <string>
#include <variant>

namespace bowline::sim {
namespace {

std::string name(Ticket ticket) { return "request " + std::to_string(ticket.value); }

Ticket answered_by(const raft::Effect& effect) {
  if (const auto* refused = std::get_if<raft::Refused>(&effect)) return refused->ticket;
  if (const auto* decided = std::get_if<raft::Decided>(&effect)) return decided->ticket;
  if (const auto* ready = std::get_if<raft::ReadReady>(&effect)) return ready->ticket;
  return {};
}

}  // namespace

void ClientWitness::saw(const Site& site, const Mind&, const raft::Input&,
                        const raft::Effects& effects) {
  while (seen_ < committed().last()) {
    seen_ = seen_.next();
    became_committed(committed().at(seen_));
  }
  note_last_words(site, effects);
}

void ClientWitness::note_last_words(const Site& site, const raft::Effects& effects) {
  for (const raft::Effect& effect : effects) {
    const Ticket ticket = answered_by(effect);
    if (ticket && !answered_.insert(ticket).second)
      return violated("I15", sim::name(site.id) + " gives a second last word on " + name(ticket));
  }
}

void ClientWitness::became_committed(const Line& line) {
  if (line.entry.kind != raft::Kind::command) return;
  const auto command = commands_.find(line.entry.payload.view());
  if (others_write_ && command == commands_.end()) return;
  if (committed().twice() == seen_)
    return violated("I15", sim::name(seen_) + " is a command that was committed before");
  if (command == commands_.end())
    return violated("I15", sim::name(seen_) + " is a command that nobody sent");
  if (seen_ <= command->second.after)
    return violated("I15", sim::name(seen_) + " was sent after a client knew of " +
                               sim::name(command->second.after));
  const Request& request = requests_.at(command->second.ticket);
  if (request.fate == Fate::never)
    violated("I15", name(command->second.ticket) + " was called void, and was committed at " +
                        sim::name(seen_));
}

void ClientWitness::write_begun(Ticket ticket, const Bytes& command) {
  requests_[ticket].commands.push_back(command);
  commands_.emplace(command.view(), Command{ticket, told_});
}

void ClientWitness::write_refused(Ticket ticket) { last_word(ticket, Fate::never); }

void ClientWitness::write_ended(Ticket ticket, raft::Outcome outcome) {
  switch (outcome) {
    case raft::Outcome::committed: return last_word(ticket, Fate::done);
    case raft::Outcome::overruled: return last_word(ticket, Fate::never);
    case raft::Outcome::unknown: return last_word(ticket, Fate::unknown);
  }
}

void ClientWitness::last_word(Ticket ticket, Fate fate) {
  Request& request = requests_[ticket];
  if (request.fate != Fate::open) return violated("I15", name(ticket) + " gets a second answer");
  request.fate = fate;
  for (const Bytes& command : request.commands) {
    const Index at = committed().find(command.view());
    if (fate == Fate::done && !at)
      return violated("I15", name(ticket) + " was called done, and is not committed");
    if (fate == Fate::never && at)
      return violated("I15",
                      name(ticket) + " was called void, and is committed at " + sim::name(at));
    if (fate == Fate::done) told_ = std::max(told_, at);
  }
}

void ClientWitness::read_served(Ticket, const Site& site) {
  // A verification sees no state; but what the machine shows could have been read.
  told_ = std::max(told_, std::min(site.machine.applied.index, committed().last()));
}

// Who had called a write void knew of entries that may be lost. If the write is in the log that is
// the truth now, it may be committed after all.
void ClientWitness::forced(const Site& site, ClusterId) {
  const Index kept = committed().last();
  seen_ = std::min(seen_, kept);
  told_ = std::min(told_, kept);
  for (auto& [text, command] : commands_) command.after = std::min(command.after, kept);
  for (const Line& line : site.durable.lines) {
    if (line.entry.id.index <= kept || line.entry.kind != raft::Kind::command) continue;
    const auto command = commands_.find(line.entry.payload.view());
    if (command == commands_.end()) continue;
    Request& request = requests_.at(command->second.ticket);
    if (request.fate == Fate::never) request.fate = Fate::unknown;
  }
}

}  // namespace bowline::sim
