// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>

#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"
#include "bowline/kv/leases.h"
#include "bowline/kv/run.h"
#include "bowline/kv/store.h"
#include "bowline/kv/watches.h"
#include "bowline/machine/state_machine.h"

namespace bowline::kv {

// The map as a replicated machine: decodes a command, carries it out, tells the watchers. A command
// is one encode() of command.h, the answer to it one of answer.h. Whoever owns the loop reads from
// store() and leases() directly, and calls step() while there is something to do.
class KvMachine final : public machine::StateMachine {
 public:
  KvMachine() : KvMachine(Watches::Bounds{}) {}
  explicit KvMachine(Watches::Bounds bounds, const ValueMemory& memory = {})
      : state_(memory), watches_(state_.store, bounds) {}

  void apply(std::span<const machine::Command>, std::span<std::string> answers) override;
  // Pins the past, and copies leases and alarms as they are now. Keys and values are read from the
  // store piece by piece, whatever is applied meanwhile.
  std::unique_ptr<machine::Reader> snapshot() override;
  std::unique_ptr<machine::Writer> restore() override;

  // What is in them is replaced when a snapshot is restored; they themselves stay.
  const Store& store() const { return state_.store; }
  const Leases& leases() const { return state_.leases; }
  Leases& leases() { return state_.leases; }  // for a LeaseClock to observe
  const std::set<Alarm>& alarms() const { return state_.alarms; }
  Watches& watches() { return watches_; }
  const State& state() const { return state_; }

  // Work that can wait: compacted versions are forgotten, old values make room for new ones,
  // watchers catch up. A slice of it, some `most` versions or events; call it again from the loop
  // while can_step(), and now and then when not.
  bool can_step() const {
    return state_.store.can_sweep() || state_.store.can_cool() || watches_.can_catch_up();
  }
  void step(std::uint64_t most = 1000);

 private:
  friend class KvWriter;
  void apply_few(std::span<const machine::Command>, std::span<std::string> answers,
                 std::size_t& told);
  // `told`: bytes of the large answers of this call of apply(), so far.
  static std::string tell(const Answer&, std::size_t& told);

  State state_;
  Watches watches_;
};

}  // namespace bowline::kv
