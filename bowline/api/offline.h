// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/raft/input.h"
#include "bowline/raft/membership.h"
#include "bowline/runtime/disk.h"

// For who runs a cluster, and a node of it that does not run.
namespace bowline {

struct ForcedAlone {
  NodeId node;
  raft::Membership before;  // the members that are given up
  LogId last;               // where its log ended: what it had not heard of is lost
  Index at;                 // the entry that makes it the whole group
};

// Forced recovery on the disk of a node that is stopped: the other voters are gone for good, and
// this one goes on alone with its log as it is, under the name of another cluster, from its next
// start on. What others had committed and this one had not heard of is lost; what was never
// committed may become so. Do so on one node only, the one whose log is longest. `anew` is then
// host::GroupOptions::cluster of all that start the group. See Group::recover for one that runs.
Result<ForcedAlone> recover_offline(const std::string& directory, GroupId, ClusterId anew,
                                    runtime::DiskOptions = {});

// Founds a group on the disk of a node that is stopped, or was never started: it begins there with
// these members, as if GroupSetup::founders had named them, and starts without them from then on.
// Do so on each of them, with the same list and the same name of the cluster (0: made of the list).
// Refused as Fault::exists where anything is there of the group already. The directory is made, if
// it has to be, and belongs to that node for ever.
Result<raft::Membership> found_offline(const std::string& directory, NodeId, GroupId,
                                       std::vector<raft::Wanted> founders, ClusterId = {},
                                       runtime::DiskOptions = {});

}  // namespace bowline
