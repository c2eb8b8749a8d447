// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "bowline/machine/state_machine.h"

namespace counter {

// A command. A client numbers what it asks, from 1 on, and asks again with the same number if it
// does not know what became of it: that way it counts once.
struct Increment {
  std::uint64_t client = 0;
  std::uint64_t sequence = 0;
  std::int64_t by = 1;

  std::string encode() const;
  static std::optional<Increment> decode(std::string_view);
};

// A number, and who has added to it. Answers are those of the server: `ok 12`, or `error why`.
class Counter final : public bowline::machine::StateMachine {
 public:
  // So many clients are remembered. Who asks again after so many others came may count twice.
  static constexpr std::size_t max_clients = 1000;

  void apply(std::span<const bowline::machine::Command>, std::span<std::string> answers) override;
  std::unique_ptr<bowline::machine::Reader> snapshot() override;
  std::unique_ptr<bowline::machine::Writer> restore() override;
  std::int64_t value() const { return state_.value; }

 private:
  struct Client {
    std::uint64_t sequence = 0;
    std::uint64_t last_seen = 0;  // the index of the command
    std::int64_t answer = 0;
  };
  struct State {
    std::int64_t value = 0;
    std::map<std::uint64_t, Client> clients;
  };
  class In;

  std::string add(const Increment&, std::uint64_t index);
  void forget_one();

  State state_;
};

}  // namespace counter
