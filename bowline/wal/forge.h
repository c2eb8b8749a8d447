// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/base/prng.h"
#include "bowline/raft/effect.h"
#include "bowline/wal/row.h"

// What the tests of this folder make up.
namespace bowline::wal {

std::string random_bytes(Prng& prng, std::size_t size);

// Entries from this index on, of terms that rise now and then.
raft::Batch random_entries(Prng& prng, LogId before, std::size_t count, std::size_t most_bytes);

// Any write that makes sense by itself.
raft::Persist random_write(Prng& prng);

raft::MembershipPtr three_members();

}  // namespace bowline::wal
