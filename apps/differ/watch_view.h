// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apps/differ/step.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::differ {

// A watch as one server tells it.
struct Watched {
  etcdserverpb::WatchCreateRequest request;
  std::int64_t created_at = 0;         // the revision in the header
  std::int64_t compacted_then = 0;     // by what we had asked before
  std::vector<std::string> responses;  // with events
  std::vector<mvccpb::Event> events;
  std::optional<std::string> canceled;
  std::int64_t compact_revision = 0;
  std::int64_t told_through = 0;  // by a progress: nothing comes from before it
  std::string fault;

  std::int64_t start() const;
  // It has seen nothing of the past: so each revision is told by a response of its own.
  bool began_in_the_present() const;
  bool wants(const mvccpb::Event&) const;
};

// All that one server has said on one stream.
class WatchView {
 public:
  // The next answer to a creation is to this one.
  void asked(const etcdserverpb::WatchCreateRequest& request, std::int64_t compacted);
  void heard(const std::string& message, const Names&);

  std::vector<std::string> created;   // all answers to creations
  std::vector<std::string> progress;  // of no watch, since we asked last
  std::vector<Watched> watches;       // that were created, in this order
  std::vector<std::string> twice;     // the ends of watches that compaction had ended
  std::uint64_t bytes = 0;            // of all of it
  std::string fault;                  // what no server may do

  Watched* live(std::int64_t id);
  // A watch that compaction ended has its id until the client cancels it, too.
  bool has(std::int64_t id) { return live(id) != nullptr || ended_.contains(id); }
  bool has_ended() const { return !ended_.empty(); }
  // There are watches, and none of them waits for a revision to come: so progress is told.
  bool is_up_to_date(std::int64_t revision) const;
  // The progress that was told at this revision; empty: none was.
  std::string progress_at(std::int64_t revision) const;

 private:
  void take_created(const etcdserverpb::WatchResponse&, std::string marked);
  void take_canceled(const etcdserverpb::WatchResponse&, std::string marked);
  void take_progress(const etcdserverpb::WatchResponse&, std::string marked);
  void take_events(const etcdserverpb::WatchResponse&, std::string marked);

  std::map<std::int64_t, std::size_t> live_;
  std::set<std::int64_t> ended_;  // by compaction
  std::vector<etcdserverpb::WatchCreateRequest> asked_;
  std::vector<std::int64_t> compacted_;
};

}  // namespace bowline::differ
