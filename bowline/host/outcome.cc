// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/outcome.h"

#include <utility>

#include "bowline/raft/membership.h"

namespace bowline::host {

std::string text(raft::Refusal refusal) {
  using raft::Refusal;
  switch (refusal) {
    case Refusal::not_leader: return "this node does not lead the group";
    case Refusal::outdated:
      return "the members are not those that were expected: look at them again, and then decide";
    case Refusal::transferring: return "the leader is handing over: ask again soon";
    case Refusal::full: return "too much waits to be committed: ask again soon";
    case Refusal::not_ready:
      return "the leader is new, or waits to hear from the others: ask again soon";
    case Refusal::change_pending:
      return "another change of the members is under way: wait for it, or cancel it";
    case Refusal::timed_out: return "nobody took over in time: ask again";
    case Refusal::too_old: return "the state here may be older than that: ask again, or the leader";
    case Refusal::lost_leadership: return "the leader lost its quorum: ask again";
    case Refusal::too_large: return "that is larger than an entry may be";
    case Refusal::wrong_term: return "the term is another one now";
    case Refusal::no_change: return "no change of the members is under way";
    case Refusal::bad_members:
      return "the members make no sense: each needs an id of its own, one must vote, and there may "
             "be " +
             std::to_string(raft::max_members) + " at most";
    case Refusal::bad_target: return "that one cannot lead: it is no voter, or has priority 0";
    case Refusal::stopped: return "the group has stopped on this node";
    case Refusal::no_member: return "that node is no member of the group";
  }
  std::unreachable();
}

std::string text(const Refused& refused) {
  if (refused.why != raft::Refusal::not_leader) return text(refused.why);
  return text(refused.why) + (refused.leader
                                  ? ": node " + std::to_string(refused.leader.value) + " does"
                                  : ", and knows of nobody who does");
}

std::string text(const Outcome& outcome) {
  if (const auto* const applied = std::get_if<Applied>(&outcome))
    return applied->id.index ? "done, by entry " + std::to_string(applied->id.index.value) : "done";
  if (const auto* const refused = std::get_if<Refused>(&outcome)) return text(*refused);
  if (std::holds_alternative<Overruled>(outcome))
    return "another leader took over meanwhile: ask again";
  return "the leader changed, or this node stopped, before it was decided: it may be done, or "
         "become so";
}

std::string text(const ReadOutcome& outcome) {
  if (const auto* const refused = std::get_if<Refused>(&outcome)) return text(*refused);
  return "the state may be read, as of entry " +
         std::to_string(std::get<Ready>(outcome).index.value);
}

bool is_worth_asking_again(raft::Refusal refusal) {
  using raft::Refusal;
  switch (refusal) {
    case Refusal::not_leader:       // somebody else leads, or somebody will soon
    case Refusal::transferring:     // the handover ends, well or not
    case Refusal::full:             // what waits becomes less
    case Refusal::not_ready:        // the leader commits something, or hears from the others
    case Refusal::change_pending:   // the other change ends
    case Refusal::timed_out:        // who did not take over may do so now
    case Refusal::too_old:          // a leader may say how old the state is
    case Refusal::lost_leadership:  // another one will be there
      return true;
    case Refusal::too_large:    // it does not become smaller
    case Refusal::wrong_term:   // a term that is over does not come back
    case Refusal::no_change:    // there is nothing to cancel, and that is what was wanted
    case Refusal::outdated:     // the members are others: look, and decide anew
    case Refusal::bad_members:  // the list has to be another one
    case Refusal::bad_target:   // so has the one who is to lead
    case Refusal::no_member:    // or to be changed
    case Refusal::stopped:      // the group is not on this node any more, or the node has ended
      return false;
  }
  std::unreachable();
}

bool is_worth_asking_again(const Outcome& outcome) {
  const auto* const refused = std::get_if<Refused>(&outcome);
  return refused != nullptr ? is_worth_asking_again(refused->why)
                            : std::holds_alternative<Overruled>(outcome);
}

bool is_worth_asking_again(const Error& error) {
  return error.fault == Fault::unreachable || error.fault == Fault::timeout ||
         error.fault == Fault::full || error.fault == Fault::exists;
}

Error error_of(const Refused& refused) {
  using raft::Refusal;
  switch (refused.why) {
    case Refusal::full: return {Fault::full, text(refused)};
    case Refusal::timed_out:
    case Refusal::too_old: return {Fault::timeout, text(refused)};
    case Refusal::not_leader:
    case Refusal::transferring:
    case Refusal::not_ready:
    case Refusal::lost_leadership: return {Fault::unreachable, text(refused)};
    case Refusal::change_pending: return {Fault::exists, text(refused)};
    case Refusal::no_member:
    case Refusal::stopped: return {Fault::not_found, text(refused)};
    case Refusal::outdated:
    case Refusal::too_large:
    case Refusal::wrong_term:
    case Refusal::no_change:
    case Refusal::bad_members:
    case Refusal::bad_target: return {Fault::invalid, text(refused)};
  }
  std::unreachable();
}

}  // namespace bowline::host
