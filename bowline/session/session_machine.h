// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bowline/machine/state_machine.h"
#include "bowline/session/envelope.h"
#include "bowline/session/reply.h"
#include "bowline/session/table.h"

namespace bowline::session {

// Exactly once, for any machine (dissertation 6.3). Its commands are envelopes, and those of the
// machine within are what is in them: each call of a session reaches it once, however often it was
// proposed. The answers are replies. The table of sessions goes with the snapshots.
class SessionMachine final : public machine::StateMachine {
 public:
  // It belongs to somebody else, and outlives this.
  explicit SessionMachine(machine::StateMachine& within)
      : within_(within), table_(std::make_unique<Table>()) {}
  // It belongs to this.
  explicit SessionMachine(std::unique_ptr<machine::StateMachine> within)
      : owned_(std::move(within)), within_(*owned_), table_(std::make_unique<Table>()) {}

  void apply(std::span<const machine::Command>, std::span<std::string> answers) override;
  std::unique_ptr<machine::Reader> snapshot() override;
  std::unique_ptr<machine::Writer> restore() override;
  void configured(LogId id, std::string_view membership) override {
    within_.configured(id, membership);
  }

  // What one within keeps on a disk of its own would never be marked.
  std::string fault() const override;

  const Table& table() const { return *table_; }

 private:
  friend class SessionWriter;
  // What goes to the machine next, all at once. Of each session at most one call is among it, so
  // that whether a call is new never depends on one that is still under way.
  struct Run {
    std::vector<machine::Command> commands;
    std::vector<std::optional<Call>> calls;  // none: it came without a session
    std::vector<std::string*> replies;
  };
  void take(const machine::Command&, std::string& reply);
  void take_call(const machine::Command&, const Call&, std::string& reply);
  void join(const machine::Command&, std::string_view inner, std::optional<Call>, std::string&);
  void run();
  Reply carry_out(const machine::Command&, const Body&);

  std::unique_ptr<machine::StateMachine> owned_;  // null: by somebody else
  machine::StateMachine& within_;
  std::unique_ptr<Table> table_;
  Run run_;  // empty between two calls of apply()
  std::vector<std::string> said_;
};

}  // namespace bowline::session
