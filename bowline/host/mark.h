// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "bowline/base/encoding.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/raft/effect.h"

namespace bowline::host {

// Where a log may begin anew, as bytes: term, index, membership's index, known in, membership.
void put_base(std::string& to, const raft::Base&);  // with a membership
raft::Base take_base(Cursor&);                      // fails the cursor if it makes no sense

// What a durable machine keeps beside its state: machine::Durable. The group is in it, so that
// nobody goes on with the state of another.
std::string encode_mark(GroupId, const raft::Base&);
Result<raft::Base> decode_mark(GroupId, std::string_view);

}  // namespace bowline::host
