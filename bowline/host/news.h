// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <variant>

#include "bowline/base/ids.h"
#include "bowline/base/time.h"
#include "bowline/raft/effect.h"
#include "bowline/raft/membership.h"

namespace bowline::host {

// What people want to hear of as it happens. Rare, and told when it has happened; who is told may
// ask the node whatever it likes, but ends no group within the call.
struct GroupStarted {
  LogId applied;  // from a snapshot
  LogId last;
  bool stateless = false;  // its snapshot cannot be read: it fetches another one
};
struct GroupEnded {};
struct PeerUp {
  NodeId peer;
};
struct PeerDown {
  NodeId peer;
};
struct SnapshotTaken {
  raft::Base base;
};
struct SnapshotFailed {  // one of our own
  std::string why;
};
struct SnapshotWanted {  // of another node, since our log ends before its leader's begins
  NodeId from;
  LogId through;
};
struct SnapshotNotFetched {
  LogId through;
  std::string why;
};
struct SnapshotInstalled {  // which another node gave
  raft::Base base;
  bool used = false;  // else we were further already
};
struct DiskFull {
  bool full = false;  // or there is room again
};
struct DiskStalled {
  Duration busy{0};      // with one write of the log, so far
  bool stalled = false;  // or it has come to the end of that
};
struct HandsOver {  // of a group: this node led it, and its disk is busy with one write for so long
  NodeId to;        // 0: to nobody. It stopped leading, and the others choose
  Duration busy{0};
};
struct Asked {  // somebody who administers wants it changed; group 0: the node
  std::string who;
  std::string what;
};
using News =
    std::variant<raft::RoleChanged, raft::MembershipChanged, raft::StandingBy, raft::Removed,
                 raft::Impossible, GroupStarted, GroupEnded, PeerUp, PeerDown, SnapshotTaken,
                 SnapshotFailed, SnapshotWanted, SnapshotNotFetched, SnapshotInstalled, DiskFull,
                 DiskStalled, HandsOver, Asked>;

}  // namespace bowline::host
