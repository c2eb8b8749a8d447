// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/faults.h"

#include <algorithm>
#include <chrono>
#include <numeric>
#include <string_view>

namespace bowline::chaos {
namespace {

using std::chrono::milliseconds;

constexpr std::array<std::string_view, mishaps> words = {
    "kills", "freezes", "cuts", "cuts one way", "delays", "refusals", "resets"};

}  // namespace

Result<void> Faults::round(const std::function<void(Duration)>& rest) {
  const std::uint64_t count = 1 + prng_.below(3);
  for (std::uint64_t i = 0; i < count; ++i) {
    strike();
    rest(milliseconds(prng_.below(400)));
  }
  // Often shorter than an election takes, and often longer.
  rest(milliseconds(100 + prng_.below(prng_.chance(50) ? 1000 : 4000)));
  if (Result<void> mended = mend(); !mended) return mended;
  rest(milliseconds(prng_.below(2500)));
  return {};
}

void Faults::strike() {
  const auto mishap = static_cast<Mishap>(prng_.below(mishaps));
  const NodeId one = draw_node();
  NodeId other = draw_node();
  while (other == one) other = draw_node();
  ++counts_.at(static_cast<std::size_t>(mishap));
  strike(mishap, one, other);
}

void Faults::strike(Mishap mishap, NodeId one, NodeId other) {
  // Half of the time it is one against all.
  std::vector<NodeId> others = {other};
  if (prng_.chance(50)) {
    others.clear();
    for (Victim* const server : servers_)
      if (server->id() != one) others.push_back(server->id());
  }
  const bool outwards = prng_.chance(50);
  const Duration late = milliseconds(5 + prng_.below(prng_.chance(70) ? 100 : 1500));
  if (mishap == Mishap::kill) server(one).kill();
  if (mishap == Mishap::freeze) server(one).freeze();
  for (const NodeId each : others) {
    if (mishap == Mishap::cut || (mishap == Mishap::cut_one_way && outwards)) relay_.cut(one, each);
    if (mishap == Mishap::cut || (mishap == Mishap::cut_one_way && !outwards))
      relay_.cut(each, one);
    if (mishap == Mishap::delay) relay_.delay(one, each, late);
    if (mishap == Mishap::refuse) relay_.refuse(one, each);
    if (mishap == Mishap::reset) relay_.reset(one, each);
  }
}

Result<void> Faults::mend() {
  relay_.mend();
  for (Victim* const server : servers_) {
    server->thaw();
    if (server->ended()) {
      return std::unexpected(Error{Fault::io, "server " + std::to_string(server->id().value) +
                                                  " ended by itself: its log says why"});
    }
    if (server->runs()) continue;
    if (Result<void> started = server->start(); !started) return started;
    relay_.lead(server->id(), server->peer_address());
  }
  return {};
}

Victim& Faults::server(NodeId id) {
  return **std::ranges::find_if(servers_,
                                [id](const Victim* server) { return server->id() == id; });
}

std::uint64_t Faults::sum() const {
  return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0});
}

std::string Faults::counts() const {
  std::string text;
  for (std::size_t i = 0; i < mishaps; ++i)
    text += (i == 0 ? "" : ", ") + std::to_string(counts_.at(i)) + " " + std::string(words.at(i));
  return text;
}

}  // namespace bowline::chaos
