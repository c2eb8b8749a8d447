// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/whole_file.h"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bowline/runtime/fault.h"
#include "bowline/runtime/privacy.h"

namespace bowline::runtime {

WholeFile::~WholeFile() {
  if (file_) ::unlink(draft_.c_str());
}

Result<void> WholeFile::failed(const std::string& what) const {
  return std::unexpected(system_error(errno, "cannot " + what + " " + draft_));
}

Result<void> WholeFile::write(std::string_view bytes) {
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
  if (!file_) file_ = Handle(::open(draft_.c_str(), flags, private_file));
  if (!file_ || ::fchmod(file_.number(), private_file) != 0) return failed("make");
  while (!bytes.empty()) {
    const ssize_t count = ::write(file_.number(), bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return failed("write");
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return {};
}

Result<void> WholeFile::end() {
  if (!file_) {
    if (Result<void> made = write({}); !made) return made;
  }
  if (::fsync(file_.number()) != 0) return failed("sync");
  if (::rename(draft_.c_str(), path_.c_str()) != 0) return failed("rename");
  const std::string above = std::filesystem::absolute(path_).parent_path();
  const Handle directory(::open(above.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  file_ = {};  // nothing is left to remove
  if (directory && ::fsync(directory.number()) == 0) return {};
  return failed("sync the directory of");
}

}  // namespace bowline::runtime
