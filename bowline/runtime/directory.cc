// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/directory.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/fault.h"
#include "bowline/runtime/privacy.h"

namespace bowline::runtime {
namespace {

alignas(env::block_bytes) std::array<char, 1 << 20> zeros{};  // never written to

std::unexpected<Error> failure(const std::string& doing) {
  return std::unexpected(system_error(errno, doing));
}

std::string parent_of(const std::string& path) {
  const std::size_t end = path.find_last_not_of('/');
  const std::size_t slash = end == std::string::npos ? end : path.find_last_of('/', end);
  if (slash == std::string::npos) return path.starts_with('/') ? "/" : ".";
  return path.substr(0, slash + 1);
}

Handle open_directory(const std::string& path) {
  return Handle(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

Result<void> make_directory(const std::string& path) {
  if (make_private_directory(path)) {
    const Handle parent = open_directory(parent_of(path));
    if (parent && ::fsync(parent.number()) == 0) return {};
    return failure("cannot sync the parent of the new directory " + path);
  }
  if (errno == EEXIST) return {};
  std::string_view advice;
  if (errno == ENOENT) advice = " (create its parent first)";
  if (errno == EACCES) advice = " (create it, and give it to this user)";
  if (errno == EROFS) advice = " (choose a place that can be written to)";
  return failure("cannot create the directory " + path + std::string(advice));
}

std::string_view advice_for_opening(int number) {
  switch (number) {
    case ENOTDIR: return " (name a directory, not a file)";
    case EACCES: return " (give this user the right to read and write it)";
    case EROFS: return " (mount it for writing, or choose another place)";
    default: return "";
  }
}

// Said early, before the disk is filled for nothing and everybody else's writes fail meanwhile.
bool has_room(int file, std::uint64_t bytes) {
  struct statvfs system{};
  if (::fstatvfs(file, &system) != 0 || system.f_blocks == 0) return true;  // it does not say
  return bytes / system.f_frsize <= system.f_bavail;
}

// Zeros by fallocate() alone are a promise that each first write would have to keep, with an entry
// in the file system's journal: four times as slow as to overwrite what was written.
bool fill(int file, std::uint64_t bytes) {
  if (!has_room(file, bytes)) {
    errno = ENOSPC;
    return false;
  }
  // In one piece if possible; some file systems cannot.
  if (bytes > 0 && ::fallocate(file, 0, 0, static_cast<off_t>(bytes)) != 0 && errno != EOPNOTSUPP &&
      errno != EINTR) {
    return false;
  }
  for (std::uint64_t at = 0; at < bytes;) {
    const std::size_t size = std::min<std::uint64_t>(zeros.size(), bytes - at);
    const ssize_t wrote = ::pwrite(file, zeros.data(), size, static_cast<off_t>(at));
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote == 0) errno = EIO;
    if (wrote <= 0) return false;
    at += static_cast<std::uint64_t>(wrote) / env::block_bytes * env::block_bytes;
    if (static_cast<std::size_t>(wrote) < env::block_bytes) {
      errno = ENOSPC;
      return false;
    }
  }
  return ::fsync(file) == 0;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Directory::Directory(std::string path, Handle handle)
    : path_(std::move(path)), handle_(std::move(handle)) {}

Result<Directory> Directory::open(const std::string& path) {
  Handle handle = open_directory(path);
  if (!handle && errno == ENOENT) {
    if (const Result<void> made = make_directory(path); !made) return std::unexpected(made.error());
    handle = open_directory(path);
  }
  if (!handle || ::faccessat(handle.number(), ".", R_OK | W_OK | X_OK, AT_EACCESS) != 0)
    return failure("cannot use the directory " + path + std::string(advice_for_opening(errno)));
  return Directory(path, std::move(handle));
}

std::string Directory::path_of(const std::string& name) const {
  ensure(!name.empty() && name != "." && name != ".." && !name.contains('/'));
  return path_ + "/" + name;
}

Result<void> Directory::lock() const {
  int answer = -1;
  do {
    answer = ::flock(handle_.number(), LOCK_EX | LOCK_NB);
  } while (answer != 0 && errno == EINTR);
  if (answer == 0) return {};
  if (errno != EWOULDBLOCK) return failure("cannot lock the directory " + path_);
  return std::unexpected(
      Error{Fault::exists, "the directory " + path_ +
                               " is in use by another process, or a second time by this one: end "
                               "that first, or choose another directory"});
}

Result<std::vector<env::Listed>> Directory::list() const {
  const std::string doing = "cannot list the directory " + path_;
  // Opened again, since its position must not be shared.
  const int again = ::openat(handle_.number(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (again < 0) return failure(doing);
  const std::unique_ptr<DIR, CloseDirectory> reader(::fdopendir(again));
  ensure(reader != nullptr);
  std::vector<env::Listed> listed;
  for (errno = 0; const dirent* const entry = ::readdir(reader.get()); errno = 0) {
    struct stat about{};
    if (::fstatat(handle_.number(), entry->d_name, &about, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed meanwhile
      return failure(doing);
    }
    if (S_ISREG(about.st_mode))
      listed.push_back({entry->d_name, static_cast<std::uint64_t>(about.st_size)});
  }
  if (errno != 0) return failure(doing);
  std::ranges::sort(listed, {}, &env::Listed::name);
  return listed;
}

Result<OpenFile> Directory::open_with(const std::string& name, int flags, bool direct) const {
  const std::string path = path_of(name);
  flags |= O_RDWR | O_CLOEXEC | O_NOFOLLOW;
  const auto with = [&](int more) {
    return Handle(::openat(handle_.number(), name.c_str(), flags | more, private_file));
  };
  Handle handle = with(direct ? O_DIRECT : 0);
  if (!handle && direct && errno == EINVAL) {
    direct = false;
    // Some file systems notice that only after they have made the file.
    if ((flags & O_CREAT) != 0) (void)::unlinkat(handle_.number(), name.c_str(), 0);
    handle = with(0);
  }
  const bool is_new = (flags & O_CREAT) != 0;
  if (!handle)
    return std::unexpected(
        opening_error(errno, (is_new ? "cannot create " : "cannot open ") + path));
  if (is_new && ::fchmod(handle.number(), private_file) != 0)
    return failure("cannot make private " + path);
  struct stat about{};
  if (::fstat(handle.number(), &about) != 0) return failure("cannot look at " + path);
  if (!S_ISREG(about.st_mode))
    return std::unexpected(Error{Fault::io, "cannot open " + path + ": it is no ordinary file"});
  return OpenFile{std::make_shared<const Handle>(std::move(handle)), path,
                  static_cast<std::uint64_t>(about.st_size), direct};
}

Result<OpenFile> Directory::open_file(const std::string& name, bool direct) const {
  return open_with(name, 0, direct);
}

Result<OpenFile> Directory::create(const std::string& name, std::uint64_t bytes,
                                   bool direct) const {
  Result<OpenFile> file = open_with(name, O_CREAT | O_EXCL, direct);
  if (!file) return file;
  if (!fill(file->handle->number(), bytes)) {
    const int number = errno;
    (void)::unlinkat(handle_.number(), name.c_str(), 0);
    return std::unexpected(system_error(
        number, "cannot create " + file->path + " with " + std::to_string(bytes) + " bytes"));
  }
  file->size = bytes;
  return file;
}

Result<void> Directory::remove(const std::string& name) const {
  const std::string path = path_of(name);
  if (::unlinkat(handle_.number(), name.c_str(), 0) == 0) return {};
  return failure("cannot remove " + path);
}

Result<void> Directory::rename(const std::string& from, const std::string& to) const {
  const std::string path = path_of(from);
  const std::string new_path = path_of(to);
  if (::renameat(handle_.number(), from.c_str(), handle_.number(), to.c_str()) == 0) return {};
  return failure("cannot rename " + path + " to " + new_path);
}

Result<void> Directory::sync_names() const {
  if (::fsync(handle_.number()) == 0) return {};
  return failure("cannot sync the names in " + path_);
}

}  // namespace bowline::runtime
