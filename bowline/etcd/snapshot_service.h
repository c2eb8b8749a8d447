// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>
#include <set>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// etcdserverpb.Maintenance.Snapshot: the data of this member as a file (backup.h), in messages. A
// slice in each turn of the loop, and no more than the client has room for.
class SnapshotService {
 public:
  explicit SnapshotService(Here&);
  ~SnapshotService();
  SnapshotService(const SnapshotService&) = delete;
  SnapshotService& operator=(const SnapshotService&) = delete;

  void add_to(rpc::Router&);
  void stop();

  static constexpr std::size_t most_streams = 4;  // at once: each holds the past in memory

 private:
  struct Stream;

  void open(rpc::Call);
  void begin(const std::shared_ptr<Stream>&);
  void go_on(const std::shared_ptr<Stream>&);
  void work(const std::shared_ptr<Stream>&);
  void send(Stream&, std::size_t least);
  void finish(const std::shared_ptr<Stream>&, rpc::Status);

  Here& here_;
  std::set<std::shared_ptr<Stream>> streams_;
  env::Life life_;
};

}  // namespace bowline::etcd
