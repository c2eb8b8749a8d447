// SPDX-License-Identifier: Apache-2.0
//
// How near the log is to the limits of the disk, and how it compares with logs of others. All that
// is compared takes turns in short rounds, so that a moment in which the machine is slow hits each.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include "apps/bench/wal_load.h"
#include "apps/bench/wal_matrix.h"
#include "apps/bench/wal_recovery.h"

namespace bowline::bench {
namespace {

constexpr const char* help =
    "bowline-bench-wal [--quick] [--recovery [--entries N]] [--reading] [option…]\n"
    "\n"
    "Measures the log: against system calls alone, RocksDB and SQLite.\n"
    "\n"
    "  --quick        a few cells in short rounds, some seconds in all\n"
    "  --recovery     how long a log takes to open, instead\n"
    "  --entries N    of the log that is opened, 256 bytes each (default: 10,000,000: 4 GB)\n"
    "  --reading      how much slower writes are while somebody reads, instead\n"
    "  --ours         only this log, for a profiler\n"
    "  --groups N     only with so many\n"
    "  --payload N    only this size\n"
    "  --waiting N    only so many outstanding; of --recovery, writes of 64 entries each\n"
    "  --rounds N     of each cell (default: 5)\n"
    "  --json FILE    write the results for programs, too\n"
    "  --directory D  where the files go; they are removed (default: here)\n"
    "  --help         this\n";

struct Arguments {
  Plan plan;
  std::string json;
  std::string parent = ".";
  bool recovery = false;
  bool reading = false;
  std::uint64_t entries = 10'000'000;
};

std::string load_average() {
  std::ifstream in("/proc/loadavg");
  std::string line;
  std::getline(in, line);
  return line;
}

int fail_on(std::string_view option) {
  std::fprintf(stderr, "bowline-bench-wal: cannot use '%.*s'; --help lists what it takes\n",
               static_cast<int>(option.size()), option.data());
  return 2;
}

// True if it is one, with its value.
bool take_value(std::string_view option, const char* value, Arguments& to) {
  if (value == nullptr) return false;
  const auto number = static_cast<std::size_t>(std::max(1LL, std::atoll(value)));
  if (option == "--entries") {
    to.entries = number;
  } else if (option == "--groups") {
    to.plan.groups = {number};
  } else if (option == "--payload") {
    to.plan.payloads = {number};
  } else if (option == "--waiting") {
    to.plan.waiting = {number};
  } else if (option == "--rounds") {
    to.plan.rounds = static_cast<int>(number);
  } else if (option == "--json") {
    to.json = value;
  } else if (option == "--directory") {
    to.parent = value;
  } else {
    return false;
  }
  return true;
}

bool take_flag(std::string_view option, Arguments& to) {
  if (option == "--quick") {
    to.plan.payloads = {256};
    to.plan.waiting = {64};
    to.plan.rounds = 3;
    to.plan.seconds = 0.1;
    to.entries = std::min<std::uint64_t>(to.entries, 100'000);
  } else if (option == "--ours") {
    to.plan.only_ours = true;
  } else if (option == "--recovery") {
    to.recovery = true;
  } else if (option == "--reading") {
    to.reading = true;
  } else {
    return false;
  }
  return true;
}

void run_matrix(const Arguments& arguments) {
  std::vector<Cell> all;
  for (const std::size_t payload : arguments.plan.payloads) {
    for (const std::size_t waiting : arguments.plan.waiting) {
      for (Cell& cell : measure(arguments.plan, payload, waiting)) all.push_back(std::move(cell));
    }
  }
  print_tables(all);
  if (!arguments.json.empty()) write_json(arguments.json, all, arguments.plan);
}

void run(Arguments& arguments) {
  std::string made = arguments.parent + "/bench-wal-XXXXXX";
  if (::mkdtemp(made.data()) == nullptr) stop("cannot make a directory in " + arguments.parent);
  arguments.plan.directory = made;
  std::printf("load before: %s\n", load_average().c_str());
  if (arguments.recovery) {
    const std::vector<std::size_t>& waiting = arguments.plan.waiting;
    measure_recovery(made, arguments.entries, waiting.size() == 1 ? waiting.front() : 1,
                     std::min(arguments.plan.rounds, 3));
  } else if (arguments.reading) {
    measure_reading(made, arguments.plan.rounds, arguments.plan.seconds);
  } else {
    run_matrix(arguments);
  }
  std::printf("load after: %s\n", load_average().c_str());
  std::filesystem::remove_all(made);
}

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  bowline::bench::Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view option = argv[i];
    if (option == "--help" || option == "-h") {
      std::fputs(bowline::bench::help, stdout);
      return 0;
    }
    if (bowline::bench::take_flag(option, arguments)) continue;
    if (!bowline::bench::take_value(option, i + 1 < argc ? argv[i + 1] : nullptr, arguments))
      return bowline::bench::fail_on(option);
    ++i;
  }
  bowline::bench::run(arguments);
  return 0;
}
