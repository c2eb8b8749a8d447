// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/raft/progress.h"

namespace bowline::raft {

// Answers to the two questions that people ask of a Raft group, as data. describe.h puts them in
// words.
enum class Hindrance : std::uint8_t {
  none,               // it leads
  stopped,            // it found something impossible, or was removed
  no_members,         // it knows of no group
  not_member,         // the membership in force does not name this life of it
  learner,            // learners do not campaign
  priority_zero,      // it is told never to lead
  restoring,          // it takes a snapshot in, and knows too little until it has
  terms_used_up,      // nothing is above the term that somebody gave it
  disk_stalled,       // its disk is busy with one write for too long
  damaged,            // its log lost entries that were not repaired yet
  leader_alive,       // it follows a leader
  leader_protected,   // somebody led until a moment ago, or may hold a lease
  waiting_timeout,    // no leader, and its own time has not come
  own_vote_unsynced,  // its vote for itself, or what it claims, is not on disk
  lacks_pre_votes,
  lacks_votes,
};

struct Waiting {  // one member, as this replica sees it
  NodeId id;
  bool voter = false;
  bool missing = false;  // what we ask of it has not come: a vote, an ack
  Index match;           // leaders only
  Progress::Mode mode = Progress::Mode::probing;
  Duration silent{0};  // since it was heard last; leaders only
};

struct WhyNotLeading {
  Hindrance why = Hindrance::none;
  NodeId leader;
  Duration due{0};  // until its own time comes, where that is what it waits for
  std::vector<Waiting> members;
};

enum class Stall : std::uint8_t {
  none,          // it is committed
  not_in_log,    // this replica has no such entry
  not_leading,   // only a leader can tell; ask it
  lacks_quorum,  // `members` names who has not acknowledged it
  old_term,      // a quorum has it, but only an entry of this term commits it (3.6.2)
};

struct WhyNotCommitted {
  Stall why = Stall::none;
  NodeId leader;
  bool own_disk_behind = false;  // we have not synced it ourselves
  std::vector<Waiting> members;
};

}  // namespace bowline::raft
