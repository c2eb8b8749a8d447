// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string_view>

#include "bowline/base/bytes.h"
#include "bowline/raft/membership.h"

namespace bowline::raft {

// A membership as the payload of an entry: the same bytes on every machine.
Bytes encode(const Membership&);

// Null if the bytes are no sane membership; never trusts a length.
MembershipPtr decode_membership(std::string_view);

}  // namespace bowline::raft
