// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/etcd/hashes.h"
#include "bowline/etcd/here.h"

namespace bowline::etcd {

using Sums = std::map<NodeId, HashOfPast>;

// Whose data differ from what most of `members` have, as far as they say. Only sums over the same
// past are compared, and that is the one that the most members have summed up. Somebody else (0) if
// some differ, and no more than half of the members agree.
std::vector<NodeId> who_differs(const Sums&, std::size_t members);

// Each of `members` has said what it has, and all as of the same past.
bool all_were_compared(const Sums&, std::size_t members);

// Members do what the log says, and so have the same data, unless a disk, the memory or we have
// made a mistake. Whoever leads compares the sums over them from time to time, and raises the alarm
// CORRUPT of those that are different: nothing is written any more then.
class Comparison {
 public:
  explicit Comparison(Here&);
  ~Comparison();
  Comparison(const Comparison&) = delete;
  Comparison& operator=(const Comparison&) = delete;

  // Whether the others have the same as we have just read from our own disk: told false if more of
  // those that answer have something else than have the same.
  void compare_at_start(env::Done<bool> told);
  void applied();                                   // something was, by the machine of this member
  std::uint64_t rounds() const { return rounds_; }  // that came to an end

 private:
  enum class Over : std::uint8_t { all, compacted };
  struct Round {
    std::uint64_t number = 0;
    std::size_t asked = 0;  // members, this one included
    std::size_t heard = 0;
    Sums sums;
    env::Done<Sums> told;
  };

  void look();
  void compare(Over);
  void begin(std::int64_t revision, env::Done<Sums>);
  void heard(std::uint64_t number, NodeId, const std::string& said);
  void end();
  void judge(const Sums&);
  void raise(NodeId);
  void serve(std::string_view what, env::Done<std::string> answer);
  void sum_up(std::int64_t revision, env::Done<std::string> answer);

  Here& here_;
  Hashes hashes_;
  Round round_;               // under way if somebody is to be told
  env::Done<bool> at_start_;  // asked for while a round was under way
  std::uint64_t rounds_ = 0;
  struct Asked {
    std::int64_t revision = 0;
    env::Done<std::string> answer;
  };
  std::vector<Asked> ahead_;  // of this member: it has not applied so much
  std::int64_t compared_compaction_ = 0;
  Time next_all_ = never;
  Time next_compacted_ = never;
  env::TimerId timer_;
  env::TimerId patience_;  // with those who say nothing
  env::Life life_;
};

}  // namespace bowline::etcd
