// SPDX-License-Identifier: Apache-2.0
// bowline-bench-kv: what the map of bowline/kv costs by itself, without a log or a network: CPU of
// a put through KvMachine::apply(), reads, memory of a key, and how long a snapshot takes to load.
// With --cold: what it costs that values have more than the memory (kv_cold.h).
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "apps/bench/kv_cold.h"
#include "bowline/base/encoding.h"
#include "bowline/base/prng.h"
#include "bowline/kv/kv_machine.h"

namespace bowline::bench {
namespace {

constexpr std::size_t value_bytes = 256;

double cpu_ns() {
  std::timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
}

// What the kernel says that this process has in memory.
double resident_bytes() {
  FILE* const file = std::fopen("/proc/self/statm", "r");
  long whole = 0;
  long resident = 0;
  if (file == nullptr || std::fscanf(file, "%ld %ld", &whole, &resident) != 2) resident = 0;
  if (file != nullptr) std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// Its number, spread over all eight bytes: they come in no order.
std::string key_of(std::uint64_t number) {
  std::string key;
  put(key, number * 0x9e3779b97f4a7c15);
  return key;
}
// As Kubernetes names them: all begin alike.
std::string long_key_of(std::uint64_t number) {
  char text[64];
  std::snprintf(text, sizeof text, "/registry/pods/namespace-%04u/pod-%012llx",
                static_cast<unsigned>(number % 1000), static_cast<unsigned long long>(number));
  return text;
}
using KeyOf = std::string (*)(std::uint64_t);

// Commands that were encoded before the clock runs.
class Load {
 public:
  Load(KeyOf key_of, std::uint64_t keys) : key_of_(key_of), keys_(keys), value_(value_bytes, 'v') {}

  void put_each(kv::KvMachine& machine) {
    for (std::uint64_t from = 0; from < keys_; from += 1000) {
      commands_.clear();
      for (std::uint64_t i = from; i < std::min(keys_, from + 1000); ++i) add(i);
      apply(machine, commands_.size());
    }
  }
  // CPU of one put of a random key.
  double put_some(kv::KvMachine& machine, std::uint64_t count, std::size_t batch) {
    double spent = 0;
    for (std::uint64_t done = 0; done < count; done += 4096) {
      commands_.clear();
      for (int i = 0; i < 4096; ++i) add(prng_.below(keys_));
      const double before = cpu_ns();
      apply(machine, batch);
      spent += cpu_ns() - before;
    }
    return spent / static_cast<double>(count);
  }
  // CPU of a put, its share of compaction included: the past is 20,000 revisions long.
  double put_and_compact(kv::KvMachine& machine, std::uint64_t count) {
    double spent = 0;
    for (std::uint64_t done = 0; done < count; done += 4096) {
      commands_.clear();
      for (int i = 0; i < 4095; ++i) add(prng_.below(keys_));
      add_command(kv::Compact{machine.store().revision() - 20'000});
      const double before = cpu_ns();
      apply(machine, 256);
      while (machine.can_step()) machine.step();
      spent += cpu_ns() - before;
    }
    return spent / static_cast<double>(count);
  }
  std::string random_key() { return key_of_(prng_.below(keys_)); }

 private:
  void add(std::uint64_t number) {
    const std::string key = key_of_(number);
    add_command(kv::Put{.key = key, .value = value_});
  }
  void add_command(const kv::Command& command) {
    commands_.push_back({{{1}, {++index_}}, Bytes::own(encode(command))});
  }
  void apply(kv::KvMachine& machine, std::size_t batch) {
    answers_.resize(batch);
    for (std::size_t i = 0; i < commands_.size(); i += batch) {
      const std::size_t size = std::min(batch, commands_.size() - i);
      machine.apply(std::span(commands_).subspan(i, size), std::span(answers_).first(size));
    }
  }

  KeyOf key_of_;
  std::uint64_t keys_;
  std::string value_;
  Prng prng_{7};
  std::uint64_t index_ = 0;
  std::vector<machine::Command> commands_;
  std::vector<std::string> answers_;
};

template <class Do>
double ns_each(std::uint64_t times, Do work) {
  const double before = cpu_ns();
  for (std::uint64_t i = 0; i < times; ++i) work();
  return (cpu_ns() - before) / static_cast<double>(times);
}

void measure_reads(const kv::Store& store, Load& load) {
  std::vector<std::string> keys;
  keys.reserve(100'000);
  for (int i = 0; i < 100'000; ++i) keys.push_back(load.random_key());
  std::size_t next = 0;
  std::size_t found = 0;
  const double one = ns_each(
      keys.size(), [&] { found += store.range({.keys = {keys[next++], {}}})->items.size(); });
  std::printf("  range of one key        %8.0f ns%s\n", one,
              found == keys.size() ? "" : " (and some were not there)");
  const std::string end(1, '\0');
  std::int64_t counted = 0;
  const double count = ns_each(
      10'000, [&] { counted += store.count({keys[next = (next + 1) % keys.size()], end}); });
  std::printf("  count of a long range   %8.0f ns\n", count);
  const double page = ns_each(100, [&] {
    next = (next + 1) % keys.size();
    counted += store.range({.keys = {keys[next], end}, .limit = 500})->count;
  });
  std::printf("  range, 500 of many      %8.0f ns\n", page);
  if (counted == 0) std::printf("  (nothing was counted)\n");
}

void measure_snapshot(kv::KvMachine& machine, std::uint64_t keys) {
  std::vector<std::string> pieces;
  const double before = cpu_ns();
  const auto reader = machine.snapshot();
  for (auto part = reader->next(1 << 20); part && !part->empty(); part = reader->next(1 << 20))
    pieces.push_back(*std::move(part));
  const double read = cpu_ns();
  kv::KvMachine other;
  const auto writer = other.restore();
  for (const std::string& piece : pieces)
    if (!writer->add(piece)) std::abort();
  if (!writer->commit()) std::abort();
  const double loaded = cpu_ns();
  std::printf("  snapshot: read %.0f ms, loaded %.0f ms, %.0f ns a key\n", (read - before) / 1e6,
              (loaded - read) / 1e6, (loaded - read) / static_cast<double>(keys));
  if (other.store().keys() != machine.store().keys()) std::abort();
}

void measure(const char* name, KeyOf key_of, std::uint64_t keys) {
  const double before = resident_bytes();
  const auto machine = std::make_unique<kv::KvMachine>();
  Load load(key_of, keys);
  const double start = cpu_ns();
  load.put_each(*machine);
  const double made = (cpu_ns() - start) / static_cast<double>(keys);
  const double used = resident_bytes() - before;
  const double each = used / static_cast<double>(keys);
  const auto of_key = static_cast<double>(key_of(0).size());
  std::printf("%llu %s keys of %.0f bytes, values of %zu\n", static_cast<unsigned long long>(keys),
              name, of_key, value_bytes);
  std::printf("  first put of a key      %8.0f ns, encoding it included\n", made);
  std::printf("  memory of a key         %8.0f bytes, %.0f besides key and value\n", each,
              each - of_key - value_bytes);
  for (const std::size_t batch : {1UL, 16UL, 256UL})
    std::printf("  put, %3zu in a batch     %8.0f ns\n", batch,
                load.put_some(*machine, 200'000, batch));
  std::printf("  put and compaction      %8.0f ns\n", load.put_and_compact(*machine, 400'000));
  measure_reads(machine->store(), load);
  measure_snapshot(*machine, keys);
}

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  using namespace bowline::bench;
  // Each in a process of its own, so that none measures the memory of another.
  const auto apart = [](const char* name, KeyOf of, std::uint64_t keys) {
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      measure(name, of, keys);
      std::fflush(stdout);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) std::exit(1);
  };
  if (argc > 1 && std::string_view(argv[1]) == "--cold") return measure_cold(argc, argv);
  const bool is_quick = argc > 1 && std::string_view(argv[1]) == "--quick";
  apart("random", key_of, 100'000);
  if (is_quick) return 0;
  apart("random", key_of, 1'000'000);
  apart("long", long_key_of, 1'000'000);
  return 0;
}
