// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/kv_cold.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>
#include <sys/resource.h>

#include "bowline/base/encoding.h"
#include "bowline/base/prng.h"
#include "bowline/kv/kv_machine.h"
#include "bowline/runtime/file_extents.h"

namespace bowline::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t batch_puts = 16;
constexpr std::uint64_t slice = 250;  // as a server has it

struct ColdOptions {
  std::uint64_t memory_mib = 512;
  std::uint64_t values_mib = 2048;
  std::uint64_t value_bytes = 1024;
  std::uint64_t rate = 20'000;
  int rounds = 5;
  double seconds = 5;  // of each half of a round
  std::string directory = ".";
};

std::string cold_key(std::uint64_t number) {
  std::string key;
  put(key, number * 0x9e3779b97f4a7c15);
  return key;
}

// In MiB, of a line of /proc/self/status.
double memory_of(const char* name) {
  FILE* const file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return 0;
  std::array<char, 256> line{};
  double found = 0;
  while (std::fgets(line.data(), line.size(), file) != nullptr)
    if (std::strncmp(line.data(), name, std::strlen(name)) == 0)
      found = std::strtod(line.data() + std::strlen(name) + 1, nullptr) / 1024;
  std::fclose(file);
  return found;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// Of this thread: how often it had to wait for a page of a file.
long major_faults() {
  rusage used{};
  ::getrusage(RUSAGE_THREAD, &used);
  return used.ru_majflt;
}

struct Times {
  std::vector<double> us;
  double at(double share) {
    if (us.empty()) return 0;
    std::ranges::sort(us);
    return us[std::min(us.size() - 1,
                       static_cast<std::size_t>(share * static_cast<double>(us.size())))];
  }
};

class ColdBench {
 public:
  explicit ColdBench(const ColdOptions& options)
      : options_(options), keys_((options.values_mib << 20U) / options.value_bytes) {}

  bool open() {
    auto extents = runtime::FileExtents::open(options_.directory, {});
    if (!extents) {
      std::fprintf(stderr, "%s\n", extents.error().what.c_str());
      return false;
    }
    memory_ = {.extents = *std::move(extents), .bytes = options_.memory_mib << 20U};
    machine_ = std::make_unique<kv::KvMachine>(kv::Watches::Bounds{}, memory_);
    return true;
  }

  void load() {
    const Clock::time_point start = Clock::now();
    for (std::uint64_t i = 0; i < keys_;) {
      commands_.clear();
      for (std::size_t n = 0; n < 64 && i < keys_; ++n) add_put(i++);
      apply();
      // As fast as it goes is faster than any disk: what is over is waited for.
      while (machine_->can_step()) machine_->step(slice);
      while (store().values().hot_bytes() > memory_.bytes * 5 / 4) {
        memory_.extents->wait();
        machine_->step(slice);
      }
    }
    std::printf("loaded in %.1f s: %.0f MB/s of values\n", seconds_since(start),
                static_cast<double>(keys_ * options_.value_bytes) / 1e6 / seconds_since(start));
    say_sizes();
  }

  void say_sizes() {
    const kv::Cold& cold = *store().values().cold();
    constexpr double mib = 1 << 20;
    std::printf(
        "  memory: %.0f MiB of our own (values %.0f), %.0f MiB of files in the cache of the "
        "kernel; file: %.0f MiB, of which %.0f in use\n",
        memory_of("RssAnon:"), static_cast<double>(store().values().hot_bytes()) / mib,
        memory_of("RssFile:"), static_cast<double>(cold.bytes()) / mib,
        static_cast<double>(cold.bytes_in_use()) / mib);
  }

  // Puts of random keys come at a rate, whether those before are done or not. How long from when
  // one comes until it is applied; between two batches the machine has its steps, as in a server.
  Times put_paced(double seconds, bool compacts, bool until_swept = false) {
    Times times;
    const auto gap = std::chrono::nanoseconds(batch_puts * 1'000'000'000 / options_.rate);
    const Clock::time_point end =
        Clock::now() + std::chrono::milliseconds(static_cast<int>(seconds * 1000));
    Clock::time_point due = Clock::now();
    for (std::uint64_t batch = 0;
         until_swept ? store().can_sweep() || Clock::now() < end : Clock::now() < end; ++batch) {
      due += gap;
      commands_.clear();
      for (std::size_t i = 0; i < batch_puts; ++i) add_put(prng_.below(keys_));
      if (compacts && batch % 128 == 0)
        add(kv::Compact{std::max<std::int64_t>(store().revision() - 20'000, 1)});
      while (Clock::now() < due) {
        if (machine_->can_step()) {
          machine_->step(slice);
        } else {
          std::this_thread::sleep_until(due);
        }
      }
      apply();
      times.us.push_back(seconds_since(due) * 1e6);
      if (machine_->can_step()) machine_->step(slice);
    }
    return times;
  }

  void compare_compaction() {
    std::printf("put, %zu at once, %llu/s, with and without compaction:\n", batch_puts,
                static_cast<unsigned long long>(options_.rate));
    std::vector<double> ratios;
    for (int round = 0; round < options_.rounds; ++round) {
      Times without = put_paced(options_.seconds, false);
      Times with = put_paced(options_.seconds, true);
      ratios.push_back(with.at(.99) / without.at(.99));
      std::printf(
          "  without: p50 %5.0f us, p99 %6.0f us, p99.9 %7.0f us; with: p50 %5.0f us, p99 %6.0f "
          "us, p99.9 %7.0f us; p99 %.2fx\n",
          without.at(.5), without.at(.99), without.at(.999), with.at(.5), with.at(.99),
          with.at(.999), ratios.back());
      std::fflush(stdout);
    }
    std::ranges::sort(ratios);
    std::printf("  p99 with compaction: %.2fx (median of %zu)\n", ratios[ratios.size() / 2],
                ratios.size());
    say_sizes();
  }

  void read() {
    Times times;
    std::size_t found = 0;
    for (int i = 0; i < 20'000; ++i) {
      const std::string key = cold_key(prng_.below(keys_));
      const Clock::time_point start = Clock::now();
      const kv::Version* const version = store().find(key);
      if (version != nullptr) found += static_cast<unsigned char>(kv::Values::view(*version)[0]);
      times.us.push_back(seconds_since(start) * 1e6);
    }
    std::printf("get of a random key: p50 %.1f us, p90 %.1f us, p99 %.1f us%s\n", times.at(.5),
                times.at(.9), times.at(.99), found == 0 ? " (none was found)" : "");
  }

  void delete_and_write() {
    std::printf("half is deleted, and written anew:\n");
    Times calm = put_paced(options_.seconds, false);
    for (std::uint64_t i = 0; i < keys_; i += 2) {
      commands_.clear();
      const std::string key = cold_key(i);
      add(kv::DeleteRange{.keys = {key, {}}});
      apply();
    }
    commands_.clear();
    add(kv::Compact{store().revision()});
    apply();
    Times busy = put_paced(options_.seconds, false, true);
    std::printf("  put while the room comes back: p99 %.0f us, p99.9 %.0f us; before: %.0f, %.0f\n",
                busy.at(.99), busy.at(.999), calm.at(.99), calm.at(.999));
    settle();
    say_sizes();
    for (std::uint64_t i = 0; i < keys_; i += 2) {
      commands_.clear();
      add_put(i);
      apply();
      if (machine_->can_step()) machine_->step(slice);
      while (store().values().hot_bytes() > memory_.bytes * 5 / 4) {
        memory_.extents->wait();
        machine_->step(slice);
      }
    }
    settle();
    say_sizes();
  }

  bool restart() {
    const std::string path = options_.directory + "/bench-kv-snapshot";
    FILE* file = std::fopen(path.c_str(), "w+");
    if (file == nullptr) return false;
    std::remove(path.c_str());
    Clock::time_point start = Clock::now();
    double longest = 0;
    std::uint64_t waits = 0;
    const long faults = major_faults();
    {
      const auto reader = machine_->snapshot();
      while (true) {
        const Clock::time_point turn = Clock::now();
        const bool is_ready = reader->is_ready();
        longest = std::max(longest, seconds_since(turn));
        if (!is_ready) {
          ++waits;
          std::this_thread::sleep_for(std::chrono::milliseconds(1));
          continue;
        }
        const Clock::time_point piece = Clock::now();
        const auto part = reader->next(256 << 10);
        longest = std::max(longest, seconds_since(piece));
        if (!part || part->empty()) break;
        if (std::fwrite(part->data(), 1, part->size(), file) != part->size()) return false;
      }
    }
    std::fflush(file);
    std::printf(
        "a snapshot is read in %.1f s, with %llu times a pause of 1 ms; a loop is held up for "
        "%.1f ms at most, and waits for %ld pages\n",
        seconds_since(start), static_cast<unsigned long long>(waits), longest * 1e3,
        major_faults() - faults);
    machine_.reset();
    machine_ = std::make_unique<kv::KvMachine>(kv::Watches::Bounds{}, memory_);
    if (std::fseek(file, 0, SEEK_SET) != 0) return false;
    start = Clock::now();
    auto writer = machine_->restore();
    std::string piece(1 << 20, '\0');
    for (std::size_t got = 0; (got = std::fread(piece.data(), 1, piece.size(), file)) > 0;)
      if (!writer->add({piece.data(), got})) return false;
    if (!writer->commit()) return false;
    writer.reset();
    std::fclose(file);
    std::printf("and loaded in %.1f s, %.2f us a key\n", seconds_since(start),
                seconds_since(start) * 1e6 / static_cast<double>(store().keys()));
    say_sizes();
    return true;
  }

 private:
  const kv::Store& store() const { return machine_->store(); }
  void add(const kv::Command& command) {
    commands_.push_back({{{1}, {++index_}}, Bytes::own(encode(command))});
  }
  void add_put(std::uint64_t number) {
    const std::string key = cold_key(number);
    value_.assign(options_.value_bytes, static_cast<char>('a' + number % 26));
    add(kv::Put{.key = key, .value = value_});
  }
  void apply() {
    answers_.resize(commands_.size());
    machine_->apply(commands_, answers_);
  }
  // Until nothing is left to do, nor on its way to the disk.
  void settle() {
    const Clock::time_point until = Clock::now() + std::chrono::seconds(20);
    for (int quiet = 0; quiet < 20 && Clock::now() < until;) {
      quiet = machine_->can_step() ? 0 : quiet + 1;
      if (quiet == 0) machine_->step(slice);
      if (quiet > 0) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }

  ColdOptions options_;
  std::uint64_t keys_;
  kv::ValueMemory memory_;
  std::unique_ptr<kv::KvMachine> machine_;
  std::string value_;
  Prng prng_{7};
  std::uint64_t index_ = 0;
  std::vector<machine::Command> commands_;
  std::vector<std::string> answers_;
};

}  // namespace

int measure_cold(int argc, char** argv) {
  ColdOptions options;
  CLI::App app{"bowline-bench-kv --cold: a map whose values are several times its memory"};
  bool is_cold = false;
  app.add_flag("--cold", is_cold, "This one");
  app.add_option("--memory", options.memory_mib, "For values, in MiB")->capture_default_str();
  app.add_option("--values", options.values_mib, "All of them, in MiB")->capture_default_str();
  app.add_option("--value-bytes", options.value_bytes, "Of one")->capture_default_str();
  app.add_option("--rate", options.rate, "Puts in a second")->capture_default_str();
  app.add_option("--rounds", options.rounds, "With and without compaction")->capture_default_str();
  app.add_option("--seconds", options.seconds, "Of each half of a round")->capture_default_str();
  app.add_option("--directory", options.directory, "Where the file is")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  ColdBench bench(options);
  if (!bench.open()) return 1;
  std::printf("%llu MiB of values of %llu bytes, memory for %llu MiB\n",
              static_cast<unsigned long long>(options.values_mib),
              static_cast<unsigned long long>(options.value_bytes),
              static_cast<unsigned long long>(options.memory_mib));
  bench.load();
  bench.compare_compaction();
  bench.read();
  bench.delete_and_write();
  if (bench.restart()) return 0;
  std::fprintf(stderr, "the snapshot could not be written or loaded\n");
  return 1;
}

}  // namespace bowline::bench
