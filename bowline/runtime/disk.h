// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/loop.h"

namespace bowline::runtime {

struct DiskOptions {
  enum class Way : std::uint8_t {
    best,     // io_uring where the kernel lets us, else threads
    uring,    // or an error
    threads,  // always possible
  };
  Way way = Way::best;
  // Past the cache of the kernel, where the file system can do that. Turned off by tests.
  bool direct = true;
};

// The directory, which is created if its parent is there, as a disk. On the thread of the loop,
// which alone may use the disk and must outlive it. Blocks, for a moment.
//
// Destroying the disk waits for what is under way. Its files may outlive it, but do no more.
Result<std::unique_ptr<env::Disk>> open_disk(const std::string& path, Loop&, DiskOptions = {});

// How it reaches the hardware, and why not better. A disk of ours, for a log or a page of status.
DiskOptions::Way way_of(const env::Disk&);
std::string describe(const env::Disk&);

}  // namespace bowline::runtime
