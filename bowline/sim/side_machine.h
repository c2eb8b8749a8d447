// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/machine/state_machine.h"
#include "bowline/sim/side_lives.h"

namespace bowline::sim {

// What a member of a side group applies to. It knows of which life it is, and says what it sees.
class SideMachine final : public machine::StateMachine {
 public:
  using Wrong = std::function<void(const std::string&)>;
  SideMachine(SideLives::Life life, SideLives& lives, Wrong wrong)
      : life_(life), lives_(lives), wrong_(std::move(wrong)) {}

  void apply(std::span<const machine::Command>, std::span<std::string> answers) override;
  std::unique_ptr<machine::Reader> snapshot() override;
  std::unique_ptr<machine::Writer> restore() override;

 private:
  friend class SideWriter;
  bool take(std::string_view written);
  void judge(const std::string& wrong) const {
    if (!wrong.empty()) wrong_(wrong);
  }

  SideLives::Life life_;
  SideLives& lives_;
  Wrong wrong_;
  LogId last_;
  std::uint64_t digest_ = 0;
};

}  // namespace bowline::sim
