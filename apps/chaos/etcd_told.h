// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "apps/chaos/etcd_history.h"
#include "apps/chaos/etcd_past.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::chaos {

// Whether one who watches was told what etcd promises, by the record: all of it, in order, once,
// each revision as a whole, also when the stream broke and it went on elsewhere; and a word about
// progress is true.
class EtcdTold {
 public:
  struct Compaction {  // that somebody asked for
    Moment called = 0;
    std::int64_t revision = 0;
  };
  EtcdTold(const EtcdPast&, const std::vector<Compaction>&);

  // Empty: well. In the end it has to have heard of all through this revision; 0: of nothing.
  std::string fault(const WatchStory&, std::int64_t through);

  std::size_t events() const { return events_; }
  std::size_t progress() const { return progress_; }
  std::size_t resumed() const { return resumed_; }
  std::size_t compacted() const { return compacted_; }

 private:
  struct Watcher {
    etcdserverpb::WatchCreateRequest request;
    bool is_created = false;
    bool is_unwanted = false;
    bool is_resumed = false;
    std::int64_t known = 0;    // it was told all through this revision
    std::size_t next = 0;      // in the writes of the record
    bool in_revision = false;  // a fragment came, and the rest has to
  };
  using Watchers = std::map<std::int64_t, Watcher>;

  std::string said(const WatchStep&);
  std::string heard(const WatchStep&);
  std::string created(Watcher&, const etcdserverpb::WatchResponse&);
  std::string ended(std::int64_t id, const etcdserverpb::WatchResponse&, Moment);
  std::string told(Watcher&, const etcdserverpb::WatchResponse&, Moment);
  std::string progressed(Watcher&, std::int64_t revision);
  bool is_expected(const Watcher&, const mvccpb::Event&, const kv::model::Write&, Moment) const;
  bool wants(const Watcher&, const kv::model::Write&) const;
  std::size_t next_of(const Watcher&) const;
  std::int64_t most_compacted(Moment) const;

  const EtcdPast& past_;
  const std::vector<Compaction>& compactions_;
  Watchers watchers_;                         // of this stream
  std::map<std::int64_t, Watcher> left_off_;  // by id: when the stream before it broke
  std::size_t events_ = 0, progress_ = 0, resumed_ = 0, compacted_ = 0;
};

}  // namespace bowline::chaos
