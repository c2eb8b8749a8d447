// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <fcntl.h>
#include <sys/resource.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/handle.h"

namespace bowline::runtime {

// For tests: nothing more can be opened in this process, until this is gone.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    ensure(::getrlimit(RLIMIT_NOFILE, &before_) == 0);
    const Handle next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    const rlimit limit{static_cast<rlim_t>(next.number()), before_.rlim_max};
    ensure(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  }
  ~NoMoreFiles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
};

}  // namespace bowline::runtime
