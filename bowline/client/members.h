// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/raft/membership.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"

namespace bowline::client {

// What to ask for, so that of the members of a group one is otherwise, or all are as they are
// wanted, and only if nobody else has changed them since they were looked at. `expected`: in place
// of that, what the caller has seen. The error is a sentence: why that cannot be wanted.

Result<wire::AskMembers> with_member(const wire::GroupReport&, raft::Wanted,
                                     std::optional<Index> expected = {});
Result<wire::AskMembers> without_member(const wire::GroupReport&, NodeId,
                                        std::optional<Index> expected = {});
Result<wire::AskMembers> with_standing(const wire::GroupReport&, NodeId, raft::Standing,
                                       std::optional<Index> expected = {});

// Whoever is not named leaves.
Result<wire::AskMembers> with_members(const wire::GroupReport&, std::vector<raft::Wanted>,
                                      std::optional<Index> expected = {});

}  // namespace bowline::client
