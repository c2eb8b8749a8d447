// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/etcd/watch_stream.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// etcdserverpb.Watch.
class WatchService {
 public:
  explicit WatchService(Here&);
  ~WatchService();
  WatchService(const WatchService&) = delete;
  WatchService& operator=(const WatchService&) = delete;

  void add_to(rpc::Router&);
  // Nobody has led for so long that streams which want a leader are ended, and none begins.
  void leaderless(bool for_long);
  void stop();  // all streams are ended
  std::size_t streams() const { return streams_.size(); }

 private:
  void open(rpc::Call);
  void ended(std::uint64_t number);
  void due();

  Here& here_;
  std::map<std::uint64_t, std::unique_ptr<WatchStream>> streams_;
  std::uint64_t last_ = 0;
  bool leaderless_ = false;
  std::vector<std::unique_ptr<WatchStream>> dead_;  // until nobody can be inside of them
  env::TimerId progress_timer_;
  env::Life life_;
};

}  // namespace bowline::etcd
