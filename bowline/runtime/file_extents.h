// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/env/extents.h"
#include "bowline/runtime/bus_errors.h"
#include "bowline/runtime/handle.h"
#include "bowline/runtime/wanted_pages.h"

namespace bowline::runtime {

// Extents in a file that has no name: it is gone when the process is, however it ends. An extent is
// memory while it is filled. When it is sealed, a thread of ours writes it out, and then puts the
// file in the place of the memory, at the same address: so the kernel keeps what is read, and takes
// the memory of the rest. Nothing that the owner calls waits for the disk, but wait(). Only looking
// at what is not in memory does, and want() tells what is.
//
// Disk space is reserved before an extent is given, so that a full disk is no surprise later. If a
// write fails, what was to be written stays in memory, and there is no more room. If a read fails,
// the process ends with a sentence.
class FileExtents final : public env::Extents {
 private:
  struct Private {};

 public:
  struct Options {
    std::size_t extent_bytes = 8 << 20;
    std::uint64_t most_bytes = 0;           // that the file may take; 0: as large as the disk is
    std::uint64_t leave_bytes = 512 << 20;  // of the disk, to the log and to others
    std::function<void(const std::string&)> complain;  // called on any thread
  };
  static Result<std::shared_ptr<FileExtents>> open(const std::string& directory, Options);
  FileExtents(Private, Handle file, char* begin, Options);
  ~FileExtents() override;

  Room room() override;
  std::optional<Number> take() override;
  void wait() override;
  void seal(Number, std::size_t bytes) override;
  bool fetch(Number) override;
  bool want(const char* at, std::size_t bytes) override;
  void drop(Number) override;
  Figures figures() const override;
  std::uint64_t most_bytes() const { return options_.most_bytes; }

 private:
  enum class State : std::uint8_t {
    free,
    spare,  // space on the disk is reserved
    open,   // memory
    sealed,
    in_file,
    fetching,
    fetched,
    stays,  // it could not be written
    dropped,
  };
  enum class Job : std::uint8_t { reserve, write, fetch, drop };
  struct Task {
    Job job = Job::reserve;
    Number number = 0;
    std::size_t bytes = 0;
  };

  void ask_for_one();  // with the mutex
  void run();
  void carry_out(const Task&);
  void reserve();
  Result<void> reserve(Number);
  void write(Number, std::size_t bytes);
  Result<void> write_out(Number, std::size_t bytes);
  void read(Number);
  void free(Number);
  std::uint64_t offset(Number number) const { return std::uint64_t{number} * extent_bytes(); }
  bool show(Number, int protection, int flags, int file);

  Options options_;
  Handle file_;
  char* begin_;
  std::size_t count_;
  BusErrors errors_;
  std::optional<WantedPages> wanted_;  // since somebody asked first; ends before what it asks for

  // Asked for each value.
  std::atomic<std::uint32_t> spares_ready_{0};
  std::atomic<std::uint32_t> pending_{0};
  std::atomic<bool> is_full_{false};
  std::atomic<bool> is_broken_{false};
  std::atomic<std::uint64_t> pending_bytes_{0};
  std::atomic<std::uint64_t> reserved_{0};  // extents

  mutable std::mutex mutex_;  // of what follows
  std::condition_variable changed_;
  std::deque<Task> tasks_;
  std::vector<State> states_;  // by number
  std::set<Number> free_;
  std::vector<Number> spares_;
  std::uint32_t reserving_ = 0;
  std::int64_t retry_at_ = 0;  // when a full disk is asked again, in ns
  bool is_told_ = false;       // that it is full
  bool ends_ = false;

  std::thread thread_;  // the last one: it uses all others
};

}  // namespace bowline::runtime
