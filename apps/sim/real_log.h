// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "bowline/runtime/disk.h"
#include "bowline/runtime/loop.h"
#include "bowline/wal/log.h"

namespace bowline::sim {

inline constexpr wal::Owner real_owner{.cluster = {77}, .node = {1}};

// A log in a directory of this machine, for tests. Small segments, so that they come and go.
class RealLog {
 public:
  using Persisted = std::move_only_function<void(GroupId, Seq)>;

  explicit RealLog(std::string path, wal::Owner owner = real_owner)
      : path_(std::move(path)), owner_(owner) {}

  // Empty, or why it does not open.
  std::string open(Persisted persisted = nullptr);
  const std::vector<wal::Recovered>& groups() const { return opened_.groups; }
  const wal::Account& account() const { return opened_.account; }
  wal::Log& log() { return *log_; }
  runtime::Loop& loop() { return loop_; }
  bool drain();  // until all that was asked for is durable; false: that takes too long
  raft::Batch read(GroupId, Index after, Index through);  // from disk; stops if it cannot

  static wal::Options options();

 private:
  bool run_until(const std::function<bool()>& holds);

  std::string path_;
  wal::Owner owner_;
  runtime::Loop loop_;
  std::unique_ptr<env::Disk> disk_;
  std::unique_ptr<wal::Log> log_;
  wal::Opened opened_;
};

// A directory of a test's own on an ordinary disk, gone with it.
class RealDirectory {
 public:
  RealDirectory();
  ~RealDirectory();
  RealDirectory(const RealDirectory&) = delete;
  RealDirectory& operator=(const RealDirectory&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace bowline::sim
