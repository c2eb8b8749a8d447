// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/machine/state_machine.h"
#include "bowline/wal/log_store.h"

namespace bowline::host {

// Takes committed entries from the log to the state machine. What it is told is a place and not a
// queue: how far it may go. To be told twice before it looks is no loss.
//
// The thread of the machine has heartbeats to send. So the machine gets a step at a time, and the
// applier looks at the clock behind each: a slice is over after `slice_time`, and a machine that
// needs longer for one step gets half as much in the next, down to one command. One that is fast
// gets a whole slice in one step, since it does better with many commands at once. So does one to
// which each call costs something, whatever is in it: that is found out by trying.
class Applier {
 public:
  // Whoever it applies for.
  class Client {
   public:
    // These were applied, one after the other; along with them the answers, empty for what is no
    // command.
    virtual void was_applied(std::span<const raft::Entry>, std::span<std::string> answers) = 0;
    // Does our log hold it now? What comes from the disk may be older.
    virtual bool holds(LogId) const = 0;
    virtual void unreadable(Index) = 0;
    // It threw in the midst of these, and nobody knows what it did of them: nothing is applied any
    // more.
    virtual void machine_threw(Index first, Index last, std::string what) = 0;
    virtual void due() = 0;  // there is something for a turn to do

   protected:
    ~Client() = default;
  };
  // Used by one after the other, and kept for its memory.
  struct Scratch {
    std::vector<machine::Command> commands;  // of one call
    std::vector<std::string> answers;
  };

  static constexpr std::uint64_t slice_entries = 4096;
  static constexpr Duration slice_time{2'000'000};
  // So many may be a step that takes longer than a slice, where half as many would take nearly as
  // long.
  static constexpr std::uint64_t modest_step = 64;
  // After the last that was good, or could be.
  static constexpr std::uint32_t steps_between_tries = 64;

  Applier(const env::Clock&, wal::LogStore&, GroupId, machine::StateMachine&,
          std::uint64_t slice_bytes, Client&, Scratch&);

  void advance(Index through);
  void slice();  // as much as one turn may take
  // While held, nothing is applied: the state is being replaced, or read.
  void hold();
  void release();
  void restored(LogId);  // the state is as of this entry now
  void set_slice(std::uint64_t bytes) { slice_bytes_ = bytes; }
  void again();   // what could not be read may be there by now
  void landed();  // a write: what the log did not have may be there by now

  LogId applied() const { return applied_; }
  bool done() const { return applied_.index >= allowed_; }

 private:
  bool waits() const {
    return halted_ || held_ > 0 || reading_ || stuck_ || applied_.index >= allowed_;
  }
  raft::Batch next(std::uint64_t entries, std::uint64_t bytes);
  void fetch();
  void fetched(Index asked, Result<raft::Batch>);
  void apply(const raft::Batch&);
  struct Step {
    std::uint64_t entries = 0;
    Duration took{0};
  };
  void set_step(Step);
  void try_step(std::uint64_t entries, Step before);
  void judge(Step);
  using Entries = std::span<const raft::Entry>;
  void give(Entries, std::span<std::string> answers, Entries& now);
  void halt(Entries, std::string what);
  void apply_commands(std::span<const raft::Entry>, std::span<std::string> answers);

  const env::Clock& clock_;
  wal::LogStore& log_;
  GroupId group_;
  machine::StateMachine& machine_;
  std::uint64_t slice_bytes_;
  Client& client_;
  Scratch& scratch_;
  LogId applied_;
  Index allowed_;
  std::uint64_t step_ = 1;   // so many entries may be one call of the machine
  Step before_;              // that size is a try, and this was the step before it; 0: it is none
  std::uint32_t tired_ = 0;  // so many steps until the next try
  raft::Batch read_;         // from the disk, and still to be applied
  std::uint32_t held_ = 0;
  bool reading_ = false;
  bool stuck_ = false;  // what is next cannot be read ...
  bool lacks_ = false;  // ... because it is not there yet
  bool halted_ = false;
  env::Life life_;
};

}  // namespace bowline::host
