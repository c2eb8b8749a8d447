// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "apps/sim/kv_program.h"
#include "bowline/etcd/proto/rpc.pb.h"
#include "bowline/kv/random_requests.h"
#include "bowline/kv/watches.h"

namespace bowline::apps {

// Clients that watch. Each watcher is to be told of all that it wants to know, in order, once, each
// revision as a whole; progress is true; and when its stream ends, whatever the reason, it goes on
// at another member as if nothing had been (I16). Judged by the writes of the record.
class KvWatchers {
 public:
  explicit KvWatchers(KvScene&);

  void act(kv::RandomRequests&, NodeId at);
  void reopen(std::uint64_t number);                    // it ended a while ago
  std::function<void(Duration, std::uint64_t)> remind;  // calls reopen() then

  void forget();  // all that anybody watched: another log is the truth
  // Nobody wants anything new. `works`: of this member something can be had.
  void settle(const std::function<bool(NodeId)>& works);
  std::string missing() const;  // what has not been told; empty: nothing

 private:
  struct Watcher {
    kv::WatchId id = 0;
    std::string key;
    std::string range_end;
    kv::WatchRequest request;
    bool created = false;
    bool cancels = false;      // it is to end
    std::int64_t known = 0;    // it was told all through this revision
    std::size_t next = 0;      // in the writes of the record
    bool in_revision = false;  // a fragment came, and the rest has to
  };
  struct Stream {
    std::uint64_t number = 0;
    NodeId at;
    std::shared_ptr<KvCall> call;  // null: it has ended
    bool reads = true;
    std::uint64_t opened = 0;  // what came of an earlier one counts no more
    std::map<kv::WatchId, Watcher> watchers;
  };

  void open(Stream&, NodeId at);
  void ended(Stream&, std::uint64_t opened);
  void send(Stream&, const etcdserverpb::WatchRequest&);
  void create(Stream&, Watcher&);
  void add(kv::RandomRequests&, Stream&);
  void heard(Stream&, std::string_view bytes);
  void was_created(Stream&, Watcher&, const etcdserverpb::WatchResponse&);
  void was_ended(Stream&, Watcher&, const etcdserverpb::WatchResponse&);
  void told(Stream&, Watcher&, const etcdserverpb::WatchResponse&);
  void progress(Stream&, const etcdserverpb::WatchResponse&);
  void check_progress(Watcher&, std::int64_t revision);
  std::string expected(const Stream&, const Watcher&, const kv::model::Write&) const;
  bool wants(const Watcher&, const kv::model::Write&) const;
  std::size_t next_of(const Watcher&) const;
  std::size_t first_of(std::int64_t revision) const;
  void wrong(const Stream&, const Watcher&, const std::string& what);

  KvScene& scene_;
  std::vector<std::unique_ptr<Stream>> streams_;
  kv::WatchId last_ = 0;
  std::uint64_t opened_ = 0;
};

}  // namespace bowline::apps
