// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/log_files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "bowline/wal/names.h"

namespace bowline::apps {
namespace {

namespace fs = std::filesystem;

std::unexpected<Error> error(std::string what) {
  return std::unexpected(Error{Fault::io, std::move(what)});
}

struct Contents {
  std::string bytes;
  std::vector<std::uint64_t> unreadable;  // blocks, which are zero
};

// One block, or what is left of one at the file's end. False: the disk does not give it.
bool read_at(int file, std::uint64_t offset, std::span<char> into) {
  while (!into.empty()) {
    const ssize_t got = ::pread(file, into.data(), into.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;  // it has become shorter meanwhile
    into = into.subspan(static_cast<std::size_t>(got));
    offset += static_cast<std::uint64_t>(got);
  }
  return true;
}

// After each stretch of a file `came` hears how many bytes that was.
using Came = std::function<void(std::uint64_t)>;

Result<Contents> read_file(const std::string& path, const Came& came) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat about{};
  if (file < 0 || ::fstat(file, &about) != 0) {
    const std::string why = std::strerror(errno);
    if (file >= 0) ::close(file);
    return error("cannot read " + path + ": " + why);
  }
  Contents contents{std::string(static_cast<std::size_t>(about.st_size), '\0'), {}};
  constexpr std::size_t stretch = 256 * wal::block_bytes;
  const std::span<char> all(contents.bytes);
  for (std::size_t at = 0; at < all.size(); at += stretch) {
    const std::span<char> part = all.subspan(at, std::min(stretch, all.size() - at));
    const bool came_whole = read_at(file, at, part);
    came(part.size());
    if (came_whole) continue;
    for (std::size_t i = 0; i < part.size(); i += wal::block_bytes) {
      const auto block = part.subspan(i, std::min(wal::block_bytes, part.size() - i));
      if (read_at(file, at + i, block)) continue;
      std::ranges::fill(block, '\0');
      contents.unreadable.push_back((at + i) / wal::block_bytes);
    }
  }
  ::close(file);
  return contents;
}

// The kernel tells who has locked what; asking it disturbs nobody who is about to start.
std::string holder_of(const std::string& path) {
  struct stat about{};
  if (::stat(path.c_str(), &about) != 0) return {};
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::array<char, 16> kind{};
    long process = 0;
    unsigned major = 0;
    unsigned minor = 0;
    unsigned long long inode = 0;
    if (std::sscanf(line.c_str(), "%*s %15s %*s %*s %ld %x:%x:%llu", kind.data(), &process, &major,
                    &minor, &inode) != 5)
      continue;
    if (std::string_view(kind.data()) == "FLOCK" && inode == about.st_ino &&
        major == gnu_dev_major(about.st_dev) && minor == gnu_dev_minor(about.st_dev))
      return "process " + std::to_string(process);
  }
  return {};
}

void read_identity(LogFiles& log) {
  const std::string path = log.path + "/" + std::string(wal::identity_name);
  Result<Contents> file = read_file(path, [](std::uint64_t) {});
  if (!file) {
    log.identity_wrong = file.error().what;
    return;
  }
  const std::string before = file->bytes;
  if (Result<wal::Identity> identity = wal::decode_identity(file->bytes)) {
    log.identity = *identity;
    log.identity_mended = before != file->bytes || !file->unreadable.empty();
  } else {
    log.identity_wrong = path + " " + identity.error().what;
  }
  if (!log.identity_wrong.empty())
    log.identity_wrong +=
        ". Without it nothing can be judged. Put the file back, or move the directory away: the "
        "node then starts empty, and has to be added anew";
}

std::string path_of(const LogFiles& log, std::uint64_t segment) {
  return log.path + "/" + wal::segment_name(segment);
}

// Of several files.
class Reading {
 public:
  explicit Reading(const ReadSoFar& tell) : tell_(tell) {}
  void expect(std::uint64_t bytes) { all_ += bytes; }
  Result<Contents> read(const std::string& path) {
    return read_file(path, [this](std::uint64_t bytes) {
      done_ += bytes;
      tell_(done_, all_);
    });
  }

 private:
  const ReadSoFar& tell_;
  std::uint64_t done_ = 0;
  std::uint64_t all_ = 0;
};

}  // namespace

Result<LogFiles> look_into(const std::string& path, const ReadSoFar& tell) {
  std::error_code why;
  const fs::file_status status = fs::status(path, why);
  if (!fs::exists(status)) return error("there is no directory " + path);
  if (!fs::is_directory(status))
    return error(path + " is no directory: name the one that holds the file 'identity'");
  LogFiles log{.path = path, .identity = {}, .identity_wrong = {}, .holder = {}, .findings = {}};
  std::vector<std::uint64_t> segments;
  Reading reading(tell);
  bool identified = false;
  fs::directory_iterator files(path, why);
  if (why) return error("cannot look into " + path + ": " + why.message());
  for (const auto& file : files) {
    const std::string name = file.path().filename().string();
    identified = identified || name == wal::identity_name;
    const auto number = wal::segment_number(name);
    if (!number) continue;
    segments.push_back(*number);
    if (const auto bytes = file.file_size(why); !why) reading.expect(bytes);
  }
  if (!identified && segments.empty())
    return error("there is no log in " + path +
                 ": no file 'identity' and no segments. Name the directory of one shard's log");
  log.holder = holder_of(path);
  read_identity(log);
  if (!log.identity_wrong.empty()) return log;
  wal::Inspector inspector(log.identity.disk);
  std::ranges::sort(segments, std::ranges::greater());
  for (const std::uint64_t segment : segments) {
    Result<Contents> file = reading.read(path_of(log, segment));
    if (!file) return error(file.error().what);
    inspector.judge(segment, file->bytes, std::move(file->unreadable));
  }
  log.findings = inspector.finish();
  return log;
}

void each_segment(const LogFiles& log, const std::function<void(const SegmentAgain&)>& look,
                  const ReadSoFar& tell) {
  Reading reading(tell);
  for (const wal::SegmentReport& report : log.findings.segments) reading.expect(report.bytes);
  for (const wal::SegmentReport& report : log.findings.segments) {
    Result<Contents> file = reading.read(path_of(log, report.number));
    if (!file) continue;  // it was released meanwhile
    file->bytes.resize(file->bytes.size() / wal::block_bytes * wal::block_bytes);
    const wal::Place place{log.identity.disk.value, report.number, 0};
    if (Result<wal::Survey> survey = wal::survey(file->bytes, place, report.seal)) {
      look({report, std::move(survey->batches), file->bytes});
    } else {
      std::vector<wal::Batch> batches = wal::salvage(file->bytes, place);
      look({report, std::move(batches), file->bytes});
    }
  }
}

}  // namespace bowline::apps
