// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "bowline/base/prng.h"
#include "bowline/kv/model.h"
#include "bowline/kv/watches.h"

namespace bowline::kv {

// One stream of a test: it reads now and then, and compares what it is told with what the model
// says must be told: each event of interest from the start on, in order, once, with no gap; a
// revision at once unless it may be in fragments; progress only when nothing is left before it; an
// end by compaction only if something may be missing.
class WatchChecker final : public WatchSink {
 public:
  WatchChecker(const model::Model& model, std::uint64_t seed) : model_(model), prng_(seed) {}

  void created(WatchId, const WatchRequest&);
  void canceled(WatchId id) { watches_.erase(id); }
  bool has(WatchId id) const { return watches_.contains(id); }
  std::vector<WatchId> ids() const;

  void reads(bool reads) { reads_ = reads; }
  // True once after it said that there is no room.
  bool was_full() { return std::exchange(was_full_, false); }
  void told_progress(std::int64_t revision) const;  // of the whole stream
  // Everything up to the present must have been told by now.
  void expect_all() const;
  std::string fault() const { return fault_; }  // the first thing that was wrong
  std::uint64_t events_seen() const { return seen_; }
  std::uint64_t ended() const { return ended_; }

  bool has_room() override;
  void events(const WatchBatch&) override;
  void progress(WatchId, std::int64_t revision) override;
  void compacted(WatchId, std::int64_t revision, std::int64_t compacted) override;

 private:
  struct Watch {
    std::string key;
    std::string range_end;
    WatchRequest request;
    std::size_t next = 0;      // in the writes of the model
    bool in_revision = false;  // a fragment came, and the rest has to
  };
  bool is_wanted(const Watch&, const model::Write&) const;
  // The next write that it has to be told of.
  std::size_t next_of(const Watch&) const;
  void expect(bool holds, const std::string& what) const;

  const model::Model& model_;
  Prng prng_;
  bool reads_ = true;
  bool was_full_ = false;
  std::map<WatchId, Watch> watches_;
  mutable std::string fault_;
  std::uint64_t seen_ = 0;
  std::uint64_t ended_ = 0;
};

}  // namespace bowline::kv
