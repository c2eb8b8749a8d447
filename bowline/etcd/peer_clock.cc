// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/peer_clock.h"

#include <expected>
#include <utility>

namespace bowline::etcd {

PeerClock::PeerClock(Here& here, Duration every)
    : here_(here), every_(every), timer_(here.loop.timer([this] { ring(); })) {
  if (every_ > Duration(0)) here_.loop.set(timer_, here_.clock.now() + every_);
}

PeerClock::~PeerClock() {
  for (const auto& [peer, errand] : asked_) here_.shard.errands().forget(errand);
  here_.loop.drop(timer_);
}

void PeerClock::ring() {
  here_.loop.set(timer_, here_.clock.now() + every_);
  const raft::Membership* const members = here_.members();
  if (members == nullptr) return;
  std::erase_if(nanoseconds_,
                [members](const auto& one) { return members->find(one.first) == nullptr; });
  for (const raft::Member& one : members->members)
    if (one.id != here_.self() && !asked_.contains(one.id)) ask(one.id);
}

// Nothing is asked, so any member answers at once.
void PeerClock::ask(NodeId peer) {
  const Time from = here_.clock.now();
  const auto heard = [this, peer, from](const std::expected<Bytes, host::Errands::Lost>& said) {
    asked_.erase(peer);
    if (!said) return;
    const Duration took = here_.clock.now() - from;
    nanoseconds_[peer].add(static_cast<std::uint64_t>(took.count()));
  };
  const std::uint64_t errand = here_.shard.errands().ask(peer, here_.group, "", life_.guard(heard));
  if (errand != 0) asked_[peer] = errand;
}

}  // namespace bowline::etcd
