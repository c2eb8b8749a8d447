// SPDX-License-Identifier: Apache-2.0
// bowline-bench-raft: three processes on loopback, each with a log that is really synced, and load
// from within the leader; the same with other libraries, which take turns with ours.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <sstream>
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
  double warm = 0.5;
  double seconds = 3;
  int rounds = 5;
  std::string directory = "build/bench-raft";
  std::string json;
  int failovers = 0;
  std::vector<std::string> peers;
};

// One library, with its three processes.
struct Contender {
  std::string name;
  std::unique_ptr<RaftTrio> trio;
};

struct Cell {
  std::size_t contender = 0;
  std::uint64_t payload = 0, in_flight = 0;
  std::vector<double> per_second, p50, p99, p999, per_cpu_second, wake_ups;
};

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[values.size() / 2];
}

std::string spread(std::vector<double> values, double unit) {
  if (values.empty()) return "lost its leader";
  std::ranges::sort(values);
  char text[64];
  std::snprintf(text, sizeof text, "%.1f [%.1f-%.1f]", values[values.size() / 2] / unit,
                values.front() / unit, values.back() / unit);
  return text;
}

void measure(RaftTrio& trio, Cell& cell, const Arguments& arguments) {
  RaftMember& leader = trio.leader();
  leader.run({cell.payload, cell.in_flight, 0, arguments.warm});
  const double before = trio.cpu_seconds();
  const std::uint64_t woken = trio.wake_ups();
  const RaftFigure figure = leader.run({cell.payload, cell.in_flight, 0, arguments.seconds});
  const auto wake_ups = static_cast<double>(trio.wake_ups() - woken);
  const double cpu = trio.cpu_seconds() - before;
  if (figure.proposals == 0) return;  // it does not lead any more
  cell.per_second.push_back(figure.per_second);
  cell.p50.push_back(figure.p50_us);
  cell.p99.push_back(figure.p99_us);
  cell.p999.push_back(figure.p999_us);
  cell.per_cpu_second.push_back(static_cast<double>(figure.proposals) / cpu);
  cell.wake_ups.push_back(wake_ups / static_cast<double>(figure.proposals));
}

double cpu_of_million(const Cell& cell) {
  const double rate = median(cell.per_cpu_second);
  return rate > 0 ? 1e6 / rate : 0;
}

void print(const std::vector<Contender>& contenders, const std::vector<Cell>& cells) {
  std::printf("three processes on loopback, one group, load in the leader's process\n");
  for (const Contender& contender : contenders)
    std::printf("  %s: %s\n", contender.name.c_str(), contender.trio->disk().c_str());
  std::printf("%8s %10s %-16s %22s %8s %8s %8s %26s %14s %9s\n", "bytes", "in flight", "", "k/s",
              "p50 us", "p99 us", "p99.9 us", "k per CPU second, all", "CPU s/million", "wake-ups");
  for (const Cell& cell : cells)
    std::printf(
        "%8llu %10llu %-16s %22s %8.0f %8.0f %8.0f %26s %14.2f %9.2f\n",
        static_cast<unsigned long long>(cell.payload),
        static_cast<unsigned long long>(cell.in_flight), contenders[cell.contender].name.c_str(),
        spread(cell.per_second, 1e3).c_str(), median(cell.p50), median(cell.p99), median(cell.p999),
        spread(cell.per_cpu_second, 1e3).c_str(), cpu_of_million(cell), median(cell.wake_ups));
}

bool save(const std::string& path, const std::vector<Contender>& contenders,
          const std::vector<Cell>& cells) {
  if (path.empty()) return true;
  FILE* const file = std::fopen(path.c_str(), "w");
  if (file == nullptr) return false;
  std::fprintf(file, "[");
  for (std::size_t i = 0; i < cells.size(); ++i)
    std::fprintf(file,
                 "%s{\"library\": \"%s\", \"payload\": %llu, \"in_flight\": %llu, "
                 "\"per_second\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, "
                 "\"p999_us\": %.0f, \"per_cpu_second\": %.0f, \"wake_ups\": %.3f}",
                 i == 0 ? "" : ",\n ", contenders[cells[i].contender].name.c_str(),
                 static_cast<unsigned long long>(cells[i].payload),
                 static_cast<unsigned long long>(cells[i].in_flight), median(cells[i].per_second),
                 median(cells[i].p50), median(cells[i].p99), median(cells[i].p999),
                 median(cells[i].per_cpu_second), median(cells[i].wake_ups));
  std::fprintf(file, "]\n");
  return std::fclose(file) == 0;
}

// `NAME=PROGRAM WORD…` of a peer.
Contender contender_of(const std::string& directory, const std::string& peer) {
  const std::size_t middle = std::min(peer.find('='), peer.size());
  std::istringstream in(peer.substr(std::min(middle + 1, peer.size())));
  std::vector<std::string> program;
  for (std::string word; in >> word;) program.push_back(word);
  Contender contender{.name = peer.substr(0, middle), .trio = nullptr};
  if (!program.empty())
    contender.trio = std::make_unique<RaftTrio>(directory + "/" + contender.name, program);
  return contender;
}

std::vector<Contender> start(const Arguments& arguments) {
  std::vector<Contender> contenders;
  contenders.push_back({"bowline", std::make_unique<RaftTrio>(arguments.directory + "/bowline")});
  for (const std::string& peer : arguments.peers)
    contenders.push_back(contender_of(arguments.directory, peer));
  return contenders;
}

void compare(std::vector<Contender>& contenders, std::vector<Cell>& cells,
             const Arguments& arguments) {
  for (const std::uint64_t payload : arguments.payloads)
    for (const std::uint64_t in_flight : arguments.in_flight)
      for (std::size_t i = 0; i < contenders.size(); ++i)
        cells.push_back({.contender = i, .payload = payload, .in_flight = in_flight});
  for (int round = 0; round < arguments.rounds; ++round)
    for (Cell& cell : cells) measure(*contenders[cell.contender].trio, cell, arguments);
}

int run(const Arguments& arguments) {
  std::signal(SIGPIPE, SIG_IGN);  // who asks a process that has ended hears nothing, and says so
  std::vector<Contender> contenders = start(arguments);
  for (const Contender& contender : contenders) {
    if (contender.trio != nullptr) continue;
    std::fprintf(stderr, "bowline-bench-raft: write --peer like NAME=PROGRAM\n");
    return 2;
  }
  if (arguments.failovers > 0) {
    std::printf("three processes on loopback, election timeout 1 s, %d times each\n",
                arguments.failovers);
    for (const Contender& contender : contenders) {
      std::printf("%s\n", contender.name.c_str());
      print_failovers(*contender.trio, arguments.failovers);
    }
    std::printf("bowline, a relay between its members\n");
    RaftTrio relayed(arguments.directory + "/relayed", {}, RaftTrio::Wires::relayed);
    print_failovers(relayed, arguments.failovers);
    return 0;
  }
  std::vector<Cell> cells;
  compare(contenders, cells, arguments);
  print(contenders, cells);
  if (save(arguments.json, contenders, cells)) return 0;
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
  app.add_option("--warm", arguments.warm, "Seconds of load before each, which do not count");
  app.add_option("--seconds", arguments.seconds, "How long each measurement takes");
  app.add_option("--rounds", arguments.rounds, "How often each is repeated");
  app.add_option("--directory", arguments.directory, "Where the logs are; emptied first");
  app.add_option("--failovers", arguments.failovers,
                 "Instead: how long until writes go on, so many times in each way");
  app.add_option("--peer", arguments.peers,
                 "NAME=PROGRAM: another library's member, which takes turns with ours");
  app.add_option("--json", arguments.json, "Write the medians for programs");
  CLI11_PARSE(app, argc, argv);
  return run(arguments);
}
