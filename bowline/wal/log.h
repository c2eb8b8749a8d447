// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/raft/core.h"
#include "bowline/wal/identity.h"
#include "bowline/wal/options.h"
#include "bowline/wal/patience.h"
#include "bowline/wal/row.h"
#include "bowline/wal/runs.h"
#include "bowline/wal/tail.h"

namespace bowline::wal {

class Opening;

struct Recovered {
  GroupId group;
  raft::Found found;
};

// What a start found on the disk, for people and for tests.
struct Account {
  Identity identity;
  std::uint64_t segments = 0;
  std::uint64_t batches = 0;
  std::uint64_t mended = 0;   // batches of which a block was bad, and is rebuilt
  std::uint64_t damaged = 0;  // of which more is lost
  bool torn = false;          // a last write that never ended was left out
};

struct Opened {
  Account account;
  std::vector<Recovered> groups;  // in the order of their ids
};

// The log of every group of one shard, in one sequence of segment files. However many groups write
// in one turn, it is one write and one sync. Owned by the shard's thread. Destroying it is a crash:
// nothing is written that was not written yet.
class Log {
 public:
  struct Hooks {
    // This write of the group, and all before it, are on disk.
    std::move_only_function<void(GroupId, Seq)> persisted;
    // A write or sync failed: nobody knows what the disk holds. Stop the process.
    std::move_only_function<void(Error)> broken;
  };

  // `options` must have no fault. `fresh`: the disk's identity, if this is a new directory; drawn
  // at random.
  Log(env::Env, Options, Owner, Incarnation fresh, Hooks);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // First of all, and once. After an error nothing else may be called.
  void open(env::Done<Result<Opened>>);

  void submit(GroupId, raft::Persist&&);  // joins the batch of this turn
  void forget(GroupId);                   // the group left this node
  void flush();  // starts the batch, or lets it grow while one is under way

  // Entries in (after, through], up to so many bytes but at least one. Empty: fetch the first one.
  raft::Batch peek(GroupId group, Index after, Index through, std::uint64_t bytes) const {
    return tail_.peek(group, after, through, bytes);
  }
  // The same from disk. They are what was durable when this was called; whoever asks looks at the
  // ids. Fault::corrupt: the first of them cannot be read.
  void fetch(GroupId, Index after, Index through, std::uint64_t bytes,
             env::Done<Result<raft::Batch>>);

  bool idle() const { return pending_.empty() && !flight_; }

 private:
  friend class Opening;

  struct Write {
    GroupId group;
    std::uint64_t number = 0;
    raft::Persist what;
    std::uint64_t bytes = 0;  // about what it takes in a batch
    bool last_part = true;    // of what was submitted; only this one is reported
    bool forget = false;
  };
  struct Flight {
    std::vector<Write> writes;
    Spot where;  // of the batch
  };
  struct Fetch {  // who asked for what
    Run run;
    Index after, through;
    std::uint64_t bytes = 0;
    env::Done<Result<raft::Batch>> done;
  };
  struct Group {
    raft::HardState hard;
    raft::Base base;
    Runs runs;
  };

  void opened(env::Done<Result<Opened>>, Result<Opened>);

  void enqueue(GroupId, raft::Persist&&, bool last_part);

  // writer.cc
  bool place(Draft&);
  void launch(std::vector<Write>, const Draft&);
  void landed(Result<void>);
  void settle(const Write&, Spot);
  void write_mark();
  void prepare();
  void named(std::uint64_t number, Result<std::unique_ptr<env::File>>);
  void fail(Error);

  // reader.cc
  void read_batch(Fetch, std::uint64_t blocks);
  void batch_read(Fetch, PatientlyRead);

  env::Env env_;
  Options options_;
  Owner owner_;
  Incarnation fresh_;
  Hooks hooks_;
  Identity identity_;
  std::unique_ptr<Opening> opening_;
  bool broken_ = false;

  std::map<GroupId, Group> groups_;
  Tail tail_;
  std::deque<Write> pending_;
  std::optional<Flight> flight_;
  std::uint64_t last_number_ = 0;

  std::map<std::uint64_t, std::unique_ptr<env::File>> files_;
  std::deque<std::uint64_t> ahead_;  // segments that are ready; older first
  std::uint64_t newest_file_ = 0;
  bool preparing_ = false;

  std::uint64_t segment_ = 0;  // the one that is written; 0: none yet
  std::uint64_t end_ = 0;      // in blocks
  std::uint64_t batch_ = 0;    // the last one
  std::uint64_t next_batch_ = 1;
  bool says_what_it_follows_ = true;  // the next batch does
  Echo echo_;                         // of the last one
  bool marked_ = true;                // the last batch is a mark, or there is none
  env::TimerId mark_timer_;
  env::Life life_;  // the last: callbacks end before anything else
};

}  // namespace bowline::wal
