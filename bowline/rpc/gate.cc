// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/gate.h"

#include <algorithm>
#include <string_view>

namespace bowline::rpc {
namespace {

bool lists(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names,
                             [name](const std::string& one) { return one == "*" || one == name; });
}

// "[::1]:2379" is "[::1]", "localhost:2379" is "localhost".
std::string_view without_port(std::string_view host) {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return has_port ? host.substr(0, colon) : host;
}

// Without its scheme.
std::string_view place_of(std::string_view origin) {
  const std::size_t at = origin.find("://");
  return at == std::string_view::npos ? origin : origin.substr(at + 3);
}

}  // namespace

std::optional<HttpAnswer> Gate::judge(const HttpRequest& request) const {
  if (!hosts.empty() && !lists(hosts, without_port(request.host)))
    return HttpAnswer{.status = 421,
                      .body = "this server is not known as " + request.host +
                              "; list that name if it should be\n"};
  const std::string_view origin = request.headers["origin"];
  const bool is_our_own = !origin.empty() && place_of(origin) == request.host;
  if (origin.empty() || is_our_own || lists(origins, origin)) return std::nullopt;
  return HttpAnswer{.status = 403,
                    .body = "pages of " + std::string(origin) +
                            " may not ask this server; list that origin if they should\n"};
}

}  // namespace bowline::rpc
