// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <set>

#include "bowline/rpc/call.h"
#include "bowline/rpc/router.h"

namespace bowline::etcd {

// grpc.health.v1.Health: a member serves once it was ready.
class HealthService {
 public:
  HealthService() = default;
  HealthService(const HealthService&) = delete;
  HealthService& operator=(const HealthService&) = delete;

  void add_to(rpc::Router&);
  void serves();  // from now on

 private:
  struct Watching;

  bool serves_ = false;
  // Streams that were told once, and wait for something else to be told. They end with us.
  std::set<std::shared_ptr<Watching>> watching_;
};

}  // namespace bowline::etcd
