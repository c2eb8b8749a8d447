// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "bowline/machine/state_machine.h"
#include "examples/kv/command.h"

namespace bowline::examples::kv {

// The map. Each write of a key makes its version one larger. A key that was removed keeps its
// version: whoever comes with an old one, to a key that was made anew, must not succeed.
class KvMachine final : public machine::StateMachine {
 public:
  using Journal = std::function<void(Index, const Command&)>;
  // The journal is told of each command that is applied here. May be left out.
  explicit KvMachine(Journal journal = {});

  void apply(std::span<const machine::Command>, std::span<std::string> answers) override;
  std::unique_ptr<machine::Reader> snapshot() override;
  std::unique_ptr<machine::Writer> restore() override;

  Answer get(std::string_view key) const;
  Index applied() const { return applied_; }  // what the map shows
  std::size_t keys() const;                   // those that were removed among them

 private:
  struct Entry {
    bool there = false;
    std::uint64_t version = 0;
    std::string value;
  };
  using Shelf = std::map<std::string, Entry, std::less<>>;
  // A snapshot shares the shelves, and whoever writes to one that is shared copies it first.
  struct State {
    std::array<std::shared_ptr<Shelf>, 256> shelves;
  };
  class Out;
  class In;

  static Shelf& shelf(State&, std::string_view key);
  const Entry* find(std::string_view key) const;  // null: it is not there
  Answer write(const Command&);

  Journal journal_;
  State state_;
  Index applied_;
};

}  // namespace bowline::examples::kv
