// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <deque>
#include <string>

#include "bowline/raft/core.h"
#include "bowline/sim/disk.h"
#include "bowline/sim/site.h"

namespace bowline::sim {

// What tells an image from what a log found at its start; empty: nothing does.
std::string difference(const Image&, const raft::Found&);

// After a crash, the log says that it has this. It may be what was durable, and more of what was
// under way, in the order in which it was asked for: then that is durable now. Else: what is wrong.
std::string explain(const raft::Found&, const std::deque<Write>& under_way, Image& durable);

// What the log of one group has to hold: everything that was reported durable, and perhaps more of
// what was asked for, in the order in which it was.
class Shadow {
 public:
  const Image& durable() const { return durable_; }
  const Image& written() const { return written_; }
  std::size_t under_way() const { return under_way_.size(); }

  bool submit(Write);          // false: it makes no sense for what is written
  std::string persisted(Seq);  // what is wrong with that; empty: nothing

  // After a crash: what the log says that it has. Takes it over, if it may be so.
  std::string recovered(const raft::Found&);

 private:
  Image durable_;
  Image written_;
  std::deque<Write> under_way_;
};

}  // namespace bowline::sim
