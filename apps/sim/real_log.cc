// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/real_log.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::sim {

wal::Options RealLog::options() {
  wal::Options options;
  options.segment_bytes = 128 << 10;
  options.batch_bytes = 16 << 10;
  options.tail_bytes = 64 << 10;
  options.most_segments = 6;
  options.move_below_permille = 400;
  return options;
}

bool RealLog::run_until(const std::function<bool()>& holds) {
  using namespace std::chrono_literals;
  return loop_.run_until(holds, loop_.clock().now() + 60s);  // only a test that fails waits
}

std::string RealLog::open(Persisted persisted) {
  auto disk = runtime::open_disk(path_, loop_);
  if (!disk) return disk.error().what;
  disk_ = *std::move(disk);
  wal::Log::Hooks hooks;
  hooks.persisted = [told = std::move(persisted)](GroupId group, Seq seq) mutable {
    if (told) told(group, seq);
  };
  hooks.broken = [](const Error& error) {
    std::fprintf(stderr, "the log is broken: %s\n", error.what.c_str());
    std::abort();
  };
  log_ = std::make_unique<wal::Log>(env::Env{loop_.clock(), loop_, *disk_}, options(), owner_,
                                    Incarnation{4711}, std::move(hooks));
  std::optional<Result<wal::Opened>> result;
  log_->open([&](Result<wal::Opened> opened) { result = std::move(opened); });
  if (!run_until([&] { return result.has_value(); })) return "it never opens";
  if (!*result) return result->error().what;
  opened_ = **std::move(result);
  return {};
}

bool RealLog::drain() {
  log_->flush();
  return run_until([this] { return log_->idle(); });
}

raft::Batch RealLog::read(GroupId group, Index after, Index through) {
  std::optional<Result<raft::Batch>> answer;
  log_->fetch(group, after, through, 64 << 10,
              [&](Result<raft::Batch> batch) { answer = std::move(batch); });
  ensure(run_until([&] { return answer.has_value(); }));
  if (!*answer) std::fprintf(stderr, "cannot read: %s\n", answer->error().what.c_str());
  return *answer ? **std::move(answer) : raft::Batch{};
}

// In the tree where the program runs, and not where temporary files are: those may be in memory.
RealDirectory::RealDirectory() : path_(std::filesystem::current_path() / "build") {
  if (!std::filesystem::is_directory(path_)) path_ = std::filesystem::current_path();
  path_ += "/real-log-XXXXXX";
  ensure(::mkdtemp(path_.data()) != nullptr);
}

RealDirectory::~RealDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace bowline::sim
