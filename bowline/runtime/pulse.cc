// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/pulse.h"

#include <chrono>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace bowline::runtime {

bool Pulse::is_lost(int socket, Time now, Duration limit) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  // What was sent once more since the last answer: data, or the question whether it is there.
  if (info.tcpi_retransmits == 0 && info.tcpi_probes == 0) {
    silent_since_ = never;
    return false;
  }
  if (silent_since_ == never) silent_since_ = now;
  const Duration silent = now - silent_since_;
  if (std::chrono::milliseconds(info.tcpi_last_ack_recv) < silent) silent_since_ = now;
  return silent_since_ != now && silent >= limit;
}

}  // namespace bowline::runtime
