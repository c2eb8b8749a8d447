// SPDX-License-Identifier: Apache-2.0
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "bowline/session/envelope.h"
#include "bowline/session/reply.h"
#include "bowline/sim/world.h"

// The machines of whole nodes, and what they answer.
namespace bowline::sim {

// What is done by a node that was given up belongs to another cluster.
Watched::Hooks World::watching(Node& node) {
  const auto judge = [this, &node](std::string invariant, const std::string& wrong) {
    if (wrong.empty() || node.site.given_up) return;
    violated({std::move(invariant), "node " + std::to_string(node.site.id.value) + ": " + wrong});
  };
  return {.did =
              [this, &node, judge](LogId id, std::string_view command) {
                if (!node.site.given_up) judge("I14", deeds_.did(id, command));
              },
          .stood =
              [this, &node, judge](LogId id, std::uint64_t digest, bool restored) {
                if (!node.site.given_up) judge(restored ? "I13" : "I21", deeds_.stood(id, digest));
              }};
}

// That of a plain command is known beforehand.
void World::check_answer(const host::Outcome& outcome, const Bytes& command) {
  const auto* done = std::get_if<host::Applied>(&outcome);
  if (done == nullptr || !done->answer) return;
  if (guests_ || play_ != nullptr) return;  // whoever invited them knows
  const std::optional<session::Envelope> envelope = session::decode_envelope(command.view());
  const auto* plain = envelope ? std::get_if<session::Plain>(&envelope->body) : nullptr;
  if (plain == nullptr) return;
  const std::string wanted = Notebook::answer_to(plain->command, done->id.index);
  if (*done->answer != session::encode(session::Done{wanted}))
    violated({"I15", "a client got the answer to another command"});
}

// A read sees what the log has written there.
void World::check_read(const Node& node, Ticket ticket) {
  if (node.whole == nullptr || guests_ || play_ != nullptr || node.site.given_up) return;
  const std::uint64_t key = ticket.value % Notebook::keys;
  const std::string wrong =
      deeds_.read(key, node.site.machine.applied.index, node.whole->notebook().read(key));
  if (!wrong.empty())
    violated({"I18", "node " + std::to_string(node.site.id.value) + ": " + wrong});
}

void World::keep_answer(Ticket ticket, const host::Outcome& outcome) {
  if (const auto* done = std::get_if<host::Applied>(&outcome))
    requests_[ticket.value - 1].answer = done->answer;
}

}  // namespace bowline::sim
