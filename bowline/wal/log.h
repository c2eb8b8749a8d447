// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "bowline/base/id_map.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/raft/core.h"
#include "bowline/wal/identity.h"
#include "bowline/wal/ledger.h"
#include "bowline/wal/log_store.h"
#include "bowline/wal/newer.h"
#include "bowline/wal/options.h"
#include "bowline/wal/patience.h"
#include "bowline/wal/replay.h"
#include "bowline/wal/row.h"
#include "bowline/wal/runs.h"
#include "bowline/wal/scrubber.h"
#include "bowline/wal/tail.h"

namespace bowline::wal {

class Opening;

// The log of every group of one shard, in one sequence of segment files. However many groups write
// in one turn, it is one write and one sync. Owned by the shard's thread. Destroying it is a crash:
// nothing is written that was not written yet.
class Log final : public LogStore {
 public:
  // `options` must have no fault. `fresh`: the disk's identity, if this is a new directory; drawn
  // at random.
  Log(env::Env, Options, Owner, Incarnation fresh, Hooks);
  ~Log() override;

  void open(env::Done<Result<Opened>>) override;
  void submit(GroupId, raft::Persist&&) override;  // joins the batch of this turn
  void forget(GroupId) override;
  void rest(GroupId group) override { tail_.forget(group); }
  void flush() override;
  raft::Batch peek(GroupId group, Index after, Index through, std::uint64_t bytes) const override {
    return tail_.peek(group, after, through, bytes);
  }
  void fetch(GroupId, Index after, Index through, std::uint64_t bytes,
             env::Done<Result<raft::Batch>>) override;
  std::uint64_t most_payload_bytes() const override { return options_.most_payload_bytes(); }
  bool idle() const override { return pending_.empty() && !flight_; }
  std::uint64_t waiting_bytes() const override { return waiting_bytes_; }
  std::uint64_t bytes() const override { return segments() * options_.segment_bytes; }
  std::optional<Time> busy_since() const override { return busy_since_; }
  Duration last_write_took() const override { return last_write_took_; }
  const Log* on_disk() const override { return this; }

  // What keeps the oldest segment from going: for each group, about how many bytes.
  using Pins = std::map<GroupId, std::uint64_t>;
  Pins pins() const;
  std::uint64_t segments() const { return files_.size(); }
  // The last batch that was reported durable, for those who look whether it is.
  Spot landed_at() const { return landed_; }
  std::uint64_t landed_blocks() const { return landed_blocks_; }
  std::uint64_t retired() const { return retired_; }    // segments that went, since the start
  std::uint64_t recycled() const { return recycled_; }  // of these: used again under a new name
  const std::string& why_full() const { return why_full_; }  // when it said so
  std::uint64_t copied() const { return copied_; }           // rows, out of segments that are to go
  const Scrubbed& scrubbed() const { return scrubber_.scrubbed(); }

 private:
  friend class Opening;

  struct Asked {
    bool reported = false;  // by a core, which is told of it; only of the last part
    bool moved = false;     // by us: copies out of a segment that is to go
  };
  struct Write {
    GroupId group;
    std::uint64_t number = 0;
    raft::Persist what;
    Asked asked;
    bool forget = false;
  };
  struct Growing {  // a batch that is not on its way yet
    std::vector<Write> writes;
    Draft draft;
    std::uint64_t bytes = 0;  // of `writes`
  };
  struct Flight {
    Growing batch;
    Spot where;
    std::uint64_t blocks = 0;
  };
  struct Cleaning {
    std::uint64_t segment = 0;  // which is being emptied; 0: none
    std::uint64_t block = 0;    // all before it is done
    bool told = false;          // what could not be read
  };
  using Moves = std::map<GroupId, raft::Persist>;  // what is copied of each group
  using UnderWay = std::map<GroupId, Newer>;
  struct Watched {  // how much of a segment was needed, when so many blocks were written
    std::uint64_t segment = 0, live = 0, at = 0;
  };
  struct Lost {  // of a group
    GroupId group;
    Index first, last;
  };
  struct Fetch {  // who asked for what
    Run run;
    Index after, through;
    std::uint64_t bytes = 0;
    std::shared_ptr<env::File> file;
    env::Done<Result<raft::Batch>> done;
  };
  struct Tableless {  // a batch that was read, and does not say what is in it
    Fetch fetch;
    PatientlyRead read;
    Head head;
    bool in_next_segment = false;  // where the next one may be
  };
  struct Group {
    raft::HardState hard;
    raft::Base base;
    std::uint64_t hard_in = 0;  // the segment with the newest copy; 0: there is none
    std::uint64_t base_in = 0;
    Runs runs;
    Ledger::Needs needs;
  };

  void take_over(GroupId, GroupState&&);
  void opened(env::Done<Result<Opened>>, Result<Opened>);

  void enqueue(GroupId, raft::Persist&&, Asked);
  void enqueue_part(GroupId, raft::Persist&&, Asked);
  Growing& batch_for(std::uint64_t bytes);

  // writer.cc
  bool place(Draft&);
  void launch(Growing);
  void landed(Result<void>);
  void settle(const Write&, Spot);
  void write_mark();
  void prepare();
  void created(std::uint64_t number, Result<std::unique_ptr<env::File>>);
  void named(std::uint64_t number, Result<void>);
  void ready(std::uint64_t number);
  void no_space(Error why);
  void try_again();
  void fail(Error);

  // cleaning.cc
  void drop(Group&, const Runs::Dropped&);
  void need(Group&, std::uint64_t& at, std::uint64_t segment);
  void forget_needs(Group&);
  Pins needed_by(std::uint64_t segment) const;
  void clean();
  std::uint64_t next_to_go() const;
  void credit(std::uint64_t blocks);
  bool worth_moving(std::uint64_t segment);
  bool still_dies(std::uint64_t segment);
  void move_next(std::uint64_t blocks);
  void move_from(std::string_view read);
  void move_batch(const Batch&, std::string_view blocks, const UnderWay&, Moves&);
  void move_row(const Row&, Spot where, std::string_view blocks, const UnderWay&, Moves&);
  void launch_moves(Moves, const UnderWay&, std::uint64_t segment);
  UnderWay under_way() const;
  void moved_all();
  void report_lost(GroupId, Index first, Index last);
  void retire(std::uint64_t segment);
  void remove(std::uint64_t segment);

  // recycling.cc
  bool can_be_used_again(std::uint64_t segment) const;
  void note_unreadable(std::uint64_t segment, const PatientlyRead&);
  void recycle(std::uint64_t segment);
  void renamed(std::uint64_t number);
  void named_anew(std::uint64_t number, Result<void>);
  void open_anew(std::uint64_t number);
  void blank(std::uint64_t number);

  // scrubbing.cc
  Scrubber::Hooks scrubber_hooks();
  std::optional<Scrubber::Segment> next_cold(std::uint64_t behind) const;
  void rescue(std::uint64_t segment, const Judged&, std::string_view blocks);
  void rescue_run(GroupId, const Run&, const Judged&, std::string_view blocks, const Newer&,
                  raft::Batch& copies, std::vector<Lost>&) const;
  bool rescue_entry(GroupId, const Run&, std::uint32_t i, const Judged&, std::string_view blocks,
                    raft::Batch& copies) const;

  // reader.cc
  void begin(Fetch);
  void read_batch(Fetch, std::uint64_t blocks);
  void batch_read(Fetch, PatientlyRead);
  void give(Fetch, const Batch&, std::string_view blocks);
  void ask_next(Tableless, std::uint64_t blocks);
  void next_read(Tableless, const Place&, PatientlyRead);

  env::Env env_;
  Options options_;
  Owner owner_;
  Incarnation fresh_;
  Hooks hooks_;
  Identity identity_;
  std::unique_ptr<Opening> opening_;
  bool open_ = false;
  bool broken_ = false;
  Spot landed_;
  std::uint64_t landed_blocks_ = 0;

  IdMap<GroupId, Group> groups_;
  Tail tail_;
  std::deque<Growing> pending_;      // all full but the last
  Growing spare_;                    // empty; kept for its memory
  std::uint64_t waiting_bytes_ = 0;  // of the writes in `pending_` and `flight_`
  std::optional<Flight> flight_;
  std::optional<Time> busy_since_;
  Duration last_write_took_{0};
  std::vector<Run> settled_;  // of the write that is being settled; kept for its memory
  std::uint64_t last_number_ = 0;

  // Shared with reads that are under way: the segment may go meanwhile.
  std::map<std::uint64_t, std::shared_ptr<env::File>> files_;
  std::set<std::uint64_t> unreadable_in_;  // segments of which the disk did not give all blocks
  Ledger ledger_;
  Cleaning cleaning_;
  std::uint64_t credit_ = 0;  // so many blocks may be looked at, to empty segments
  Watched watched_;
  std::uint64_t written_ = 0;        // blocks, since the start
  std::uint64_t empty_through_ = 0;  // segments through this one are emptied, however full
  bool moving_ = false;              // a piece of it is being read
  bool retiring_ = false;
  std::uint64_t retired_ = 0;
  std::uint64_t recycled_ = 0;
  std::uint64_t copied_ = 0;
  bool full_ = false;
  std::string why_full_;
  std::deque<std::uint64_t> ahead_;  // segments that are ready; older first
  std::uint64_t newest_file_ = 0;
  bool preparing_ = false;
  std::uint64_t unopened_ = 0;  // has its new name, and could not be opened yet; 0: none

  std::uint64_t segment_ = 0;  // the one that is written; 0: none yet
  std::uint64_t end_ = 0;      // in blocks
  std::uint64_t batch_ = 0;    // the last one
  std::uint64_t next_batch_ = 1;
  bool says_what_it_follows_ = true;  // the next batch does
  Echo echo_;                         // of the last one
  bool marked_ = true;                // the last batch is a mark, or there is none
  env::TimerId mark_timer_;
  env::TimerId retry_timer_;
  Scrubber scrubber_;
  env::Life life_;  // the last: callbacks end before anything else
};

}  // namespace bowline::wal
