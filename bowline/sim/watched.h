// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bowline/machine/state_machine.h"
#include "bowline/session/session_machine.h"
#include "bowline/sim/notebook.h"
#include "bowline/sim/vault.h"

namespace bowline::sim {

// What a whole node applies to: a notebook with sessions; and somebody who compares its states with
// those of the other nodes.
class Watched final : public machine::StateMachine, public machine::Durable {
 public:
  struct Hooks {
    Notebook::Did did;  // the notebook was given this
    // The state after this entry; of a snapshot that was taken in, if `restored`.
    std::function<void(LogId, std::uint64_t digest, bool restored)> stood;
  };
  // With a vault it is durable by itself, and goes on with what is there. `bare`: without sessions.
  Watched(Machine& machine, std::uint64_t snapshot_bytes, Vault* vault, Hooks hooks,
          machine::StateMachine* guest = nullptr, bool bare = false);

  void apply(std::span<const machine::Command>, std::span<std::string> answers) override;
  std::unique_ptr<machine::Reader> snapshot() override;
  std::unique_ptr<machine::Writer> restore() override;

  machine::Durable* durable() override { return vault_ == nullptr ? nullptr : this; }
  void configured(LogId, std::string_view membership) override;
  std::string marked() override;
  void mark(std::string_view) override;

  const Notebook& notebook() const { return notebook_; }
  const session::Table& sessions() const { return sessions_.table(); }

 private:
  friend class WatchedWriter;
  void look(bool restored) const;

  Hooks hooks_;
  Notebook notebook_;
  session::SessionMachine sessions_{notebook_};
  machine::StateMachine& all_;  // one of these
  machine::StateMachine* guest_;
  Machine& machine_;
  Vault* vault_;
};

}  // namespace bowline::sim
