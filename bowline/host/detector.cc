// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/detector.h"

#include <utility>
#include <vector>

namespace bowline::host {

Detector::Detector(env::Loop& loop, env::Clock& clock, Options options, Hooks hooks)
    : loop_(loop),
      clock_(clock),
      options_(options),
      hooks_(std::move(hooks)),
      timer_(loop.timer([this] { tick(); })) {}

Detector::~Detector() { loop_.drop(timer_); }

void Detector::begin() {
  if (std::exchange(begun_, true)) return;
  last_tick_ = clock_.now();
  for (auto& [id, peer] : peers_) peer.heard = last_tick_;
  loop_.set(timer_, last_tick_ + options_.pulse);
}

void Detector::watch(NodeId id) {
  const auto [found, is_new] = peers_.try_emplace(id, Peer{clock_.now()});
  if (std::exchange(found->second.forgotten, false)) found->second = Peer{clock_.now()};
}

void Detector::forget(NodeId id) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  found->second.missing = false;
  found->second.forgotten = true;
}

void Detector::heard(NodeId id) {
  const auto found = peers_.find(id);
  if (found == peers_.end()) return;
  found->second.heard = clock_.now();
  if (std::exchange(found->second.missing, false)) hooks_.again(id);
}

void Detector::lost(NodeId id) {
  if (const auto found = peers_.find(id); found != peers_.end()) found->second.missing = true;
}

bool Detector::missing(NodeId id) const {
  const auto found = peers_.find(id);
  return found != peers_.end() && found->second.missing;
}

// If we come late ourselves, it is we who did not listen: what was sent meanwhile still waits.
void Detector::tick() {
  const Time now = clock_.now();
  const bool late = now >= last_tick_ + options_.silence / 2;
  last_tick_ = now;
  loop_.set(timer_, now + options_.pulse);
  std::erase_if(peers_, [](const auto& entry) { return entry.second.forgotten; });
  std::vector<NodeId> silent;
  for (auto& [id, peer] : peers_) {
    if (late || (hooks_.says_no_pulse && hooks_.says_no_pulse(id))) peer.heard = now;
    hooks_.pulse(id);
    if (peer.missing || now < peer.heard + options_.silence) continue;
    peer.missing = true;
    silent.push_back(id);
  }
  for (const NodeId id : silent) hooks_.silent(id);
}

}  // namespace bowline::host
