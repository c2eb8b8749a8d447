// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <string_view>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/kv/watches.h"
#include "bowline/rpc/call.h"

namespace bowline::etcd {

// One stream of a client, with as many watches as it likes, within bounds. What they take counts to
// what its connection holds.
class WatchStream final : public kv::WatchSink {
 public:
  // `ended`: it is of no use any more. May destroy it.
  WatchStream(Here&, rpc::Call, env::Done<> ended);
  ~WatchStream() override;
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  bool wants_leader() const { return wants_leader_; }
  void finish(rpc::Status);

  bool has_room() override;
  void events(const kv::WatchBatch&) override;
  void progress(kv::WatchId, std::int64_t revision) override;
  void compacted(kv::WatchId, std::int64_t revision, std::int64_t compacted) override;

 private:
  void heard(std::string_view bytes);
  void create(const etcdserverpb::WatchCreateRequest&);
  void cancel(kv::WatchId);
  void tell_progress();
  void refuse_watch(std::string_view reason);
  void drained();
  void ask_again_later();
  void send(const etcdserverpb::WatchResponse&);
  void end();
  void end_soon(rpc::Status);
  void count(std::uint64_t bytes);

  Here& here_;
  rpc::Call call_;
  env::Done<> ended_;
  kv::StreamId id_ = 0;
  std::map<kv::WatchId, std::uint64_t> watches_;  // and what each takes
  std::uint64_t bytes_ = 0;                       // all of them
  kv::WatchId next_ = 0;                          // that we would choose
  bool wants_leader_ = false;
  bool full_ = false;     // we said that there is no room
  bool is_over_ = false;  // what is to be told has become too much
  env::Life life_;
};

}  // namespace bowline::etcd
