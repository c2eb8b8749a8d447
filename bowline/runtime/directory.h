// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/file.h"
#include "bowline/runtime/handle.h"

namespace bowline::runtime {

// The names of a disk. All calls block, and may come from any thread.
class Directory {
 public:
  // Creates it, too, if its parent is there.
  static Result<Directory> open(const std::string& path);

  const std::string& path() const { return path_; }
  Result<void> lock() const;
  Result<std::vector<env::Listed>> list() const;
  // `direct`: past the cache of the kernel, if the file system can do that.
  Result<OpenFile> open_file(const std::string& name, bool direct) const;
  Result<OpenFile> create(const std::string& name, std::uint64_t bytes, bool direct) const;
  Result<void> remove(const std::string& name) const;
  Result<void> rename(const std::string& from, const std::string& to) const;
  Result<void> sync_names() const;

 private:
  Directory(std::string path, Handle handle);
  std::string path_of(const std::string& name) const;
  Result<OpenFile> open_with(const std::string& name, int flags, bool direct) const;

  std::string path_;
  Handle handle_;
};

}  // namespace bowline::runtime
