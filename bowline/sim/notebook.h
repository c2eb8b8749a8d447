// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "bowline/machine/state_machine.h"
#include "bowline/sim/site.h"

namespace bowline::sim {

// The state machine of whole nodes: a small map, of which each command writes one key; and what
// tells two histories apart. Its snapshots are as long as it is told, and every byte of them
// follows from its state. If it has a guest, then that is the machine: it gets the commands, and
// its answers and snapshots are used.
class Notebook final : public machine::StateMachine {
 public:
  // `machine` is what the witnesses see of it, who look at each entry: it goes with the snapshots,
  // and comes back with them.
  using Did = std::function<void(LogId, std::string_view command)>;
  Notebook(Machine& machine, std::uint64_t snapshot_bytes, Did did,
           machine::StateMachine* guest = nullptr)
      : machine_(machine), snapshot_bytes_(snapshot_bytes), did_(std::move(did)), guest_(guest) {}

  static constexpr std::uint64_t keys = 16;
  static std::uint64_t key_of(std::string_view command);  // that it writes, with itself
  std::string_view read(std::uint64_t key) const { return state_.map[key]; }

  // Given at this entry; so an answer tells which of two tries was the one.
  static std::string answer_to(std::string_view command, Index);

  void apply(std::span<const machine::Command>, std::span<std::string> answers) override;
  std::unique_ptr<machine::Reader> snapshot() override;
  std::unique_ptr<machine::Writer> restore() override;

  std::uint64_t digest() const;  // of a guest, too
  // The last command of the group, whether it reached this machine or not.
  void saw(LogId id) { state_.seen = id; }
  LogId seen() const { return state_.seen; }

 private:
  friend class NotebookWriter;
  struct State {
    std::uint64_t digest = 0;    // of all commands, in their order
    std::uint64_t commands = 0;  // how many
    LogId last;                  // of them
    LogId seen;
    std::array<std::string, keys> map;
  };
  std::string head() const;
  bool take(std::string_view written);
  bool take_guest(std::string_view written);

  Machine& machine_;
  std::uint64_t snapshot_bytes_;
  Did did_;
  machine::StateMachine* guest_;
  State state_;
};

}  // namespace bowline::sim
