// SPDX-License-Identifier: Apache-2.0
#include "bowline/words/describe_words.h"

#include <utility>

namespace bowline::raft {

std::string_view word(Denial denial) {
  switch (denial) {
    case Denial::none: return "no reason";
    case Denial::leader_alive: return "leader alive";
    case Denial::log_behind: return "log behind";
    case Denial::voted: return "voted";
    case Denial::old_term: return "old term";
  }
  std::unreachable();
}

std::string_view word(Refusal refusal) {
  switch (refusal) {
    case Refusal::not_leader: return "not leader";
    case Refusal::transferring: return "transferring";
    case Refusal::full: return "full";
    case Refusal::too_large: return "too large";
    case Refusal::wrong_term: return "wrong term";
    case Refusal::not_ready: return "not ready";
    case Refusal::change_pending: return "change pending";
    case Refusal::no_change: return "no change";
    case Refusal::outdated: return "outdated";
    case Refusal::bad_members: return "bad members";
    case Refusal::bad_target: return "bad target";
    case Refusal::timed_out: return "timed out";
    case Refusal::too_old: return "the state may be older than that";
    case Refusal::lost_leadership: return "lost leadership";
    case Refusal::stopped: return "stopped";
    case Refusal::no_member: return "no member";
  }
  std::unreachable();
}

std::string_view word(Outcome outcome) {
  switch (outcome) {
    case Outcome::committed: return "committed";
    case Outcome::overruled: return "overruled";
    case Outcome::unknown: return "unknown";
  }
  std::unreachable();
}

std::string_view word(Standby standby) {
  switch (standby) {
    case Standby::no_members: return "no members";
    case Standby::not_member: return "not a member";
    case Standby::disowned: return "disowned";
  }
  std::unreachable();
}

std::string_view word(Wrong wrong) {
  switch (wrong) {
    case Wrong::second_leader: return "second leader";
    case Wrong::conflict_below_commit: return "conflict below commit";
  }
  std::unreachable();
}

std::string_view word(Role role) {
  switch (role) {
    case Role::follower: return "follower";
    case Role::candidate: return "candidate";
    case Role::leader: return "leader";
  }
  std::unreachable();
}

std::string_view word(Hindrance hindrance) {
  switch (hindrance) {
    case Hindrance::none: return "it leads";
    case Hindrance::stopped: return "it has stopped";
    case Hindrance::no_members: return "it knows of no group";
    case Hindrance::not_member: return "it is no member";
    case Hindrance::learner: return "it is a learner";
    case Hindrance::priority_zero: return "its priority is zero";
    case Hindrance::disk_stalled: return "its disk stalls";
    case Hindrance::damaged: return "its log is damaged";
    case Hindrance::leader_alive: return "it follows a leader";
    case Hindrance::leader_protected: return "a leader may hold a lease";
    case Hindrance::restoring: return "it takes a snapshot in";
    case Hindrance::terms_used_up: return "its terms are used up";
    case Hindrance::waiting_timeout: return "its timeout has not come";
    case Hindrance::own_vote_unsynced: return "its own vote is not on disk";
    case Hindrance::lacks_pre_votes: return "it lacks pre-votes";
    case Hindrance::lacks_votes: return "it lacks votes";
  }
  std::unreachable();
}

std::string_view word(Stall stall) {
  switch (stall) {
    case Stall::none: return "it is committed";
    case Stall::not_in_log: return "this replica has no such entry";
    case Stall::not_leading: return "only a leader can tell";
    case Stall::lacks_quorum: return "a quorum has not acknowledged it";
    case Stall::old_term: return "it is of an old term, and nothing of this term is committed yet";
  }
  std::unreachable();
}

std::string_view word(Progress::Mode mode) {
  switch (mode) {
    case Progress::Mode::probing: return "probing";
    case Progress::Mode::streaming: return "streaming";
    case Progress::Mode::snapshot: return "snapshot";
  }
  std::unreachable();
}

}  // namespace bowline::raft
