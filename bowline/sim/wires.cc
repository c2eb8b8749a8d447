// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/wires.h"

#include <algorithm>

#include "bowline/base/ensure.h"

namespace bowline::sim {

// Of several copies only the first matters: who receives them knows the others by their number.
void Wires::send(NodeId from, NodeId to, const Packet& packet) {
  const Fate fate = links_.send(from, to, now_);
  if (fate.copies == 0) return;
  remind(*std::min_element(fate.at.begin(), fate.at.begin() + fate.copies), packet);
}

void Wires::remind(Time when, const Packet& packet) {
  heap_.push_back({.at = when, .order = ++orders_, .packet = packet});
  std::push_heap(heap_.begin(), heap_.end(), later);
}

Packet Wires::take() {
  ensure(!heap_.empty());
  ensure(heap_.front().at <= now_);
  std::pop_heap(heap_.begin(), heap_.end(), later);
  const Packet packet = heap_.back().packet;
  heap_.pop_back();
  return packet;
}

}  // namespace bowline::sim
