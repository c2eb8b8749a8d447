// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "bowline/api/group.h"
#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/host/shard.h"
#include "bowline/machine/state_machine.h"
#include "bowline/raft/membership.h"

// The state of a group as one file, to be kept elsewhere or to found another group with: what the
// snapshot's manifest says (docs/SNAPSHOTS.md), and its pieces behind it, one after the other.
namespace bowline {

// The newest snapshot of the group, as it is on the disk of this node. On the node's thread; the
// answer comes there, too. The file has its name only when it is whole and durable.
void export_snapshot(host::Shard&, GroupId, std::string path, env::Done<Result<raft::Base>>);

// What such a file holds, for GroupSetup::state. Its beginning is checked now, each piece as it is
// read. May be used more than once.
using Importer = std::function<std::unique_ptr<machine::Reader>()>;
Result<Importer> import_snapshot(const std::string& path);

// Makes what such a file holds the state of a group that runs, through its log: on each member at
// the same entry. The machine of the group is a machine::ReplaceableMachine. Called at the leader,
// from any thread but the node's, and returns when it is done here. If it fails nothing has
// changed, unless it says that nobody knows.
Result<void> replace_state(const Group&, const std::string& path);

}  // namespace bowline
