// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/raft_failover.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

double ms_since(Steady::time_point begun) {
  return std::chrono::duration<double, std::milli>(Steady::now() - begun).count();
}

// Until one of these has taken a write.
double until_written(const std::vector<RaftMember*>& members, Steady::time_point begun) {
  while (true)
    for (RaftMember* const member : members)
      if (member->write()) return ms_since(begun);
}

enum class Way { killed, cut_off, stopped, handed_over };

double fail_over(RaftTrio& trio, Way way) {
  // Whoever was cut off may take itself for the leader a little longer.
  while (!trio.leader().write()) {}
  RaftMember& old = trio.leader();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // all is quiet, as most often
  const std::vector<RaftMember*> others = trio.others(old);
  const Steady::time_point begun = Steady::now();
  if (way == Way::killed) old.kill();
  if (way == Way::cut_off) trio.cut_off(trio.id_of(old));
  if (way == Way::stopped) old.freeze();
  if (way == Way::handed_over) old.hand_over();
  const double took = until_written(others, begun);
  if (way == Way::cut_off) trio.mend();
  if (way == Way::killed || way == Way::stopped) trio.restart(trio.id_of(old));
  return took;
}

void print(const char* what, std::vector<double> took) {
  std::ranges::sort(took);
  std::printf("%-28s %8.1f %8.1f %8.1f\n", what, took.front(), took[took.size() / 2],
              took[(took.size() * 99 - 1) / 100]);
}

}  // namespace

void print_failovers(RaftTrio& trio, int times) {
  std::printf("%-28s %8s %8s %8s\n", "ms until a write is done", "min", "median", "p99");
  const auto run = [&](const char* what, Way way) {
    std::vector<double> took;
    took.reserve(static_cast<std::size_t>(times));
    for (int i = 0; i < times; ++i) took.push_back(fail_over(trio, way));
    print(what, std::move(took));
  };
  if (trio.can_cut()) return run("the leader is cut off", Way::cut_off);
  run("the leader is killed", Way::killed);
  run("the leader's process stops", Way::stopped);
  run("the leader hands over", Way::handed_over);
}

}  // namespace bowline::bench
