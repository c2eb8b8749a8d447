// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bowline/kv/kv_machine.h"
#include "bowline/machine/state_machine.h"

namespace bowline::etcd {

// The map, and somebody who is told whenever it has changed: the group starts before there is a
// front, and goes on when there is none any more.
class ServedMachine final : public machine::StateMachine {
 public:
  ServedMachine() = default;
  explicit ServedMachine(kv::Watches::Bounds bounds, const kv::ValueMemory& memory = {})
      : map_(bounds, memory) {}
  kv::KvMachine& map() { return map_; }
  // Called from within: it may only take notes. Empty: nobody any more.
  void tell(std::function<void()> changed) { changed_ = std::move(changed); }

  void apply(std::span<const machine::Command> commands, std::span<std::string> answers) override {
    map_.apply(commands, answers);
    note();
  }
  std::unique_ptr<machine::Reader> snapshot() override { return map_.snapshot(); }
  std::unique_ptr<machine::Writer> restore() override;
  void configured(LogId, std::string_view) override { note(); }

 private:
  class Noting;
  void note() const {
    if (changed_) changed_();
  }

  kv::KvMachine map_;
  std::function<void()> changed_;
};

}  // namespace bowline::etcd
