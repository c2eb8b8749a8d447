// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <source_location>

namespace bowline {

// Who is told that an ensure() failed, before the process stops. The simulator uses it to name the
// seed; a replica uses it to print its state.
using EnsureListener = void (*)(const char* file, unsigned line, const char* function);
EnsureListener on_ensure_failure(EnsureListener);

[[noreturn]] void ensure_failed(std::source_location at);

// Checks what only a bug of ours can break. Always on, in every build: a replica that is wrong must
// stop, because the group outlives one replica but not one lie. Never reached by remote input.
inline void ensure(bool holds, std::source_location at = std::source_location::current()) {
  if (!holds) [[unlikely]]
    ensure_failed(at);
}

}  // namespace bowline
