// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <functional>
#include <vector>

#include "apps/bench/wal_ours.h"
#include "apps/bench/wal_recovery.h"

namespace bowline::bench {
namespace {

constexpr std::uint64_t old_entries = 400'000;
constexpr std::uint64_t fetch_bytes = 256 << 10;

double now_us() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) * 1e-3;
}

// Fetches old entries, one request after the other, as long as it is told to.
class Reader {
 public:
  explicit Reader(wal::Log& log) : log_(log) {}
  void start() {
    going_ = true;
    next();
  }
  void stop_reading() { going_ = false; }
  bool is_done() const { return !under_way_; }
  std::uint64_t entries() const { return entries_; }

 private:
  void next() {
    under_way_ = true;
    at_ = at_ * 6364136223846793005 + 1442695040888963407;  // anywhere in the older half
    const Index after{(at_ >> 33) % (old_entries / 2)};
    log_.fetch(GroupId{1}, after, after + 1024, fetch_bytes, [this](Result<raft::Batch> batch) {
      if (!batch) stop(batch.error().what);
      entries_ += batch->size();
      under_way_ = false;
      if (going_) next();
    });
  }

  wal::Log& log_;
  bool going_ = false;
  bool under_way_ = false;
  std::uint64_t at_ = 1;
  std::uint64_t entries_ = 0;
};

struct Latencies {
  std::vector<double> p50, p99;
  double fetched = 0;  // entries a second, in the last round
};

void stretch(OurLog& log, Reader* reader, double seconds, Latencies& latencies) {
  std::vector<double> begun;
  std::vector<double> took;
  std::uint64_t first = 0;
  log.on_submit = [&](std::uint64_t number) {
    if (first == 0) first = number;
    begun.push_back(now_us());
  };
  log.on_persisted = [&](std::uint64_t number) {
    took.push_back(now_us() - begun[number - first]);
  };
  const std::uint64_t before = reader == nullptr ? 0 : reader->entries();
  if (reader != nullptr) reader->start();
  log.run(seconds);
  if (reader != nullptr) {
    reader->stop_reading();
    log.loop().run_until([&] { return reader->is_done(); });
    latencies.fetched = static_cast<double>(reader->entries() - before) / seconds;
  }
  log.on_submit = nullptr;
  log.on_persisted = nullptr;
  std::ranges::sort(took);
  latencies.p50.push_back(took[took.size() / 2]);
  latencies.p99.push_back(took[took.size() * 99 / 100]);
}

void print(const char* what, Latencies latencies) {
  std::ranges::sort(latencies.p50);
  std::ranges::sort(latencies.p99);
  const auto middle = [](const std::vector<double>& all) { return all[all.size() / 2]; };
  std::printf("%-16s p50 %5.0f us (%.0f .. %.0f), p99 %5.0f us (%.0f .. %.0f), fetched %.0f/s\n",
              what, middle(latencies.p50), latencies.p50.front(), latencies.p50.back(),
              middle(latencies.p99), latencies.p99.front(), latencies.p99.back(),
              latencies.fetched);
}

}  // namespace

void measure_reading(const std::string& directory, int rounds, double seconds) {
  const std::string path = directory + "/reading";
  {
    wal::Options options;
    options.tail_bytes = 1 << 20;  // what is read is not in memory
    options.most_segments = 100'000;
    OurLog log(path, {.groups = 1, .payload = 256, .waiting = 64, .together = 1}, 0, options);
    log.write(old_entries);
    Reader reader(log.log());
    Latencies alone;
    Latencies together;
    for (int round = 0; round < rounds; ++round) {
      stretch(log, nullptr, seconds, alone);
      stretch(log, &reader, seconds, together);
    }
    std::printf("\nFrom asking to durable, 1 group, 256 bytes, 64 waiting\n");
    print("nobody reads", alone);
    print("cold reads", together);
  }
  std::filesystem::remove_all(path);
}

}  // namespace bowline::bench
