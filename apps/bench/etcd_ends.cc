// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/etcd_ends.h"

#include <chrono>

#include "apps/bench/etcd_words.h"

namespace bowline::bench {
namespace {

using Steady = std::chrono::steady_clock;

constexpr double restart_seconds = 300;

double passed_since(Steady::time_point then) {
  return std::chrono::duration<double>(Steady::now() - then).count();
}

}  // namespace

Result<Figures> restart(EtcdCluster& cluster, const EtcdSizes& sizes) {
  const std::size_t led = cluster.leader();
  const std::size_t member = led == 0 ? 1 : 0;
  const double disk = cluster.disk_mib(member);
  cluster.kill(member);
  const auto began = Steady::now();
  if (const auto started = cluster.start(member); !started) return std::unexpected(started.error());
  while (passed_since(began) < restart_seconds) {
    const auto said = ask(cluster.endpoint(member), range_path, range_of(0, false), 500);
    if (!said || said->size() < sizes.value_bytes) continue;
    const double took = passed_since(began);
    return Figures{{"seconds", took},
                   {"cpu_seconds", cluster.cpu_seconds(member)},
                   {"disk_mib", disk},
                   {"resident_mib", cluster.resident_mib()}};
  }
  return std::unexpected(Error{Fault::timeout, "the member does not come back in five minutes"});
}

Result<Figures> failover(EtcdCluster& cluster) {
  const std::size_t led = cluster.leader();
  if (led == EtcdCluster::members) return std::unexpected(Error{Fault::timeout, "nobody leads"});
  const std::string other = cluster.endpoint((led + 1) % EtcdCluster::members);
  const auto began = Steady::now();
  cluster.kill(led);
  while (passed_since(began) < 30) {
    // What is proposed while nobody leads may never be answered: so it is asked again soon.
    if (!ask(other, put_path, put_of(0, 10), 100)) continue;
    const double took = passed_since(began);
    if (const auto started = cluster.start(led); !started) return std::unexpected(started.error());
    return Figures{{"ms", took * 1e3}};
  }
  return std::unexpected(Error{Fault::timeout, "nobody can write half a minute later"});
}

}  // namespace bowline::bench
