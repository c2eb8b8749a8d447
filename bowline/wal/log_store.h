// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/raft/core.h"
#include "bowline/wal/identity.h"

namespace bowline::wal {

class Log;

struct Recovered {
  GroupId group;
  raft::Found found;
};

// What a start found on the disk, for people and for tests.
struct Account {
  Identity identity;
  std::uint64_t segments = 0;
  std::uint64_t batches = 0;
  std::uint64_t mended = 0;   // batches, or the identity, of which a block was bad
  std::uint64_t damaged = 0;  // of which more is lost
  bool torn = false;          // a last write that never ended was left out
};

struct Opened {
  Account account;
  std::vector<Recovered> groups;  // in the order of their ids
};

// The log of every group of one thread: their entries, and beside them what must survive a crash
// (terms, votes, where each log begins). Others keep these in two stores. Here they are one: a
// write of a core may have all of that, and all or a prefix of it survives, which takes one sync
// in one store and an order of syncs in two.
//
// Owned by the thread of the loop, where all is called. No call blocks, and no hook is called from
// within a call. Destroying it is a crash: nothing is written any more, and nobody is told.
class LogStore {
 public:
  struct Hooks {
    // This write of the group, and all before it, are on disk.
    std::move_only_function<void(GroupId, Seq)> persisted;
    // A write or sync failed: nobody knows what the disk holds. Stop the process. The last that is
    // called.
    std::move_only_function<void(Error)> broken;
    // These entries cannot be read back, although they were durable. May be left out.
    std::move_only_function<void(GroupId, Index first, Index last)> unreadable;
    // There is no space for more, or there is again. What is left is the reserve: submit no more
    // entries, hand leadership over, and go on with terms, votes and cuts. Once the reserve is used
    // up, what is asked for waits. May be left out.
    std::move_only_function<void(bool full)> full;
    // A write is on the disk, whoever asked for it; and busy_since() begins anew. May be left out.
    std::move_only_function<void()> landed = {};
    // While it opens: so many segments are judged, of so many. May be left out.
    std::move_only_function<void(std::uint64_t done, std::uint64_t of)> opening = {};
  };
  // What one is made of.
  struct Setting {
    env::Env env;       // of the node; the disk is its directory, for whoever wants to lie there
    Owner owner;        // refuse to open what is somebody else's
    Incarnation fresh;  // the identity of the store, if it is empty: drawn at random
    Hooks hooks;
  };

  LogStore() = default;
  virtual ~LogStore() = default;
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;

  // First of all, and once; nothing is submitted before it has answered, and after an error nothing
  // else may be called. Answers with all that is there of each group, and the identity that the
  // store was given when it was empty: by that the other nodes tell a store that forgot from one
  // that did not. Of a group raft::Found has the last hard state and base that were submitted, the
  // entries behind the base without a gap, and of these the memberships, in their order, decoded
  // (raft/membership_codec.h).
  virtual void open(env::Done<Result<Opened>>) = 0;

  // `seq` is the caller's: it may be 0, or come again in another life of the group, and is only to
  // be given back. Ids of groups may have the highest bit set. Carried out in this order: hard
  // state, base, cut, what is repaired, entries; of a write all or a prefix survives a crash.
  // Writes of a group become durable in the order in which they come, and each is reported then,
  // with its number.
  virtual void submit(GroupId, raft::Persist&&) = 0;
  // The group left this node: nothing of it is read any more, by a start neither. In its place
  // among the writes of all groups: a crash that leaves it leaves those that came before, and it is
  // durable when one that came later is reported. Nobody is told of it by itself.
  virtual void forget(GroupId) = 0;
  // Nobody will want to read it soon: what is durable of it need not be in memory.
  virtual void rest(GroupId) {}
  // Starts to write what was submitted, or lets that grow while something is under way. Once in a
  // turn, for all groups: the place for the one sync.
  virtual void flush() = 0;

  // Entries in (after, through], up to so many bytes of payload but at least one: from the one
  // behind `after` on, and without a gap. At once, what is submitted counts. Empty: fetch the first
  // one. Better if what was not yet reported as durable is never missing here: of that fetch()
  // knows nothing, so whoever wants it waits for the report.
  virtual raft::Batch peek(GroupId, Index after, Index through, std::uint64_t bytes) const = 0;
  // The same, of what was durable when this was called, or fewer of them; whoever asks looks at the
  // ids. Empty: the first one is not there. Fault::corrupt: the first one cannot be read.
  virtual void fetch(GroupId, Index after, Index through, std::uint64_t bytes,
                     env::Done<Result<raft::Batch>>) = 0;

  // Of an entry that it takes; the same at all times.
  virtual std::uint64_t most_payload_bytes() const = 0;
  virtual bool idle() const = 0;  // all that was submitted is durable
  // Of what was submitted and is not durable, about.
  virtual std::uint64_t waiting_bytes() const { return 0; }
  virtual std::uint64_t bytes() const = 0;  // that it takes, about, wherever that is
  // Since when the disk has not come to the end of one write, or not made the room for it. None: it
  // has nothing to do, or there is none that could hang.
  virtual std::optional<Time> busy_since() const { return std::nullopt; }
  virtual Duration last_write_took() const { return Duration{0}; }
  virtual bool outlives_the_process() const { return true; }
  // What only the one with segment files can tell. Null: it is another one.
  virtual const Log* on_disk() const { return nullptr; }
};

}  // namespace bowline::wal
