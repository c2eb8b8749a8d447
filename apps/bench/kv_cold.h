// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace bowline::bench {

// A map whose values are several times its memory: how long puts take with and without compaction,
// side by side; what becomes of the room after deletions; what a restart takes. Its options are
// words behind --cold: see --help there.
int measure_cold(int argc, char** argv);

}  // namespace bowline::bench
