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
struct GroupDestroyed {};  // nothing of it is left here
// Of a group: it has stopped here, and stays so until the process starts again with another
// machine.
struct MachineThrew {
  Index first;  // of the entries that it had been given together
  Index last;
  std::string what;
};
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
// Of what takes longer than a second, once in each.
struct Opening {  // the log is read, and the node not there yet
  std::uint64_t segments = 0;
  std::uint64_t of_segments = 0;
};
struct SnapshotProgress {
  enum class What : std::uint8_t { taken, loaded, fetched };
  What what = What::taken;
  std::uint64_t bytes = 0;
  std::uint64_t of_bytes = 0;  // 0: nobody knows
};
struct DiskFull {
  bool full = false;     // or there is room again
  std::string why = {};  // it is full
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
                 raft::Impossible, MachineThrew, GroupStarted, GroupEnded, GroupDestroyed, PeerUp,
                 PeerDown, Opening, SnapshotProgress, SnapshotTaken, SnapshotFailed, SnapshotWanted,
                 SnapshotNotFetched, SnapshotInstalled, DiskFull, DiskStalled, HandsOver, Asked>;

// As a sentence, of its group.
inline std::string text(const MachineThrew& news) {
  const std::string where = news.first == news.last
                                ? "at entry " + std::to_string(news.last.value)
                                : "in one of the entries " + std::to_string(news.first.value) +
                                      " to " + std::to_string(news.last.value);
  return "its machine threw " + where + ": " + news.what;
}

}  // namespace bowline::host
