// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/patience_witness.h"

#include <variant>

#include "bowline/sim/quorums.h"

namespace bowline::sim {
namespace {

// The request for votes that left in this step; null: there was none.
const raft::VoteRequest* request_of(const raft::Effects& effects) {
  for (const raft::Effect& effect : effects) {
    const auto* send = std::get_if<raft::Send>(&effect);
    if (send == nullptr) continue;
    if (const auto* request = std::get_if<raft::VoteRequest>(&send->message.body)) return request;
  }
  return nullptr;
}

bool hurries(const raft::Input& input) {
  return std::holds_alternative<raft::Suspect>(input) ||
         std::holds_alternative<raft::Campaign>(input) ||
         std::holds_alternative<raft::ForgetLeader>(input) ||
         std::holds_alternative<raft::Recover>(input);
}

}  // namespace

// A new group need not wait, and nor need those whom a first round of it disappointed.
void PatienceWitness::started(const Site& site) {
  pasts_[site.id] = {.voted = {},
                     .hurried_until = court().true_time() + 12 * options_.election,
                     .stood = site.durable.hard.term,
                     .told = false,
                     .campaign = {},
                     .promises = {}};
}

void PatienceWitness::hear(Past& past, const raft::Message& message, NodeId from) {
  if (std::holds_alternative<raft::TimeoutNow>(message.body)) past.told = true;
  const auto* reply = std::get_if<raft::VoteReply>(&message.body);
  if (reply != nullptr && reply->pre && reply->granted && reply->campaign == past.campaign)
    past.promises.insert(from);
}

void PatienceWitness::saw(const Site& site, const Mind& mind, const raft::Input& input,
                          const raft::Effects& effects) {
  Past& past = pasts_[site.id];
  past.told = false;
  if (const auto* received = std::get_if<raft::Received>(&input))
    hear(past, received->message, received->from);
  if (mind.leader) past.hurried_until = {};
  if (hurries(input)) past.hurried_until = court().true_time() + 12 * options_.election;
  const raft::HardState& hard = site.written.hard;
  const bool stands = hard.voted_for == site.id && hard.term > past.stood;
  const raft::VoteRequest* request = request_of(effects);
  if (stands) {
    past.stood = hard.term;
    if (options_.pre_vote && !past.told) check_promises(site, mind, past);
  }
  const bool begins = (request != nullptr && request->pre) || (stands && !options_.pre_vote);
  // Without pre-votes it stands in the term after the one in which it was when its patience ended.
  const Term in = stands ? mind.term.prev() : mind.term;
  if (begins && !past.told) check_patience(site, in, past);
  if (request != nullptr && request->pre) {
    past.campaign = request->campaign;
    past.promises.clear();
  }
  const raft::Persist* write = write_of(effects);
  const bool votes = write != nullptr && write->hard_state && write->hard_state->voted_for &&
                     write->hard_state->voted_for != site.id;
  if (votes) {
    past.voted = court().true_time();
    past.voted_in = mind.term;
  }
}

void PatienceWitness::check_promises(const Site& site, const Mind& mind, const Past& past) const {
  MemberSet yes = 0;
  const auto& members = mind.config.membership->members;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i].id == site.id || past.promises.contains(members[i].id)) yes |= 1ULL << i;
  if (!is_quorum(*mind.config.membership, yes))
    violated("I22", name(site.id) + " stands for " + name(mind.term) +
                        ", and no quorum had said that it would vote");
}

// Clocks run at most a tenth too fast.
void PatienceWitness::check_patience(const Site& site, Term in, const Past& past) const {
  const Time now = court().true_time();
  if (now < past.hurried_until || past.voted_in != in) return;
  if (now - past.voted < options_.election / 5 * 4)
    violated("I22", name(site.id) + " stands for election right after it gave its vote");
}

}  // namespace bowline::sim
