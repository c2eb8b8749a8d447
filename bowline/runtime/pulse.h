// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/base/time.h"

namespace bowline::runtime {

// Whether the host of a peer still answers, by what our kernel knows.
//
// TCP_USER_TIMEOUT would find that out, too, but it also ends a connection whose peer answers and
// only takes nothing for that long (Linux 6.18), and a peer may hold for as long as it likes.
class Pulse {
 public:
  // To be asked again and again, a few times in each `limit`: did it answer nothing for that long,
  // although our kernel repeated what it asked?
  bool is_lost(int socket, Time now, Duration limit);

 private:
  Time silent_since_ = never;  // at the latest
};

}  // namespace bowline::runtime
