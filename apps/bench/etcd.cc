// SPDX-License-Identifier: Apache-2.0
// bowline-bench-etcd: three members of bowline and three of etcd, measured in turns by one client.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "apps/bench/etcd_cases.h"
#include "apps/bench/etcd_cluster.h"
#include "apps/bench/etcd_ends.h"
#include "apps/bench/etcd_hostile.h"
#include "apps/bench/etcd_watch.h"

namespace bowline::bench {
namespace {

namespace fs = std::filesystem;

struct Arguments {
  EtcdSizes sizes;
  int rounds = 5;
  std::size_t watchers = 1000;
  std::uint64_t restart_keys = 1'000'000;
  int restarts = 3;
  std::uint64_t memory_puts = 300'000;
  bool alone = false;
  bool keeps = false;
  std::vector<std::string> cases;
  std::vector<std::size_t> clients = {1, 64, 256, 1000};
  std::string bowline;
  std::string etcd = "etcd";
  std::string directory;
  std::string json;
};

// "put 256/16" → "p99_ms" → one value for each round.
using Table = std::map<std::string, std::map<std::string, std::vector<double>>>;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

class Bench {
 public:
  explicit Bench(const Arguments& arguments) : arguments_(arguments) {}

  int run() {
    for (int round = 1; round <= arguments_.rounds; ++round)
      for (const bool ours : {true, false}) {
        if (arguments_.alone && !ours) continue;
        std::printf("round %d of %d: %s\n", round, arguments_.rounds, ours ? "bowline" : "etcd");
        std::fflush(stdout);
        if (const auto done = measure_one(ours); !done) {
          std::fprintf(stderr, "bowline-bench-etcd: %s\n", done.error().what.c_str());
          return 1;
        }
      }
    print();
    if (!arguments_.json.empty()) write_json();
    return 0;
  }

 private:
  bool wants(std::string_view what) const {
    return arguments_.cases.empty() ||
           std::ranges::find(arguments_.cases, what) != arguments_.cases.end();
  }

  Result<void> note(bool ours, const std::string& what, const Result<Figures>& figures) {
    if (!figures) return std::unexpected(figures.error());
    for (const auto& [name, value] : *figures) table_[ours][what][name].push_back(value);
    return {};
  }

  // Clusters of their own, one after the other: neither costs the other one anything.
  Result<void> measure_one(bool ours) {
    const std::vector<std::string> command =
        ours ? std::vector<std::string>{arguments_.bowline, "serve"}
             : std::vector<std::string>{arguments_.etcd, "--quota-backend-bytes=8589934592"};
    EtcdCluster cluster(command, arguments_.directory, arguments_.keeps);
    if (const auto started = cluster.start(); !started) return started;
    if (const auto filled = fill(cluster, arguments_.sizes, arguments_.sizes.keys); !filled)
      return filled;
    if (wants("memory")) {
      const auto noted = note(ours, "memory " + std::to_string(arguments_.memory_puts),
                              memory(cluster, arguments_.sizes, arguments_.memory_puts));
      if (!noted) return noted;
    }
    if (const auto done = measure_calls(cluster, ours); !done) return done;
    if (wants("watch")) {
      const auto noted = note(ours, "watch " + std::to_string(arguments_.watchers),
                              watch_fan_out(cluster, arguments_.watchers, arguments_.sizes));
      if (!noted) return noted;
    }
    if (wants("hostile"))
      if (const auto noted = note(ours, "hostile", beside_hostile(cluster, arguments_.sizes));
          !noted)
        return noted;
    if (wants("failover"))
      if (const auto noted = note(ours, "failover", failover(cluster)); !noted) return noted;
    return wants("restart") ? measure_restarts(cluster, ours) : Result<void>();
  }

  Result<void> measure_calls(EtcdCluster& cluster, bool ours) {
    for (const std::string_view what : etcd_cases()) {
      if (!wants(what)) continue;
      for (const Shape shape : {Shape{1, 1}, Shape{64, 8}, Shape{256, 16}, Shape{1000, 100}}) {
        if (std::ranges::find(arguments_.clients, shape.clients) == arguments_.clients.end())
          continue;
        const std::string name = std::string(what) + " " + std::to_string(shape.clients) + "/" +
                                 std::to_string(shape.connections);
        const auto noted = note(ours, name, measure(cluster, what, shape, arguments_.sizes));
        if (!noted) return noted;
      }
    }
    return {};
  }

  // The last of all: nothing else is measured with so many keys.
  Result<void> measure_restarts(EtcdCluster& cluster, bool ours) {
    EtcdSizes many = arguments_.sizes;
    many.keys = arguments_.restart_keys;
    if (const auto filled = fill(cluster, many, many.keys); !filled) return filled;
    const std::string name = "restart " + std::to_string(many.keys);
    for (int i = 0; i < arguments_.restarts; ++i)
      if (const auto noted = note(ours, name, restart(cluster, many)); !noted) return noted;
    return {};
  }

  void print() {
    std::printf("\nmedian [least - most] of %d rounds\n", arguments_.rounds);
    std::printf("%-20s %-14s %26s %26s %8s\n", "", "", "bowline", "etcd", "ratio");
    for (const auto& [what, figures] : table_[true])
      for (const auto& [name, values] : figures) {
        const std::vector<double>& theirs = table_[false][what][name];
        const auto cell = [](const std::vector<double>& all) {
          char text[64] = "-";
          if (all.empty()) return std::string(text);
          std::snprintf(text, sizeof text, "%.6g [%.4g - %.4g]", median(all),
                        *std::ranges::min_element(all), *std::ranges::max_element(all));
          return std::string(text);
        };
        const double base = median(theirs);
        std::printf("%-20s %-14s %26s %26s %8.3g\n", what.c_str(), name.c_str(),
                    cell(values).c_str(), cell(theirs).c_str(),
                    base == 0 ? 0 : median(values) / base);
      }
  }

  void write_json() {
    std::ofstream out(arguments_.json);
    out << "{";
    const char* of_server = "";
    for (const bool ours : {true, false}) {
      out << of_server << "\n\"" << (ours ? "bowline" : "etcd") << "\": {";
      of_server = ",";
      const char* of_case = "";
      for (const auto& [what, figures] : table_[ours]) {
        out << of_case << "\n  \"" << what << "\": {";
        of_case = ",";
        const char* of_figure = "";
        for (const auto& [name, values] : figures) {
          out << of_figure << "\"" << name << "\": [";
          of_figure = ", ";
          for (std::size_t i = 0; i < values.size(); ++i) out << (i == 0 ? "" : ", ") << values[i];
          out << "]";
        }
        out << "}";
      }
      out << "}";
    }
    out << "\n}\n";
  }

  const Arguments& arguments_;
  std::map<bool, Table> table_;
};

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  namespace fs = std::filesystem;
  bowline::bench::Arguments arguments;
  arguments.bowline = (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
  arguments.directory = "build/bench-etcd-" + std::to_string(::getpid());
  CLI::App app("Three members of bowline and three of etcd, in turns, by one lean client.");
  app.add_option("--rounds", arguments.rounds, "of all")->capture_default_str();
  app.add_option("--seconds", arguments.sizes.seconds, "that count, of each row")
      ->capture_default_str();
  app.add_option("--warm-up", arguments.sizes.warm_seconds, "seconds before them")
      ->capture_default_str();
  app.add_option("--keys", arguments.sizes.keys, "at random")->capture_default_str();
  app.add_option("--bytes", arguments.sizes.value_bytes, "of a value")->capture_default_str();
  app.add_option("--watchers", arguments.watchers, "of one key")->capture_default_str();
  app.add_option("--restart-keys", arguments.restart_keys, "before the restart")
      ->capture_default_str();
  app.add_option("--restarts", arguments.restarts, "of a member, in each round")
      ->capture_default_str();
  app.add_option("--memory-puts", arguments.memory_puts, "before memory is compared")
      ->capture_default_str();
  app.add_flag("--alone", arguments.alone, "only bowline: no etcd is needed");
  app.add_flag("--keep", arguments.keeps, "leave the data of the last members where they are");
  app.add_option("--cases", arguments.cases,
                 "only these: memory, put, range, serializable, mixed, txn, watch, hostile, "
                 "failover, restart")
      ->check(CLI::IsMember({"memory", "put", "range", "serializable", "mixed", "txn", "watch",
                             "hostile", "failover", "restart"}));
  app.add_option("--clients", arguments.clients, "only these of 1, 64, 256 and 1000");
  app.add_option("--bowline", arguments.bowline, "our program")->capture_default_str();
  app.add_option("--etcd", arguments.etcd, "theirs")->capture_default_str();
  app.add_option("--directory", arguments.directory, "for their data, on the disk to be measured")
      ->capture_default_str();
  app.add_option("--json", arguments.json, "write all values there");
  CLI11_PARSE(app, argc, argv);
  std::signal(SIGPIPE, SIG_IGN);
  return bowline::bench::Bench(arguments).run();
}
