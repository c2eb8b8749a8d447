// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bowline/machine/state_machine.h"

namespace bowline::machine {

// Replaces the state of a running group by a snapshot of such a machine, exported here at another
// time or from another group: the snapshot
// goes through the log, part by part, and takes effect on each replica at the same entry, the last.
// Until then commands are applied to the old state, after it to the new one. The membership is
// none of the state, and stays. Sessions are, if they are within: those of the snapshot replace
// those that there were.
//
// Whoever sends the parts may send one twice, or begin anew. What came so far is in memory, and in
// the snapshots of the group, so there is a bound on it. Every replica must have the same bound.
class ReplaceableMachine final : public StateMachine {
 public:
  struct Bounds {
    std::uint64_t most_bytes = 256 << 20;
  };
  explicit ReplaceableMachine(std::unique_ptr<StateMachine> within)
      : ReplaceableMachine(std::move(within), Bounds{}) {}
  ReplaceableMachine(std::unique_ptr<StateMachine> within, Bounds bounds)
      : within_(std::move(within)), bounds_(bounds) {}

  void apply(std::span<const Command>, std::span<std::string> answers) override;
  std::unique_ptr<Reader> snapshot() override;
  std::unique_ptr<Writer> restore() override;
  void configured(LogId id, std::string_view membership) override {
    within_->configured(id, membership);
  }

  // What one within keeps on a disk of its own would never be marked.
  std::string fault() const override;

  StateMachine& within() { return *within_; }
  std::uint64_t gathered_bytes() const { return gathered_.size(); }

 private:
  friend class ReplaceableWriter;
  std::string replace(std::string_view command);
  std::string begin(std::uint64_t id, std::uint64_t bytes);
  std::string add(std::uint64_t id, std::uint64_t offset, std::string_view bytes);
  std::string end(std::uint64_t id, std::uint32_t sum);
  void forget();

  std::unique_ptr<StateMachine> within_;
  Bounds bounds_;
  std::uint64_t id_ = 0;  // of what is gathered; 0: nothing is
  std::uint64_t bytes_ = 0;
  std::string gathered_;
};

// Its commands. Whatever else is proposed goes into an ordinary one.
std::string ordinary(std::string_view command);
std::string begin_replacing(std::uint64_t id, std::uint64_t bytes);  // id: drawn, never 0
std::string replace_part(std::uint64_t id, std::uint64_t offset, std::string_view bytes);
std::string end_replacing(std::uint64_t id, std::uint32_t sum);  // the CRC-32C of all parts

// The answer to the last three: empty, or a sentence that says why not. To an ordinary command it
// is that of the machine within.
inline bool is_good(std::string_view answer) { return answer.empty(); }

}  // namespace bowline::machine
