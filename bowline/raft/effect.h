// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bowline/raft/message.h"

namespace bowline::raft {

// What the host must now do. Every effect is unconditional: the host may begin it at once, in list
// order, and never holds one back. Whatever has to wait for the disk is not in the list yet; it
// will come out of step(Persisted).

// One write: all of it or a prefix in this order survives a crash: hard state, base, cut, repaired,
// entries. At most one a step, and first in the list. Answer with Persisted{seq} when durable.
struct Persist {
  Seq seq;
  std::optional<HardState> hard_state;
  std::optional<Base> base;        // the log begins after it; with `discard`: and is empty
  bool discard = false;            // nothing of the old log remains
  std::optional<Index> cut_after;  // before appending, forget what is past this index
  Batch repaired;                  // written in place of what was damaged; same ids
  Batch entries;                   // appended
};
struct Send {
  NodeId to;
  Message message;
};
// Send the entries in (prev, last] as AppendRequests, read from the log, split as suits the wire.
// `head` is a Message with everything but the entries. Drop it if the core no longer leads that
// term, or if the log no longer reaches back to prev: only then may the log have changed.
struct SendSpan {
  NodeId to;
  Message head;
  Index last;
};
// Answer a peer whose disk lost these with EntriesReply, as far as we have them.
struct SendEntries {
  NodeId to;
  Message head;
  std::vector<LogId> wanted;
};
struct Restore {  // fetch a snapshot through here or later; answer with Restored or RestoreFailed
  NodeId from;
  Base base;
};
struct Commit {  // everything through here is committed: apply it
  Index through;
};

// Words to a client.
struct Admitted {  // in the log as `first` and the following; the last word comes later
  Ticket ticket;
  LogId first;
};
enum class Refusal : std::uint8_t {
  not_leader,      // ask `leader`, if known
  transferring,    // leadership is being handed over: soon again
  full,            // too much is uncommitted: soon again
  too_large,       // never
  wrong_term,      // the expected term is not this one
  not_ready,       // it has not committed in its term, or heard of those who may lead: soon again
  change_pending,  // one change of the membership at a time
  no_change,       // nothing to cancel
  outdated,        // the expected configuration is not the one in force
  bad_members,     // empty, too many, or twice the same
  bad_target,      // not a voter that could lead
  timed_out,
  too_old,  // of a read: nobody can tell that the state is as new as was asked for
  lost_leadership,
  stopped,
  no_member,  // of a host that changes one member: that one is none. The core never says it
};
struct Refused {  // it was not done and never will be
  Ticket ticket;
  Refusal why = Refusal::not_leader;
  NodeId leader;  // 0: not known
};
enum class Outcome : std::uint8_t {
  committed,  // done
  overruled,  // not done, and never will be: another leader's entry took the place
  unknown,    // may be done, or become so
};
struct Decided {
  Ticket ticket;
  Outcome outcome = Outcome::unknown;
};
struct ReadReady {  // linearizable once applied through `index`
  Ticket ticket;
  Index index;
};

// News.
enum class Role : std::uint8_t { follower, candidate, leader };
struct RoleChanged {
  Term term;
  NodeId leader;  // 0: not known
  Role role = Role::follower;
};
struct MembershipChanged {  // in force since it was appended; told again when committed
  Config config;
  bool committed = false;
};
enum class Standby : std::uint8_t {
  no_members,  // we know of no group: waiting to be added, or for a bootstrap
  not_member,  // the group that we know of does not count us
  disowned,    // the group speaks to a former life of this node: it must be added anew
};
struct StandingBy {  // said once: this replica does not campaign, and this is why
  Standby why = Standby::no_members;
};
struct Removed {  // the membership without us is committed
  Index at;
};
enum class Wrong : std::uint8_t {
  second_leader,          // two leaders in one term
  conflict_below_commit,  // a leader overrules what was committed
};
// Only a broken member can have caused this. This replica stops, with its evidence; it will
// refuse everything from now on.
struct Impossible {
  Wrong what = Wrong::second_leader;
  NodeId from;
  Term term;
  std::string evidence;  // for a human
};

using Effect =
    std::variant<Persist, Send, SendSpan, SendEntries, Restore, Commit, Admitted, Refused, Decided,
                 ReadReady, RoleChanged, MembershipChanged, StandingBy, Removed, Impossible>;
using Effects = std::vector<Effect>;

}  // namespace bowline::raft
