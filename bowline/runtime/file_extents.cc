// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/file_extents.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <span>
#include <utility>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/fault.h"

namespace bowline::runtime {
namespace {

// Reserved beforehand: one to be filled, one to be kept back.
constexpr std::uint32_t most_spares = 3;
// Sealed, and not written yet: the memory that a slow disk may cost.
constexpr std::uint32_t most_pending = 3;
constexpr std::int64_t retry_ns = 1'000'000'000;
constexpr std::size_t read_bytes = 1 << 20;
constexpr std::size_t page_bytes = 4096;

constexpr int no_file = -1;
constexpr int unused = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;

std::int64_t now_ns() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

// nullptr: errno says why. Asked of the kernel itself: a sanitizer of threads would take what
// mmap() does to the place of an extent for a write to it, while others read there what stays the
// same.
char* map(char* at, std::size_t bytes, int protection, int flags, int file, off_t from) {
  const long made = ::syscall(SYS_mmap, at, bytes, protection, flags, file, from);
  return made == -1 ? nullptr : std::bit_cast<char*>(made);
}

// Of whole pages. If the kernel does not tell, they are said to be there: who looks at them waits.
bool is_in_memory(char* from, std::size_t bytes) {
  constexpr unsigned char there = 1;
  std::array<unsigned char, 64> pages{};
  while (bytes > 0) {
    const std::size_t part = std::min(bytes, pages.size() * page_bytes);
    if (::mincore(from, part, pages.data()) != 0) return true;
    const std::span<unsigned char> told(pages.data(), (part + page_bytes - 1) / page_bytes);
    if (!std::ranges::all_of(told, [](unsigned char page) { return (page & there) != 0; }))
      return false;
    from += part;
    bytes -= part;
  }
  return true;
}

// Of a file that is gone as soon as nobody has it open.
Result<Handle> nameless(const std::string& directory) {
  const std::string path = directory + "/old-values";
  Handle file(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return std::unexpected(system_error(errno, "cannot make " + path));
  if (::unlink(path.c_str()) != 0)
    return std::unexpected(system_error(errno, "cannot remove the name of " + path));
  return file;
}

}  // namespace

Result<std::shared_ptr<FileExtents>> FileExtents::open(const std::string& directory,
                                                       Options options) {
  Result<Handle> file = nameless(directory);
  if (!file) return std::unexpected(file.error());
  // A file system that cannot do this could run full within a write.
  constexpr int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  if (::fallocate(file->number(), 0, 0, page_bytes) != 0 && errno == EOPNOTSUPP)
    return std::unexpected(system_error(errno, "cannot reserve space in a file in " + directory));
  if (::fallocate(file->number(), punch, 0, page_bytes) != 0 && errno == EOPNOTSUPP)
    return std::unexpected(system_error(errno, "cannot free a part of a file in " + directory));
  struct statvfs disk{};
  if (options.most_bytes == 0 && ::fstatvfs(file->number(), &disk) == 0)
    options.most_bytes = std::uint64_t{disk.f_blocks} * disk.f_frsize;
  options.most_bytes += options.extent_bytes - options.most_bytes % options.extent_bytes;
  char* const begin = map(nullptr, options.most_bytes, PROT_NONE, unused, no_file, 0);
  if (begin == nullptr)
    return std::unexpected(system_error(
        errno, "cannot set addresses aside for " + std::to_string(options.most_bytes) + " bytes"));
  return std::make_shared<FileExtents>(Private{}, *std::move(file), begin, std::move(options));
}

FileExtents::FileExtents(Private /*ours*/, Handle file, char* begin, Options options)
    : Extents(options.extent_bytes),
      options_(std::move(options)),
      file_(std::move(file)),
      begin_(begin),
      count_(options_.most_bytes / options_.extent_bytes),
      errors_(begin, options_.most_bytes) {
  found_at(begin_, count_);
  thread_ = std::thread([this] { run(); });
}

FileExtents::~FileExtents() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
  wanted_.reset();
  ::munmap(begin_, options_.most_bytes);
}

// ---- the owner's side

// Nothing is reserved until somebody asks.
env::Extents::Room FileExtents::room() {
  if (is_broken_) return Room::none;
  if (spares_ready_ >= 2) return pending_ < most_pending ? Room::yes : Room::later;
  const std::lock_guard lock(mutex_);
  if (reserving_ == 0 && (!is_full_ || now_ns() >= retry_at_)) ask_for_one();
  return is_full_ ? Room::none : Room::later;
}

std::optional<env::Extents::Number> FileExtents::take() {
  const std::lock_guard lock(mutex_);
  if (spares_.empty() || is_broken_) return std::nullopt;
  const Number number = spares_.back();
  if (!show(number, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, no_file))
    return std::nullopt;
  spares_.pop_back();
  spares_ready_ = static_cast<std::uint32_t>(spares_.size());
  states_[number] = State::open;
  if (!is_full_ && spares_.size() + reserving_ < most_spares) ask_for_one();
  return number;
}

void FileExtents::ask_for_one() {
  ++reserving_;
  tasks_.push_back({.job = Job::reserve});
  changed_.notify_all();
}

void FileExtents::wait() {
  if (room() != Room::later) return;
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] {
    if (is_broken_ || (spares_ready_ < 2 && is_full_)) return true;
    return spares_ready_ >= 2 && pending_ < most_pending;
  });
}

void FileExtents::seal(Number number, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  ensure(states_[number] == State::open && bytes <= extent_bytes());
  states_[number] = State::sealed;
  ++pending_;
  pending_bytes_ += bytes;
  tasks_.push_back({.job = Job::write, .number = number, .bytes = bytes});
  changed_.notify_all();
}

bool FileExtents::fetch(Number number) {
  const std::lock_guard lock(mutex_);
  State& state = states_[number];
  if (state == State::in_file) {
    state = State::fetching;
    tasks_.push_back({.job = Job::fetch, .number = number});
    changed_.notify_all();
  }
  return state != State::fetching;
}

// Whether it is a part of the file by now or memory still, the kernel knows.
bool FileExtents::want(const char* at, std::size_t bytes) {
  const auto within = reinterpret_cast<std::uintptr_t>(at) % page_bytes;
  char* const from = const_cast<char*>(at - within);
  if (is_in_memory(from, within + bytes)) return true;
  if (!wanted_) wanted_.emplace();
  wanted_->ask(from, within + bytes);
  return false;
}

void FileExtents::drop(Number number) {
  const std::lock_guard lock(mutex_);
  states_[number] = State::dropped;
  tasks_.push_back({.job = Job::drop, .number = number});
  if (is_full_.exchange(false)) ask_for_one();  // there will be room behind that
  changed_.notify_all();
}

env::Extents::Figures FileExtents::figures() const {
  return {.file_bytes = reserved_ * extent_bytes(), .pending_bytes = pending_bytes_};
}

// ---- the thread's side

void FileExtents::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !tasks_.empty(); });
    if (ends_) return;
    const Task task = tasks_.front();
    tasks_.pop_front();
    lock.unlock();
    carry_out(task);
    changed_.notify_all();
    lock.lock();
  }
}

void FileExtents::carry_out(const Task& task) {
  switch (task.job) {
    case Job::reserve: return reserve();
    case Job::write: return write(task.number, task.bytes);
    case Job::fetch: return read(task.number);
    case Job::drop: return free(task.number);
  }
}

// What is to be seen at the place of an extent.
bool FileExtents::show(Number number, int protection, int flags, int file) {
  const auto from = static_cast<off_t>(file == no_file ? 0 : offset(number));
  return map(at(number), extent_bytes(), protection, flags | MAP_FIXED, file, from) != nullptr;
}

void FileExtents::reserve() {
  Number number = 0;
  {
    const std::lock_guard lock(mutex_);
    const bool is_new = free_.empty();
    number = is_new ? static_cast<Number>(states_.size()) : *free_.begin();
    if (is_new) {
      states_.push_back(State::free);
    } else {
      free_.erase(free_.begin());
    }
  }
  const Result<void> reserved = reserve(number);
  const std::lock_guard lock(mutex_);
  --reserving_;
  if (!reserved) {
    free_.insert(number);
    const auto drops = [](const Task& task) { return task.job == Job::drop; };
    if (std::any_of(tasks_.begin(), tasks_.end(), drops)) return ask_for_one();  // behind these
    retry_at_ = now_ns() + retry_ns;
    is_full_ = true;
    if (!std::exchange(is_told_, true) && options_.complain)
      options_.complain("old values stay in memory: " + reserved.error().what);
    return;
  }
  ++reserved_;
  is_full_ = false;
  states_[number] = State::spare;
  spares_.push_back(number);
  spares_ready_ = static_cast<std::uint32_t>(spares_.size());
  is_told_ = false;
  if (spares_.size() + reserving_ < most_spares) ask_for_one();
}

Result<void> FileExtents::reserve(Number number) {
  const auto full = [](std::string what) {
    return std::unexpected(Error{Fault::full, std::move(what)});
  };
  if (number >= count_) return full("the file of old values is as large as it may become");
  struct statvfs disk{};
  if (::fstatvfs(file_.number(), &disk) == 0 &&
      std::uint64_t{disk.f_bavail} * disk.f_frsize < options_.leave_bytes + extent_bytes())
    return full("what is left of the disk is for the log. Make room on it");
  while (::fallocate(file_.number(), 0, static_cast<off_t>(offset(number)),
                     static_cast<off_t>(extent_bytes())) != 0)
    if (errno != EINTR)
      return std::unexpected(system_error(errno, "cannot reserve space for old values"));
  return {};
}

void FileExtents::write(Number number, std::size_t bytes) {
  Result<void> written;
  bool is_needed = false;
  {
    const std::lock_guard lock(mutex_);
    is_needed = states_[number] == State::sealed;
  }
  if (is_needed) written = write_out(number, bytes);
  const std::lock_guard lock(mutex_);
  --pending_;
  pending_bytes_ -= bytes;
  if (!written && !is_broken_.exchange(true) && options_.complain)
    options_.complain("old values stay in memory: " + written.error().what);
  if (states_[number] == State::sealed) states_[number] = written ? State::in_file : State::stays;
}

// Through the cache of the kernel, so that what is looked at next is there; and to the disk at
// once, so that the kernel may take the memory at any time. Then nothing is left of the memory that
// was written to. Nobody notices: it has the same bytes.
Result<void> FileExtents::write_out(Number number, std::size_t bytes) {
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t count = ::pwrite(file_.number(), at(number) + done, bytes - done,
                                   static_cast<off_t>(offset(number) + done));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return std::unexpected(system_error(errno, "cannot write old values"));
    done += static_cast<std::size_t>(count);
  }
  constexpr unsigned now =
      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
  if (::sync_file_range(file_.number(), static_cast<off_t>(offset(number)),
                        static_cast<off_t>(bytes), now) != 0 &&
      errno == EIO)
    return std::unexpected(system_error(errno, "cannot write old values"));
  if (!show(number, PROT_READ, MAP_SHARED, file_.number()))
    return std::unexpected(system_error(errno, "cannot map the file of old values"));
  static_cast<void>(::madvise(at(number), extent_bytes(), MADV_RANDOM));
  return {};
}

// Into the cache of the kernel, as one reads a file.
void FileExtents::read(Number number) {
  std::vector<char> scratch(std::min(read_bytes, extent_bytes()));
  for (std::size_t done = 0; done < extent_bytes();) {
    const ssize_t count = ::pread(file_.number(), scratch.data(), scratch.size(),
                                  static_cast<off_t>(offset(number) + done));
    if (count <= 0) break;  // whoever looks at it will see
    done += static_cast<std::size_t>(count);
  }
  const std::lock_guard lock(mutex_);
  if (states_[number] == State::fetching) states_[number] = State::fetched;
}

void FileExtents::free(Number number) {
  ensure(show(number, PROT_NONE, unused, no_file));
  constexpr int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  static_cast<void>(::fallocate(file_.number(), punch, static_cast<off_t>(offset(number)),
                                static_cast<off_t>(extent_bytes())));
  const std::lock_guard lock(mutex_);
  --reserved_;
  states_[number] = State::free;
  free_.insert(number);
}

}  // namespace bowline::runtime
