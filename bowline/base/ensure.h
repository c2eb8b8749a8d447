// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <source_location>
#include <string>

namespace bowline {

// Who is told that an ensure() failed, before the process stops. The simulator uses it to name the
// seed.
using EnsureListener = void (*)(const char* file, unsigned line, const char* function);
EnsureListener on_ensure_failure(EnsureListener);

// What is being worked on. If an ensure() fails on this thread while this lives, the message ends
// with what `describe` says of it: the state of a replica that has to stop is what people need.
class EnsureSubject {
 public:
  using Describe = std::string (*)(const void* subject);
  EnsureSubject(const void* subject, Describe describe);
  ~EnsureSubject();
  EnsureSubject(const EnsureSubject&) = delete;
  EnsureSubject& operator=(const EnsureSubject&) = delete;

  std::string text() const { return describe_(subject_); }
  const EnsureSubject* outer() const { return outer_; }

 private:
  const void* subject_;
  Describe describe_;
  const EnsureSubject* outer_;
};

[[noreturn]] void ensure_failed(std::source_location at);

// Checks what only a bug of ours can break. Always on, in every build: a replica that is wrong must
// stop, because the group outlives one replica but not one lie. Never reached by remote input.
inline void ensure(bool holds, std::source_location at = std::source_location::current()) {
  if (!holds) [[unlikely]]
    ensure_failed(at);
}

}  // namespace bowline
