// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "bowline/machine/state_machine.h"

namespace bowline::bench {

// Counts commands, and has a snapshot of so many bytes that are made up when they are asked for:
// what a process then needs of memory is not the machine's. Whoever restores it checks each byte.
class BulkMachine final : public machine::StateMachine {
 public:
  explicit BulkMachine(std::uint64_t bytes) : bytes_(bytes) {}
  void apply(std::span<const machine::Command> commands, std::span<std::string>) override {
    count_ += commands.size();
  }
  std::unique_ptr<machine::Reader> snapshot() override;
  std::unique_ptr<machine::Writer> restore() override;

 private:
  class Said;
  class Heard;

  std::uint64_t bytes_;
  std::uint64_t count_ = 0;
};

}  // namespace bowline::bench
