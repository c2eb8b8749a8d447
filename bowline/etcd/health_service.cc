// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/health_service.h"

#include <string>
#include <string_view>
#include <utility>

#include "bowline/etcd/proto/health.pb.h"
#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

std::string said(HealthCheckResponse::ServingStatus status) {
  HealthCheckResponse response;
  response.set_status(status);
  return response.SerializeAsString();
}

std::string said(bool serves) {
  return said(serves ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING);
}

}  // namespace

struct HealthService::Watching {
  rpc::Call call;
  bool was_told = false;  // of the whole server
};

void HealthService::add_to(rpc::Router& router) {
  unary<HealthCheckRequest>(router, "/grpc.health.v1.Health/Check",
                            [this](rpc::Call call, const HealthCheckRequest& request, std::size_t) {
                              if (!request.service().empty())
                                return call.finish({rpc::Code::not_found, "unknown service"});
                              call.answer(said(serves_));
                            });
  router.server_streaming("/grpc.health.v1.Health/Watch", [this](rpc::Call call) {
    const auto held = std::make_shared<Watching>(Watching{.call = std::move(call)});
    const std::weak_ptr<Watching> weak = held;
    watching_.insert(held);
    held->call.listen({.message =
                           [this, weak](std::string_view bytes) {
                             HealthCheckRequest request;
                             const auto watched = weak.lock();
                             if (!watched || !watched->call) return;
                             if (!parse(request, bytes)) {
                               watching_.erase(watched);
                               return watched->call.finish(unreadable());
                             }
                             watched->was_told = request.service().empty();
                             watched->call.message(
                                 watched->was_told ? said(serves_)
                                                   : said(HealthCheckResponse::SERVICE_UNKNOWN));
                           },
                       .half_closed = {},
                       .cancelled =
                           [this, weak](rpc::Cancelled) {
                             if (const auto watched = weak.lock()) watching_.erase(watched);
                           },
                       .drained = {}});
  });
}

void HealthService::serves() {
  if (std::exchange(serves_, true)) return;
  for (const auto& watched : watching_)
    if (watched->call && watched->was_told) watched->call.message(said(serves_));
}

}  // namespace bowline::etcd
