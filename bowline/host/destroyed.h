// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/base/ids.h"

namespace bowline::host {

// A group that was destroyed leaves one thing on the disk: how often that was. It is in the log
// under an id that no group may have, as a term. So it is on the disk in the same write that takes
// the group away.
inline constexpr std::uint64_t destroyed_bit = std::uint64_t{1} << 63;

inline GroupId note_of_destroyed(GroupId group) { return {group.value | destroyed_bit}; }
inline bool is_note_of_destroyed(GroupId id) { return (id.value & destroyed_bit) != 0; }
inline GroupId destroyed_group(GroupId note) { return {note.value & ~destroyed_bit}; }

}  // namespace bowline::host
