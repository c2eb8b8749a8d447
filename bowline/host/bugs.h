// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/base/mutant.h"

namespace bowline::host {

// Planted bugs of the host alone, with numbers that base/mutant.h leaves free.
inline constexpr Bug p95_destroy_leaves_the_log{95};
inline constexpr Bug p96_old_read_waits_for_ever{96};
inline constexpr Bug p97_snapshot_names_not_synced{97};
inline constexpr Bug p98_frames_wait_for_the_disk{98};

}  // namespace bowline::host
