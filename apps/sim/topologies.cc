// SPDX-License-Identifier: Apache-2.0
#include "apps/sim/topologies.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <map>
#include <vector>

#include "apps/bowline/numbers.h"
#include "apps/sim/exit_code.h"
#include "apps/sim/wide.h"
#include "bowline/sim/topology_trial.h"

namespace bowline::apps {
namespace {

using sim::Topology;
using sim::TopologyCase;
using sim::TopologyOutcome;
using sim::TopologyVerdict;

// One way to go through them all.
struct Series {
  const char* name;
  bool equal_logs;
  bool suspicions;
};
constexpr std::array<Series, 4> series{{{"equal logs", true, false},
                                        {"equal logs, suspicions", true, true},
                                        {"unequal logs", false, false},
                                        {"unequal logs, suspicions", false, true}}};

struct Exception {  // a case in which the election restriction leaves nobody
  TopologyCase first;
  std::uint64_t count = 0;
  std::vector<std::uint32_t> helpful;
  Duration slowest{0};
};

struct Sums {
  std::uint64_t cases = 0;
  std::uint64_t runs = 0;
  std::array<std::uint64_t, 3> verdicts{};  // along TopologyVerdict
  std::array<std::uint64_t, 3> changes{};   // of the leader in the steady state: 0, 1, more
  std::uint64_t failures = 0;
  std::uint64_t terms = 0;
  std::uint64_t steady_terms = 0;
  std::uint64_t hopeless = 0;  // no single link would help
  Duration served{0};
  Duration recovered{0};
  std::map<std::uint32_t, Exception> exceptions;  // by shape
};

double seconds(Duration d) { return std::chrono::duration<double>(d).count(); }
std::string nodes_of(std::uint32_t mask) {
  std::string text;
  for (std::uint32_t i = 0; i < Topology::nodes; ++i)
    if ((mask >> i & 1U) != 0) text += (text.empty() ? "" : " ") + std::to_string(i + 1);
  return text.empty() ? "nobody" : text;
}

std::string links_of(const std::vector<std::uint32_t>& numbers) {
  Topology topology(0);
  for (const std::uint32_t number : numbers) topology = topology.with(number);
  return topology.describe();
}

std::string describe(const TopologyCase& one) {
  return "links " + one.topology.describe() + "; led by " + std::to_string(one.leader.value) +
         "; the last entry lack " + nodes_of(one.lacking);
}

void tell_failure(const Series& kind, const TopologyCase& one, const TopologyOutcome& outcome) {
  std::printf("FAILED      %s: %s; seed %llu: %s\n", kind.name, describe(one).c_str(),
              wide(one.seed), outcome.failure.c_str());
}

void take(const TopologyOutcome& outcome, Sums& sums) {
  ++sums.runs;
  if (!outcome.failure.empty()) ++sums.failures;
  ++sums.changes[std::min<std::size_t>(outcome.changes, 2)];
  sums.terms = std::max(sums.terms, outcome.terms);
  sums.steady_terms = std::max(sums.steady_terms, outcome.steady_terms);
  if (outcome.failure.empty()) sums.served = std::max(sums.served, outcome.served);
  sums.recovered = std::max(sums.recovered, outcome.recovered);
}

void note_exception(const TopologyCase& one, const TopologyOutcome& outcome, Duration slowest,
                    Sums& sums) {
  const auto [at, is_new] = sums.exceptions.try_emplace(shape_of(one));
  Exception& exception = at->second;
  if (is_new) exception.first = one;
  if (is_new) exception.helpful = outcome.helpful;
  ++exception.count;
  exception.slowest = std::max(exception.slowest, slowest);
}

// Where nothing can be committed, once for each link that would help.
void try_case(const Series& kind, TopologyCase one, Sums& sums) {
  const sim::TopologySetting setting{.suspicions = kind.suspicions};
  const TopologyOutcome first = run_topology(one, setting);
  ++sums.cases;
  ++sums.verdicts[static_cast<std::size_t>(first.verdict)];
  take(first, sums);
  if (!first.failure.empty()) tell_failure(kind, one, first);
  if (first.verdict == TopologyVerdict::live) return;
  if (first.helpful.empty()) ++sums.hopeless;
  Duration slowest = first.recovered;
  for (one.heal = 1; one.heal < first.helpful.size(); ++one.heal) {
    const TopologyOutcome next = run_topology(one, setting);
    take(next, sums);
    slowest = std::max(slowest, next.recovered);
    if (!next.failure.empty()) tell_failure(kind, one, next);
  }
  one.heal = 0;
  if (first.verdict == TopologyVerdict::constrained) note_exception(one, first, slowest, sums);
}

void tell(const Series& kind, const Sums& sums) {
  std::printf(
      "%-25s %5llu cases: %llu live, %llu without a quorum, %llu constrained; leader "
      "changes 0 in %llu, 1 in %llu, more in %llu runs; a write after at most %.2f E, "
      "%.2f E once a link heals; at most %llu + %llu new terms\n",
      kind.name, wide(sums.cases), wide(sums.verdicts[0]), wide(sums.verdicts[1]),
      wide(sums.verdicts[2]), wide(sums.changes[0]), wide(sums.changes[1]), wide(sums.changes[2]),
      seconds(sums.served), seconds(sums.recovered), wide(sums.terms), wide(sums.steady_terms));
  for (const auto& [shape, exception] : sums.exceptions)
    std::printf("  constrained: %s; %llu cases; helps: %s; then %.2f E\n",
                describe(exception.first).c_str(), wide(exception.count),
                links_of(exception.helpful).c_str(), seconds(exception.slowest));
}

std::string json(const std::vector<Sums>& all) {
  std::string text = "{\"series\": [";
  for (std::size_t i = 0; i < all.size(); ++i) {
    const Sums& sums = all[i];
    std::array<char, 640> row{};
    std::snprintf(row.data(), row.size(),
                  "%s{\"name\": \"%s\", \"cases\": %llu, \"runs\": %llu, \"live\": %llu, "
                  "\"no_quorum\": %llu, \"constrained\": %llu, \"constrained_shapes\": %zu, "
                  "\"failures\": %llu, \"unchanged\": %llu, \"changed_once\": %llu, "
                  "\"changed_more\": %llu, \"served_most_e\": %.3f, \"recovered_most_e\": %.3f}",
                  i == 0 ? "" : ", ", series[i].name, wide(sums.cases), wide(sums.runs),
                  wide(sums.verdicts[0]), wide(sums.verdicts[1]), wide(sums.verdicts[2]),
                  sums.exceptions.size(), wide(sums.failures), wide(sums.changes[0]),
                  wide(sums.changes[1]), wide(sums.changes[2]), seconds(sums.served),
                  seconds(sums.recovered));
    text += row.data();
  }
  return text + "]}\n";
}

bool read_shard(const std::string& text, std::uint64_t& part, std::uint64_t& parts) {
  if (text.empty()) return true;
  unsigned long long i = 0;
  unsigned long long n = 0;
  char rest = 0;
  if (std::sscanf(text.c_str(), "%llu/%llu%c", &i, &n, &rest) != 2 || i < 1 || i > n) return false;
  part = i;
  parts = n;
  return true;
}

Sums go_through(const Series& kind, std::uint64_t seed, std::uint64_t part, std::uint64_t parts) {
  Sums sums;
  const std::vector<TopologyCase> cases =
      kind.equal_logs ? sim::cases_with_equal_logs() : sim::cases_with_unequal_logs();
  for (std::size_t i = part - 1; i < cases.size(); i += parts) {
    TopologyCase one = cases[i];
    one.seed = seed + i;
    try_case(kind, one, sums);
  }
  return sums;
}

void summarize(const std::vector<Sums>& all) {
  Sums total;
  for (const Sums& sums : all) {
    total.cases += sums.cases;
    total.runs += sums.runs;
    total.failures += sums.failures;
    total.hopeless += sums.hopeless;
    total.changes[1] += sums.changes[1] + sums.changes[2];
    for (std::size_t i = 0; i < 3; ++i) total.verdicts[i] += sums.verdicts[i];
  }
  std::printf(
      "%s: %llu cases (%llu runs) of five nodes with links cut: %llu live, %llu without a "
      "quorum, %llu constrained; where it is not live, no single link would help in %llu; "
      "%llu failures, %llu changes of the leader in the steady state\n",
      total.failures == 0 ? "passed" : "FAILED", wide(total.cases), wide(total.runs),
      wide(total.verdicts[0]), wide(total.verdicts[1]), wide(total.verdicts[2]),
      wide(total.hopeless), wide(total.failures), wide(total.changes[1]));
}

}  // namespace

CLI::App* declare_topologies(CLI::App& app, TopologyArguments& arguments) {
  CLI::App* verb = app.add_subcommand(
      "topologies", "Five nodes, every set of links that fail, every leader: who serves?");
  verb->add_option("--json", arguments.json, "Write the results for programs");
  verb->add_option("--shard", arguments.shard, "I/N: the I-th of N equal parts of the cases");
  verb->add_option("--seed", arguments.seed, "Of the first case")->check(at_least(1));
  return verb;
}

int run_topologies(const TopologyArguments& arguments) {
  std::uint64_t part = 1;
  std::uint64_t parts = 1;
  if (!read_shard(arguments.shard, part, parts)) {
    std::fprintf(stderr, "bowline-sim: --shard wants I/N with 1 <= I <= N, as in 2/8\n");
    return bad_usage;
  }
  std::vector<Sums> all;
  for (const Series& kind : series) {
    all.push_back(go_through(kind, arguments.seed, part, parts));
    tell(kind, all.back());
  }
  summarize(all);
  bool good = std::ranges::all_of(all, [](const Sums& sums) { return sums.failures == 0; });
  if (!arguments.json.empty()) {
    std::ofstream file(arguments.json);
    file << json(all);
    good = good && file.good();
  }
  return good ? 0 : 1;
}

}  // namespace bowline::apps
