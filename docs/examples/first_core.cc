// SPDX-License-Identifier: Apache-2.0
#include <deque>
#include <iostream>
#include <memory>
#include <utility>
#include <variant>

#include "bowline/raft/core.h"
#include "bowline/words/describe.h"

using namespace bowline;
using namespace bowline::raft;

// A group of one. Its disk is a fiction: whatever it is asked to keep, it has kept at once.
int main() {
  Membership members{.cluster = {7}, .members = {Member{.id = {1}, .incarnation = {100}}}};
  Found disk{.base = {.membership = std::make_shared<const Membership>(members)}};
  Core core(std::make_shared<const Options>(),
            {.self = {1}, .cluster = {7}, .incarnation = {100}, .seed = 42}, disk, Time{});

  std::deque<Input> inputs;
  inputs.emplace_back(Woken{});
  while (!inputs.empty()) {
    std::cout << "> " << text(inputs.front()) << '\n';
    Effects effects;
    core.step(Time{}, std::move(inputs.front()), effects);
    inputs.pop_front();
    for (const Effect& effect : effects) {
      std::cout << "    " << text(effect) << '\n';
      if (const auto* write = std::get_if<Persist>(&effect))
        inputs.emplace_back(Persisted{write->seq});
      if (const auto* news = std::get_if<RoleChanged>(&effect); news && news->role == Role::leader)
        inputs.emplace_back(Propose{.ticket = {1}, .commands = {Bytes::copy("moor the ship")}});
    }
  }
  return core.commit() == Index{2} ? 0 : 1;
}
