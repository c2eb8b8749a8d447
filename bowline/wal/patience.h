// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <vector>

#include "bowline/env/env.h"

namespace bowline::wal {

struct PatientlyRead {
  env::Buffer bytes;                      // blocks that cannot be read are zero
  std::vector<std::uint64_t> unreadable;  // which those are, counted from the first of these
};

// Reads a stretch of a file, as much of it as there is. A disk that cannot read one block says so
// of the whole stretch: the halves are then asked for one by one, so that only that block is lost.
// Not called back once the file is closed.
void read_patiently(env::Disk&, env::File&, std::uint64_t offset, std::uint64_t bytes,
                    env::Done<PatientlyRead>);

}  // namespace bowline::wal
