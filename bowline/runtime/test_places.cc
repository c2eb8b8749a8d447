// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/test_places.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::runtime {

using namespace std::chrono_literals;

Scratch::Scratch(const std::string& parent) : path_(parent + "/bowline-XXXXXX") {
  ensure(::mkdtemp(path_.data()) != nullptr);
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string ordinary_parent() { return std::filesystem::temp_directory_path(); }

std::string memory_parent() {
  const std::string tmpfs = "/dev/shm";
  return std::filesystem::is_directory(tmpfs) ? tmpfs : ordinary_parent();
}

RealGround::RealGround(const std::string& parent, DiskOptions options)
    : scratch_(parent), options_(options), disk_(another()) {}

void RealGround::reopen() {
  disk_.reset();
  disk_ = another();
}

std::unique_ptr<env::Disk> RealGround::another() {
  Result<std::unique_ptr<env::Disk>> disk = open_disk(scratch_.path(), loop_, options_);
  if (!disk) std::fprintf(stderr, "%s\n", disk.error().what.c_str());
  ensure(disk.has_value());
  return std::move(*disk);
}

bool RealGround::run_until(const std::function<bool()>& holds) {
  return loop_.run_until(holds, loop_.clock().now() + 60s);
}

}  // namespace bowline::runtime
