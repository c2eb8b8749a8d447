// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bowline/machine/state_machine.h"

namespace bowline::machine {

// For tests of who may not have such a machine within: it says that it keeps its state on a disk,
// and does nothing.
class DurableStub final : public StateMachine, Durable {
 public:
  void apply(std::span<const Command>, std::span<std::string>) override {}
  std::unique_ptr<Reader> snapshot() override { return nullptr; }
  std::unique_ptr<Writer> restore() override { return nullptr; }
  Durable* durable() override { return this; }
  std::string marked() override { return {}; }
  void mark(std::string_view) override {}
};

}  // namespace bowline::machine
