// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "bowline/kv/store.h"
#include "bowline/kv/watcher_group.h"

namespace bowline::kv {

using StreamId = std::uint64_t;  // 0: none
using WatchId = std::int64_t;    // of one stream

// Some events of one watcher. Without fragments the events of one revision are always together.
struct WatchBatch {
  WatchId watch = 0;
  std::int64_t revision = 0;  // of the map, for the header
  std::span<const Event> events;
  bool fragment = false;  // more of this revision follows at once
};

// Where the events of one stream go: to a client, and in the tests to a list. What it is given
// views the memory of the store, and has to be written out before the call returns. It must not
// call back into Watches.
class WatchSink {
 public:
  virtual ~WatchSink() = default;
  // Is there room for another batch? Once it says no, it is given none until Watches::drained().
  virtual bool has_room() = 0;
  virtual void events(const WatchBatch&) = 0;
  // All that concerns this watcher up to the revision was delivered. It is asked for, or the time
  // for it has come; it may be dropped when there is no room.
  virtual void progress(WatchId, std::int64_t revision) = 0;
  // The watcher has ended because what it needs is compacted.
  virtual void compacted(WatchId, std::int64_t revision, std::int64_t compacted) = 0;
};

struct WatchRequest {
  Interval keys;           // not empty: is_empty() is for whoever talks to the client
  std::int64_t start = 0;  // the first revision of interest; <= 0: what comes from now on
  bool no_put = false;
  bool no_erase = false;
  bool prev_kv = false;
  bool fragment = false;         // one revision may be split when it is large
  bool progress_notify = false;  // see progress_due()
};

struct WatchStream;
struct Watcher;

// All watchers of this replica. A watcher that has seen all is told of each write as it is applied.
// One that has not (it began in the past, or its stream did not read) is given the past from the
// store, in slices, until it has caught up. So the events that wait for a slow reader are nowhere
// but in the store; nothing is dropped, and nothing is told twice.
class Watches {
 public:
  struct Bounds {
    std::uint64_t batch_bytes = 512 << 10;      // a batch is closed at the next revision
    std::uint64_t fragment_bytes = 1024 << 10;  // and a larger revision is split, if that is wished
  };
  explicit Watches(const Store& store) : Watches(store, Bounds{}) {}
  Watches(const Store&, Bounds);
  ~Watches();
  Watches(const Watches&) = delete;
  Watches& operator=(const Watches&) = delete;

  // The sink is used until close().
  StreamId open(WatchSink&);
  void close(StreamId);
  // False: the stream has a watcher of this id, or there is no such stream. Nothing is delivered
  // from within, so whoever asked may be told first that it was created.
  bool create(StreamId, WatchId, const WatchRequest&);
  // False: there is none.
  bool cancel(StreamId, WatchId);
  // The sink has room again.
  void drained(StreamId);
  // The revision up to which every watcher of this stream has been told everything. nullopt: one of
  // them has not, or there is none; ask again later.
  std::optional<std::int64_t> progress(StreamId) const;
  // The time has come to tell those with progress_notify to whom nothing was said since the last
  // call.
  void progress_due();

  // --- For the machine.
  void wrote();    // commit() made a new revision
  void deliver();  // what was noted by wrote(); at the end of a batch, before anything is swept
  // The store was replaced as a whole: everyone goes on from the next revision of its own.
  void replaced();
  // Is there somebody to be given the past, now?
  bool can_catch_up() const;
  // At most so many writes of the past are looked at.
  void catch_up(std::uint64_t most);

  std::size_t watchers() const { return watchers_; }
  std::uint64_t events() const { return told_events_; }  // that were told, ever
  std::size_t behind() const;  // of these, those that have not been told all

 private:
  // In the order in which they need the past.
  using Queue = std::map<std::pair<std::int64_t, std::uint64_t>, Watcher*>;

  WatchStream* find(StreamId) const;
  void end(Watcher&);
  void leave(Watcher&);  // its state, and enter another one
  void sync(Watcher&);
  void wait(Watcher&);
  void block(Watcher&);
  void join(Watcher&);

  void note(const Version&, const WatcherGroup&);
  bool tell(Watcher&);
  std::size_t batch_end(const Watcher&, std::size_t from) const;
  void send(Watcher&, std::size_t from, std::size_t to);
  std::uint64_t weight(const Watcher&, const Version&) const;

  void end_compacted();
  void end_compacted(Queue&);
  void end_compacted(Watcher&);
  std::uint64_t join_ready(std::uint64_t most);
  std::uint64_t scan(std::uint64_t most);
  void conclude(std::uint64_t most);

  const Store& store_;
  Bounds bounds_;
  std::map<StreamId, std::unique_ptr<WatchStream>> streams_;
  StreamId last_stream_ = 0;
  std::uint64_t last_serial_ = 0;
  std::size_t watchers_ = 0;
  std::uint64_t told_events_ = 0;
  std::int64_t told_ = 0;  // the synced know everything up to here

  WatcherGroup synced_;
  Queue waiting_;
  Queue blocked_;
  // Those who are being given the past, all from one place on: `at_` is the first revision that
  // they do not know.
  WatcherGroup joined_;
  std::vector<Watcher*> joined_list_;
  std::int64_t at_ = 0;

  std::map<std::uint64_t, Watcher*> notified_;  // those with progress_notify, by serial
  // Kept for their memory.
  std::vector<Watcher*> touched_;
  std::vector<Event> events_;
};

}  // namespace bowline::kv
