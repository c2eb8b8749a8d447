// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>

#include "bowline/env/life.h"
#include "bowline/etcd/here.h"
#include "bowline/kv/request.h"
#include "bowline/kv/weight.h"
#include "bowline/rpc/call.h"

namespace bowline::etcd {

// Answers ranges from the map of this member as it is now. Most look at few keys, and are answered
// at once. Those that look at many are answered in slices: a cheap request must not keep the loop
// for so long that the leader sends no heartbeats. In one turn so many keys are looked at for all
// of them together (RequestLimits::range_keys); they take turns, a slice each.
class Ranges {
 public:
  explicit Ranges(Here&);
  ~Ranges();
  Ranges(const Ranges&) = delete;
  Ranges& operator=(const Ranges&) = delete;

  // It passed its checks; and whatever it has to wait for, it has waited for.
  void answer(rpc::Call, etcdserverpb::RangeRequest);

  static constexpr std::size_t most_under_way = 1000;
  static constexpr std::size_t most_of_a_connection = 500;

 private:
  struct Task;

  void answer_at_once(rpc::Call, const kv::Range&, kv::Weight);
  void keep(std::unique_ptr<Task>);
  std::unique_ptr<Task> pick();
  void wake();
  void work();
  bool go_on(Task&);
  bool advance(Task&);
  bool begin_to_write(Task&);
  bool write(Task&);
  void finish(Task&);

  Here& here_;
  std::deque<std::unique_ptr<Task>> tasks_;  // the first has its turn
  std::uint64_t tasks_begun_ = 0;
  std::uint64_t held_bytes_ = 0;  // by all of them
  std::uint64_t left_;            // keys of this turn
  bool is_awake_ = false;         // work() is due
  env::Life life_;
};

}  // namespace bowline::etcd
