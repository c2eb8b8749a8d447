// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <set>
#include <vector>

#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"
#include "bowline/kv/leases.h"
#include "bowline/kv/store.h"
#include "bowline/kv/weight.h"

namespace bowline::kv {

// What is replicated, all of it.
struct State {
  explicit State(const ValueMemory& memory = {}) : store(memory) {}

  Store store;
  Leases leases;
  std::set<Alarm> alarms;
  std::uint64_t most_answer = most_answer_weight;  // another one in tests only
};

// Carries one command out, as the entry of this term. The answer views the state, and the command.
// Whatever the command is, the outcome depends on it and on the state alone. The store is
// committed; whether that made a new revision, its revision tells.
Answer run(State&, const Command&, std::uint64_t term);

// Would the compares of this transaction hold, now? Then its success branch is taken.
bool holds(const Store&, const std::vector<Compare>&);

}  // namespace bowline::kv
