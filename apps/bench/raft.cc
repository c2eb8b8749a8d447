// SPDX-License-Identifier: Apache-2.0
// bowline-bench-raft: three processes on loopback, each with a log that is really synced, and load
// from within the leader.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bench/raft_failover.h"
#include "apps/bench/raft_trio.h"

namespace bowline::bench {
namespace {

struct Arguments {
  std::vector<std::uint64_t> payloads{16, 256, 1024, 4096};
  std::vector<std::uint64_t> in_flight{1, 64, 256, 1024};
  double seconds = 3;
  int rounds = 5;
  std::string directory = "build/bench-raft";
  std::string json;
  int failovers = 0;
};

struct Cell {
  std::uint64_t payload = 0, in_flight = 0;
  std::vector<double> per_second, p50, p99, p999, per_cpu_second;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::string spread(std::vector<double> values, double unit) {
  std::ranges::sort(values);
  char text[64];
  std::snprintf(text, sizeof text, "%.1f [%.1f-%.1f]", values[values.size() / 2] / unit,
                values.front() / unit, values.back() / unit);
  return text;
}

void measure(RaftTrio& trio, Cell& cell, double seconds) {
  RaftMember& leader = trio.leader();
  leader.run({cell.payload, cell.in_flight, 0, 0.5});  // warm
  const double before = trio.cpu_seconds();
  const RaftFigure figure = leader.run({cell.payload, cell.in_flight, 0, seconds});
  const double cpu = trio.cpu_seconds() - before;
  cell.per_second.push_back(figure.per_second);
  cell.p50.push_back(figure.p50_us);
  cell.p99.push_back(figure.p99_us);
  cell.p999.push_back(figure.p999_us);
  cell.per_cpu_second.push_back(static_cast<double>(figure.proposals) / cpu);
}

void print(const std::vector<Cell>& cells, const std::string& disk) {
  std::printf("three processes on loopback, %s; load in the leader's process\n", disk.c_str());
  std::printf("%8s %10s %26s %10s %10s %10s %26s\n", "bytes", "in flight", "k/s", "p50 us",
              "p99 us", "p99.9 us", "k per CPU second, all");
  for (const Cell& cell : cells)
    std::printf("%8llu %10llu %26s %10.0f %10.0f %10.0f %26s\n",
                static_cast<unsigned long long>(cell.payload),
                static_cast<unsigned long long>(cell.in_flight),
                spread(cell.per_second, 1e3).c_str(), median(cell.p50), median(cell.p99),
                median(cell.p999), spread(cell.per_cpu_second, 1e3).c_str());
}

bool save(const std::string& path, const std::vector<Cell>& cells) {
  if (path.empty()) return true;
  FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  std::fprintf(file, "[");
  for (std::size_t i = 0; i < cells.size(); ++i)
    std::fprintf(file,
                 "%s{\"payload\": %llu, \"in_flight\": %llu, \"per_second\": %.0f, "
                 "\"p50_us\": %.0f, \"p99_us\": %.0f, \"p999_us\": %.0f, "
                 "\"per_cpu_second\": %.0f}",
                 i == 0 ? "" : ",\n ", static_cast<unsigned long long>(cells[i].payload),
                 static_cast<unsigned long long>(cells[i].in_flight), median(cells[i].per_second),
                 median(cells[i].p50), median(cells[i].p99), median(cells[i].p999),
                 median(cells[i].per_cpu_second));
  std::fprintf(file, "]\n");
  return std::fclose(file) == 0;
}

int run(const Arguments& arguments) {
  if (arguments.failovers > 0) {
    print_failovers(arguments.directory, arguments.failovers);
    return 0;
  }
  RaftTrio trio(arguments.directory);
  std::vector<Cell> cells;
  for (const std::uint64_t payload : arguments.payloads)
    for (const std::uint64_t in_flight : arguments.in_flight)
      cells.push_back({payload, in_flight, {}, {}, {}, {}, {}});
  for (int round = 0; round < arguments.rounds; ++round)
    for (Cell& cell : cells) measure(trio, cell, arguments.seconds);
  print(cells, trio.disk());
  if (save(arguments.json, cells)) return 0;
  std::fprintf(stderr, "bowline-bench-raft: cannot write %s\n", arguments.json.c_str());
  return 1;
}

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  using namespace bowline::bench;
  CLI::App app{"Three processes on loopback, one group, load in the leader's process"};
  Arguments arguments;
  app.add_option("--payload", arguments.payloads, "Bytes of a proposal, one or more");
  app.add_option("--in-flight", arguments.in_flight, "Proposals at once, one or more");
  app.add_option("--seconds", arguments.seconds, "How long each measurement takes");
  app.add_option("--rounds", arguments.rounds, "How often each is repeated");
  app.add_option("--directory", arguments.directory, "Where the logs are; emptied first");
  app.add_option("--failovers", arguments.failovers,
                 "Instead: how long until writes go on, so many times in each way");
  app.add_option("--json", arguments.json, "Write the medians for programs");
  CLI11_PARSE(app, argc, argv);
  return run(arguments);
}
