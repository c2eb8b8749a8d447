// SPDX-License-Identifier: Apache-2.0
//
// How near the disk of env is to what this machine's disk can do: durable writes, one at a time,
// over a file that is there already. Rounds of all ways alternate, so that a moment in which the
// machine is slow hits each of them.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/runtime/disk.h"
#include "bowline/runtime/handle.h"
#include "bowline/runtime/loop.h"

namespace bowline::bench {
namespace {

constexpr std::uint64_t file_bytes = 16 << 20;
constexpr std::uint64_t most_sample_bytes = 16 << 20;
constexpr std::array<std::size_t, 6> sizes = {4 << 10,  8 << 10,   16 << 10,
                                              64 << 10, 256 << 10, 1 << 20};
using Way = runtime::DiskOptions::Way;

[[noreturn]] void stop(const std::string& why) {
  std::fprintf(stderr, "bowline-bench-disk: %s\n", why.c_str());
  std::exit(1);
}

double seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// The next place of a file that is written from its beginning to its end, again and again.
class Place {
 public:
  std::uint64_t next(std::size_t size) {
    if (at_ + size > file_bytes) at_ = 0;
    return std::exchange(at_, at_ + size);
  }

 private:
  std::uint64_t at_ = 0;
};

class Contender {
 public:
  virtual ~Contender() = default;
  virtual void write(std::size_t size, int times) = 0;  // one after the other
};

// System calls and nothing else.
class Bare final : public Contender {
 public:
  Bare(const std::string& path, bool direct)
      : direct_(direct),
        file_(::open(path.c_str(), O_WRONLY | (direct ? O_DIRECT | O_DSYNC : 0))),
        memory_(static_cast<char*>(std::aligned_alloc(env::block_bytes, sizes.back())), std::free) {
    if (!file_) stop("cannot open " + path + " (O_DIRECT may be refused here)");
    std::fill_n(memory_.get(), sizes.back(), 'b');
  }

  void write(std::size_t size, int times) override {
    for (; times > 0; --times) {
      const auto at = static_cast<off_t>(place_.next(size));
      const bool wrote =
          ::pwrite(file_.number(), memory_.get(), size, at) == static_cast<ssize_t>(size);
      if (!wrote || (!direct_ && ::fdatasync(file_.number()) != 0)) stop("cannot write");
    }
  }

 private:
  bool direct_;
  runtime::Handle file_;
  std::unique_ptr<char, void (*)(void*)> memory_;
  Place place_;
};

class Ours final : public Contender {
 public:
  Ours(const std::string& path, const std::string& name, Way way) {
    auto disk = runtime::open_disk(path, loop_, {.way = way});
    if (!disk) stop(disk.error().what);
    disk_ = std::move(*disk);
    bool is_open = false;
    disk_->open(name, [&](Result<std::unique_ptr<env::File>> file) {
      if (!file) stop(file.error().what);
      file_ = std::move(*file);
      is_open = true;
    });
    loop_.run_until([&] { return is_open; });
  }

  void write(std::size_t size, int times) override {
    env::Buffer buffer = disk_->buffer(size);
    std::fill_n(buffer.data(), size, 'o');
    write_on(std::move(buffer), times);
    loop_.run();
  }

 private:
  void write_on(env::Buffer buffer, int left) {
    if (left == 0) return loop_.stop();
    const std::uint64_t at = place_.next(buffer.size());
    file_->write(at, std::move(buffer), env::Sync::yes,
                 [this, left](Result<void> wrote, env::Buffer back) {
                   if (!wrote) stop(wrote.error().what);
                   write_on(std::move(back), left - 1);
                 });
  }

  runtime::Loop loop_;
  std::unique_ptr<env::Disk> disk_;
  std::unique_ptr<env::File> file_;
  Place place_;
};

struct Entry {
  const char* name = nullptr;
  std::unique_ptr<Contender> contender;
};

void make_file(const std::string& path, const std::string& name) {
  runtime::Loop loop;
  auto disk = runtime::open_disk(path, loop);
  if (!disk) stop(disk.error().what);
  (void)::unlink((path + "/" + name).c_str());  // of a run that was ended
  bool is_made = false;
  (*disk)->create(name, file_bytes, [&](Result<std::unique_ptr<env::File>> file) {
    if (!file) stop(file.error().what);
    is_made = true;
  });
  loop.run_until([&] { return is_made; });
}

std::vector<Entry> entries(const std::string& path) {
  std::vector<Entry> all(4);
  const auto file = [&](const char* name) {
    make_file(path, name);
    return path + "/" + name;
  };
  all[0] = {"write, fdatasync", std::make_unique<Bare>(file("cached"), false)};
  all[1] = {"O_DIRECT, O_DSYNC", std::make_unique<Bare>(file("direct"), true)};
  make_file(path, "uring");
  all[2] = {"ours, io_uring", std::make_unique<Ours>(path, "uring", Way::uring)};
  make_file(path, "threads");
  all[3] = {"ours, threads", std::make_unique<Ours>(path, "threads", Way::threads)};
  return all;
}

struct Samples {
  std::vector<double> a_second;
  std::vector<double> cpu_us;
};

void sample(Contender& contender, std::size_t size, int times, Samples& samples) {
  const double cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
  const double began = seconds(CLOCK_MONOTONIC);
  contender.write(size, times);
  samples.a_second.push_back(times / (seconds(CLOCK_MONOTONIC) - began));
  samples.cpu_us.push_back((seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu) * 1e6 / times);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void measure(std::vector<Entry>& all, std::size_t size, int rounds, int times) {
  std::vector<Samples> samples(all.size());
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t i = 0; i < all.size(); ++i) sample(*all[i].contender, size, times, samples[i]);
  }
  const double best = std::max(median(samples[0].a_second), median(samples[1].a_second));
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double middle = median(samples[i].a_second);
    const auto [least, most] = std::ranges::minmax(samples[i].a_second);
    std::printf("%5zu K  %-18s %8.0f  %8.0f .. %-8.0f %8.1f  %8.2f\n", size >> 10, all[i].name,
                middle, least, most, median(samples[i].cpu_us), middle / best);
  }
}

constexpr const char* help =
    "bowline-bench-disk [--directory D] [--rounds N] [--writes N]\n"
    "\n"
    "Durable writes a second, by system calls alone and through the library, side by side.\n"
    "\n"
    "  --directory D  where its files go, 64 MiB in all; they are removed (default: bench-disk)\n"
    "  --rounds N     of each way and size, at least 5 (default: 7)\n"
    "  --writes N     in a round (default: 60); many cloud disks are fast for some thousands of\n"
    "                 writes only, and then a tenth of it: least and most are far apart then\n"
    "  --help         this\n";

void run(const std::string& path, int rounds, int writes) {
  std::vector<Entry> all = entries(path);
  std::printf("%7s  %-18s %8s  %20s %8s  %8s\n", "", "", "median/s", "least .. most  ", "CPU us",
              "of best");
  for (const std::size_t size : sizes) {
    const int most = static_cast<int>(most_sample_bytes / size);
    measure(all, size, rounds, std::min(writes, most));
  }
  for (const char* name : {"cached", "direct", "uring", "threads"})
    (void)::unlink((path + "/" + name).c_str());
  (void)::rmdir(path.c_str());  // fails if it was there before, with something in it
}

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  std::string path = "bench-disk";
  int rounds = 7;
  int writes = 60;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    const char* const value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (option == "--help" || option == "-h") {
      std::fputs(bowline::bench::help, stdout);
      return 0;
    }
    if (option == "--directory" && value != nullptr) {
      path = argv[++i];
    } else if (option == "--rounds" && value != nullptr) {
      rounds = std::max(5, std::atoi(argv[++i]));
    } else if (option == "--writes" && value != nullptr) {
      writes = std::max(1, std::atoi(argv[++i]));
    } else {
      std::fprintf(stderr, "bowline-bench-disk: cannot use '%s'; --help lists what it takes\n",
                   argv[i]);
      return 2;
    }
  }
  bowline::bench::run(path, rounds, writes);
  return 0;
}
