// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/ensure.h"

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace bowline {
namespace {

EnsureListener listener = nullptr;
thread_local const EnsureSubject* innermost = nullptr;

}  // namespace

EnsureListener on_ensure_failure(EnsureListener next) { return std::exchange(listener, next); }

EnsureSubject::EnsureSubject(const void* subject, Describe describe)
    : subject_(subject), describe_(describe), outer_(std::exchange(innermost, this)) {}

EnsureSubject::~EnsureSubject() { innermost = outer_; }

void ensure_failed(std::source_location at) {
  // Once only: a listener that fails itself must not come back here.
  if (const EnsureListener tell = std::exchange(listener, nullptr); tell != nullptr)
    tell(at.file_name(), at.line(), at.function_name());
  std::fprintf(stderr, "%s:%u: ensure failed in %s\n", at.file_name(), at.line(),
               at.function_name());
  // Each is left before it is asked: what is broken may not be able to describe itself.
  while (const EnsureSubject* subject = innermost) {
    innermost = subject->outer();
    std::fprintf(stderr, "%s\n", subject->text().c_str());
  }
  std::abort();
}

}  // namespace bowline
