// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include "apps/differ/step.h"
#include "bowline/base/prng.h"
#include "bowline/etcd/proto/rpc.pb.h"

namespace bowline::differ {

// What clients might ask, from a seed: few keys, so that requests meet; each field in use; and now
// and then what no client should send.
class RandomSteps {
 public:
  explicit RandomSteps(std::uint64_t seed) : prng_(seed) {}

  // One episode: about so many steps, on a store that is empty but for one key.
  Steps episode(std::size_t steps);

 private:
  Step step();
  Step kv_step();
  Step lease_step();
  Step watch_step();
  Step grant();
  Step call(std::string_view path, const Message&);
  Step say(const etcdserverpb::WatchRequest&);

  etcdserverpb::RangeRequest range();
  etcdserverpb::PutRequest put();
  etcdserverpb::DeleteRangeRequest erase();
  etcdserverpb::TxnRequest txn(std::size_t depth);
  etcdserverpb::Compare compare();
  void add_ops(google::protobuf::RepeatedPtrField<etcdserverpb::RequestOp>&, std::size_t depth);
  void fill_create(etcdserverpb::WatchCreateRequest&);

  std::string key();
  std::string some_key();  // never empty, but for a few times
  std::string range_end(const std::string& key);
  std::string value();
  std::int64_t revision();
  std::int64_t bound();  // a revision to filter by
  std::int64_t lease();
  std::int64_t odd_number();

  Prng prng_;
  bool watches_ = false;
  bool is_big_ = false;
  std::int64_t writes_ = 0;  // about so many revisions above the base
  std::int64_t negative_id_ = 0;
};

}  // namespace bowline::differ
