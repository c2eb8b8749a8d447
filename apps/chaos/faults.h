// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "apps/chaos/relay.h"
#include "apps/chaos/victim.h"
#include "bowline/base/prng.h"
#include "bowline/base/result.h"

namespace bowline::chaos {

enum class Mishap : std::uint8_t { kill, freeze, cut, cut_one_way, delay, refuse, reset };
inline constexpr std::size_t mishaps = 7;

// What befalls the servers, as a seed says: some at once, for a while, and then nothing for a
// while.
class Faults {
 public:
  Faults(std::vector<Victim*> servers, Relay& relay, std::uint64_t seed)
      : servers_(std::move(servers)), relay_(relay), prng_(seed) {}

  // Some mishaps begin, and last; then all is well again. An error: a server could not be started.
  Result<void> round(const std::function<void(Duration)>& rest);
  Result<void> mend();  // all is well again

  std::string counts() const;  // `3 kills, 2 freezes, ...`
  std::uint64_t sum() const;

 private:
  void strike();
  void strike(Mishap, NodeId one, NodeId other);
  NodeId draw_node() { return servers_[prng_.below(servers_.size())]->id(); }
  Victim& server(NodeId);

  std::vector<Victim*> servers_;
  Relay& relay_;
  Prng prng_;
  std::array<std::uint64_t, mishaps> counts_{};
};

}  // namespace bowline::chaos
