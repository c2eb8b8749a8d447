// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string_view>

#include "bowline/check/operation.h"

namespace bowline::check {

// A history as people write it down, an operation a line:
//
//   1 append x ab = 3 10-25 @7
//
// client, verb, key, version (put_at), value (put, put_at, append), then what came of it, from when
// until when, and its places. What came of it is a version, `value:version` (get), `absent`,
// `mismatch:version`, `done` (nobody told the answer), `refused`, or `?` for the unknown.
History history_of(std::string_view lines);

}  // namespace bowline::check
