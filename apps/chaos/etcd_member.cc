// SPDX-License-Identifier: Apache-2.0
#include "apps/chaos/etcd_member.h"

namespace bowline::chaos {

Result<void> EtcdMember::start() {
  ++life_;
  return spawn(options_.words, options_.log);
}

// A process begins after the life is counted: if the count is the same before and after, it is the
// one that answered the call.
std::optional<EtcdMember::Line> EtcdMember::dial() const {
  const std::uint64_t life = life_;
  auto channel =
      apps::GrpcChannel::connect(options_.client_address, nullptr,
                                 std::chrono::steady_clock::now() + std::chrono::milliseconds(500));
  if (!channel || life != life_) return std::nullopt;
  return Line{*std::move(channel), life};
}

}  // namespace bowline::chaos
