// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/gate.h"

#include <algorithm>
#include <string_view>

namespace bowline::rpc {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool lists(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::any_of(names, [name](const std::string& one) {
    return one == "*" || std::ranges::equal(one, name, {}, lower, lower);
  });
}

// "127.0.0.1", "[::1]": no name can look like that.
bool is_address(std::string_view host) {
  if (host.starts_with('[')) return host.ends_with(']');
  int dots = 0;
  bool is_after_digit = false;
  for (const char c : host) {
    if (c == '.' && !is_after_digit) return false;
    if (c == '.') ++dots;
    is_after_digit = c >= '0' && c <= '9';
    if (!is_after_digit && c != '.') return false;
  }
  return dots == 3 && is_after_digit;
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
  const std::string_view host = without_port(request.host);
  if (!hosts.empty() && !is_address(host) && !lists(hosts, host))
    return HttpAnswer{.status = 421,
                      .body = "this server is not known as " + request.host +
                              "; list that name if it should be\n"};
  const std::string_view origin = request.headers["origin"];
  const bool is_our_own = !origin.empty() && place_of(origin) == request.host;
  if (origin.empty() || is_our_own || shares(request)) return std::nullopt;
  return HttpAnswer{.status = 403,
                    .body = "pages of " + std::string(origin) +
                            " may not ask this server; list that origin if they should\n"};
}

bool Gate::shares(const HttpRequest& request) const {
  const std::string_view origin = request.headers["origin"];
  return !origin.empty() && lists(origins, origin);
}

}  // namespace bowline::rpc
