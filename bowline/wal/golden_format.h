// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

namespace bowline::wal {

// A small log, byte by byte, as docs/LOG_FORMAT.md shows it. The log is written by this folder's
// code and read by code of its own, which knows nothing but what that page says.
std::string golden_format();

}  // namespace bowline::wal
