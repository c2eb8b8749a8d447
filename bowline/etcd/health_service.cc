// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/health_service.h"

#include <optional>
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

}  // namespace

void HealthService::add_to(rpc::Router& router) {
  unary<HealthCheckRequest>(router, "/grpc.health.v1.Health/Check",
                            [](rpc::Call call, const HealthCheckRequest& request, std::size_t) {
                              if (!request.service().empty())
                                return call.finish({rpc::Code::not_found, "unknown service"});
                              call.answer(said(HealthCheckResponse::SERVING));
                            });
  router.server_streaming("/grpc.health.v1.Health/Watch", [this](rpc::Call call) {
    const auto held = std::make_shared<rpc::Call>(std::move(call));
    const std::weak_ptr<rpc::Call> weak = held;
    watching_.insert(held);
    held->listen({.message =
                      [weak](std::string_view bytes) {
                        HealthCheckRequest request;
                        const auto watched = weak.lock();
                        if (!watched || !*watched) return;
                        if (!parse(request, bytes)) return watched->finish(unreadable());
                        watched->message(said(request.service().empty()
                                                  ? HealthCheckResponse::SERVING
                                                  : HealthCheckResponse::SERVICE_UNKNOWN));
                      },
                  .half_closed = {},
                  .cancelled =
                      [this, weak](rpc::Cancelled) {
                        if (const auto watched = weak.lock()) watching_.erase(watched);
                      },
                  .drained = {}});
  });
}

}  // namespace bowline::etcd
