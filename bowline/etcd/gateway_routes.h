// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string_view>

namespace bowline::etcd {

struct GatewayRoute {
  std::string_view path;  // "/v3/kv/range"
  std::string_view method;
  std::string_view request;  // without the package
  std::string_view response;
};

std::span<const GatewayRoute> gateway_routes();
const GatewayRoute* find_gateway_route(std::string_view path);  // null: there is none

}  // namespace bowline::etcd
