// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/small_disk.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

namespace bowline::chaos {
namespace {

bool write_line(const char* path, const std::string& line) {
  std::ofstream file(path);
  file << line;
  file.close();
  return !file.fail();
}

std::string because(const std::string& what) { return what + ": " + std::strerror(errno); }

}  // namespace

// Who is not root is it in a namespace of his own, where that is allowed.
std::string keep_mounts_to_ourselves() {
  const auto user = std::to_string(::getuid());
  const auto group = std::to_string(::getgid());
  if (::unshare(CLONE_NEWNS) != 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return because("no mounts of our own");
    write_line("/proc/self/setgroups", "deny");
    if (!write_line("/proc/self/uid_map", "0 " + user + " 1") ||
        !write_line("/proc/self/gid_map", "0 " + group + " 1"))
      return because("no user of our own");
  }
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
    return because("our mounts cannot be kept apart");
  return {};
}

SmallDisk::SmallDisk(std::string directory, std::uint64_t mebibytes, std::string reason)
    : directory_(std::move(directory)), fault_(std::move(reason)) {
  if (!fault_.empty()) return;
  const std::string size = "size=" + std::to_string(mebibytes) + "m,mode=0700";
  if (::mount("tmpfs", directory_.c_str(), "tmpfs", 0, size.c_str()) != 0)
    fault_ = because("nothing can be mounted at " + directory_);
}

SmallDisk::~SmallDisk() {
  if (fault_.empty()) ::umount2(directory_.c_str(), MNT_DETACH);
}

void SmallDisk::fill() {
  const int file = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  const std::vector<char> piece(64 << 10, 'x');
  // Less and less, down to a block.
  for (std::size_t size = piece.size(); file >= 0 && size >= 4096; size /= 2)
    while (::write(file, piece.data(), size) == static_cast<ssize_t>(size)) continue;
  if (file >= 0) ::close(file);
}

void SmallDisk::clear() { ::unlink(ballast().c_str()); }

}  // namespace bowline::chaos
