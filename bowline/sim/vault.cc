// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/vault.h"

#include <utility>

namespace bowline::sim {

void Vault::put(Unit unit) {
  units_.push_back(std::move(unit));
  if (units_.size() > most_unsynced + 1) units_.pop_front();
}

void Vault::lose_power(Chance& chance) {
  const std::uint64_t lost = chance.below("units lost", units_.size());
  for (std::uint64_t i = 0; i < lost; ++i) units_.pop_back();
}

void Vault::wipe() { units_.assign(1, Unit{}); }

}  // namespace bowline::sim
