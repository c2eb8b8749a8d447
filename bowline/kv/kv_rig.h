// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/kv/kv_machine.h"

// A machine to ask things of, for tests.
namespace bowline::kv {

inline const std::string from_there("\0", 1);

class KvRig {
 public:
  explicit KvRig(Watches::Bounds bounds = {}, const ValueMemory& memory = {})
      : machine(bounds, memory) {}

  // What it says views bytes that stay as long as this.
  Answer run(const Command& command, std::uint64_t term = 1) {
    const machine::Command given{{{term}, {++index_}}, Bytes::own(encode(command))};
    std::string& answer = answers_.emplace_back();
    machine.apply({&given, 1}, {&answer, 1});
    return *decode_answer(answer);
  }
  std::int64_t put(std::string_view key, std::string_view value, LeaseId lease = 0) {
    return run(Put{.key = key, .value = value, .lease = lease}).revision;
  }
  std::int64_t erase(std::string_view key, std::string_view end = {}) {
    return run(DeleteRange{.keys = {key, end}}).revision;
  }
  // All at once, as one batch of the log.
  void batch(std::initializer_list<Command> commands) {
    std::vector<machine::Command> given;
    for (const Command& command : commands)
      given.push_back({{{1}, {++index_}}, Bytes::own(encode(command))});
    std::vector<std::string> answers(given.size());
    machine.apply(given, answers);
  }
  void sweep() {
    while (machine.can_step()) machine.step(3);
  }

  // "key=value" of each, in the order of the answer.
  static std::string text(const RangeAnswer& answer) {
    std::string text;
    for (const Item& item : answer.items) {
      if (!text.empty()) text += ' ';
      text += std::string(item.key) + '=' + std::string(item.value);
    }
    return text;
  }
  std::string look(const Range& range) const {
    const auto answer = machine.store().range(range);
    return answer ? text(*answer) : std::string(words(answer.error()));
  }
  std::string all(std::int64_t revision = 0) const {
    return look({.keys = {"", from_there}, .revision = revision});
  }

  KvMachine machine;

 private:
  std::uint64_t index_ = 0;
  std::deque<std::string> answers_;
};

}  // namespace bowline::kv
