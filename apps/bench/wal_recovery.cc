// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/wal_recovery.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <vector>

#include <fcntl.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "apps/bench/wal_ours.h"
#include "bowline/runtime/handle.h"

namespace bowline::bench {
namespace {

constexpr double mebi = 1 << 20;
constexpr std::size_t read_bytes = 4 << 20;

double resident_mib() {
  std::ifstream in("/proc/self/statm");
  double all = 0;
  double resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / mebi;
}

double peak_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

std::vector<std::string> files_in(const std::string& path) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

void drop_from_cache(const std::vector<std::string>& files) {
  for (const std::string& path : files) {
    const runtime::Handle file(::open(path.c_str(), O_RDONLY));
    (void)::posix_fadvise(file.number(), 0, 0, POSIX_FADV_DONTNEED);
  }
}

// Large reads past the cache, one after the other: what a disk gives to whom just wants the bytes.
std::uint64_t read_all(const std::vector<std::string>& files, char* memory) {
  std::uint64_t sum = 0;
  for (const std::string& path : files) {
    const runtime::Handle file(::open(path.c_str(), O_RDONLY | O_DIRECT));
    if (!file) stop("cannot open " + path);
    ssize_t got = 0;
    while ((got = ::read(file.number(), memory, read_bytes)) > 0)
      sum += static_cast<std::uint64_t>(got);
    if (got < 0) stop("cannot read " + path);
  }
  return sum;
}

wal::Options options_for(std::uint64_t entries) {
  wal::Options options;
  options.most_segments = entries / 50'000 + 16;  // nothing is to be moved
  return options;
}

void fill(const std::string& path, const Load& load, std::uint64_t entries) {
  OurLog log(path, load, 0, options_for(entries));
  const Watch watch(0);
  log.write(entries);
  Stretch stretch;
  watch.end(stretch);
  std::printf("wrote %llu entries of %zu bytes in %.1f s, %llu segments\n",
              static_cast<unsigned long long>(entries), load.payload, stretch.seconds,
              static_cast<unsigned long long>(log.log().segments()));
}

Stretch time_reading(const std::vector<std::string>& files, char* memory) {
  drop_from_cache(files);
  const Watch watch(0);
  Stretch stretch;
  stretch.bytes = read_all(files, memory);
  watch.end(stretch);
  return stretch;
}

Stretch time_opening(const std::string& path, const Load& load, std::uint64_t entries) {
  drop_from_cache(files_in(path));
  const Watch watch(0);
  OurLog log(path, load, 0, options_for(entries));
  Stretch stretch;
  watch.end(stretch);
  for (const wal::Recovered& group : log.opened().groups)
    for (const raft::Held& held : group.found.entries) stretch.entries += held.count;
  if (stretch.entries != entries) stop("the log has lost entries");
  log.forget_opened();
  ::malloc_trim(0);
  std::printf("  memory: %.0f MiB at most so far, %.0f MiB with the log open\n", peak_mib(),
              resident_mib());
  return stretch;
}

void print(const char* what, const std::vector<Stretch>& rounds) {
  std::vector<double> seconds;
  seconds.reserve(rounds.size());
  for (const Stretch& round : rounds) seconds.push_back(round.seconds);
  std::ranges::sort(seconds);
  std::printf("%-28s %6.2f s (%.2f .. %.2f), CPU %.2f s\n", what, seconds[seconds.size() / 2],
              seconds.front(), seconds.back(), rounds.front().cpu);
}

double median(std::vector<Stretch> rounds) {
  std::ranges::sort(rounds, {}, &Stretch::seconds);
  return rounds[rounds.size() / 2].seconds;
}

}  // namespace

void measure_recovery(const std::string& directory, std::uint64_t entries, std::size_t waiting,
                      int rounds) {
  const std::string path = directory + "/recovery";
  const Load load{.groups = 1, .payload = 256, .waiting = waiting, .together = 64};
  entries = entries / load.together * load.together;
  fill(path, load, entries);
  const std::unique_ptr<char, void (*)(void*)> memory(
      static_cast<char*>(std::aligned_alloc(2 << 20, read_bytes)), std::free);
  (void)::madvise(memory.get(), read_bytes, MADV_HUGEPAGE);
  std::fill_n(memory.get(), read_bytes, '\0');
  std::vector<Stretch> reading;
  std::vector<Stretch> opening;
  for (int round = 0; round < rounds; ++round) {
    reading.push_back(time_reading(files_in(path), memory.get()));
    opening.push_back(time_opening(path, load, entries));
  }
  std::printf("%.0f MiB of files\n", static_cast<double>(reading.front().bytes) / mebi);
  print("reading them, O_DIRECT", reading);
  print("opening the log", opening);
  std::printf("opening through reading: %.2f\n", median(opening) / median(reading));
  std::filesystem::remove_all(path);
}

}  // namespace bowline::bench
