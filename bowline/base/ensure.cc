// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/ensure.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace bowline {
namespace {

EnsureListener listener = nullptr;

}  // namespace

EnsureListener on_ensure_failure(EnsureListener next) { return std::exchange(listener, next); }

void ensure_failed(std::source_location at) {
  // Once only: a listener that fails itself must not come back here.
  if (const EnsureListener tell = std::exchange(listener, nullptr); tell != nullptr)
    tell(at.file_name(), at.line(), at.function_name());
  std::fprintf(stderr, "%s:%u: ensure failed in %s\n", at.file_name(), at.line(),
               at.function_name());
  std::abort();
}

}  // namespace bowline
