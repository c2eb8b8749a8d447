// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bowline/base/bytes.h"
#include "bowline/base/ids.h"
#include "bowline/base/result.h"

// What the log is for. A state machine sees the commands that were committed, in their order, on
// one thread, and never learns that there is such a thing as Raft.
namespace bowline::machine {

struct Command {
  LogId id;
  // What was proposed. It may be kept, but that may cost more than its size: it can be a part of
  // the frame that brought it, and keeps all of that. Who keeps little of much makes a copy.
  Bytes payload;
};

// A snapshot on its way out: the state as it was when it was made, whatever is applied since.
class Reader {
 public:
  virtual ~Reader() = default;
  // May next() be asked now, without waiting for a disk? If not, what it waits for is on its way:
  // ask again a little later. Who has time to wait need not ask.
  virtual bool is_ready() { return true; }
  // What follows, at most so many bytes. Empty: that was all.
  virtual Result<std::string> next(std::size_t most) = 0;
};

// A snapshot on its way in. Destroyed without commit(), it never happened.
class Writer {
 public:
  virtual ~Writer() = default;
  // The bytes that a Reader gave, in their order; but not always in the same pieces.
  virtual Result<void> add(std::string_view bytes) = 0;
  // That was all. It replaces the whole state.
  virtual Result<void> commit() = 0;
};

// The side of a machine that keeps its state on a disk of its own, and goes on with it after a
// crash. What was done to it (apply(), a commit() of a Writer) is on that disk together with the
// next mark: both, or neither, and in their order. Which marks a crash leaves is its own affair: it
// may sync when it likes, since the log has the rest.
class Durable {
 public:
  virtual ~Durable() = default;
  // The newest mark that is there, and stays there whatever happens now: the log may be let go that
  // lies before it. Empty: none, and the machine is empty. Asked once, when its group starts.
  virtual std::string marked() = 0;
  virtual void mark(std::string_view) = 0;  // not for reading: it says where in the log this is
};

class StateMachine {
 public:
  virtual ~StateMachine() = default;
  // Each command in turn, and for each an answer to whoever proposed it. Whatever the payload,
  // every replica must end up in the same state: no clock, no chance, nothing of this node. What
  // cannot be done is an answer, too: it may not throw, whoever proposed it and whatever it is.
  // What is committed comes to each replica, and again after each start, so an exception halts all
  // of them: see host::MachineThrew. An exception of anything else here ends the process.
  virtual void apply(std::span<const Command>, std::span<std::string> answers) = 0;
  // The state as it is now; cheap, since the group waits meanwhile.
  virtual std::unique_ptr<Reader> snapshot() = 0;
  virtual std::unique_ptr<Writer> restore() = 0;
  // Null: it begins empty with each process. May not change its mind.
  virtual Durable* durable() { return nullptr; }
  // Why no group can be started with it, as a sentence that says what to change; empty: one can.
  virtual std::string fault() const { return {}; }
  // A membership of the group was committed, after all commands before `id`: each one that the log
  // brings, once. raft::decode_membership (raft/membership_codec.h) reads the bytes. The founders
  // are no entry of the log, and not told; and a snapshot brings none, so what a machine wants to
  // keep of them belongs into its own. For those who care.
  virtual void configured(LogId id, std::string_view membership) {
    static_cast<void>(id);
    static_cast<void>(membership);
  }
};

}  // namespace bowline::machine
