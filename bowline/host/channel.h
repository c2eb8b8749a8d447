// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "bowline/base/ids.h"

namespace bowline::host {

// How those who fetch and give snapshots speak to the other node, once both have said hello.
class Channel {
 public:
  virtual ~Channel() = default;
  virtual void send(std::string frame) = 0;
  virtual std::uint64_t queued() const = 0;  // bytes of that which are still in our memory
};

// Does a snapshot through `has` bring all that is wanted? What both cover is committed, so it is
// the same.
inline bool covers(LogId has, LogId wanted) { return has.index > wanted.index || has == wanted; }

}  // namespace bowline::host
