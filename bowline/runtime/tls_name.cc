// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_name.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <utility>

namespace bowline::runtime {
namespace {

constexpr std::string_view scheme = "bowline://";
constexpr std::string_view between = "/node/";
constexpr std::string_view between_admin = "/admin/";
constexpr std::size_t most_admin_bytes = 100;
constexpr std::size_t most_cluster_bytes = 100;

// What needs no escape in a URI: so there is one way to write each name.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

bool is_plain(std::string_view name, std::size_t most) {
  return !name.empty() && name.size() <= most &&
         std::ranges::all_of(name, [](char c) { return is_plain(c); });
}

std::optional<env::Identity> parsed(std::string_view uri) {
  uri.remove_prefix(scheme.size());
  const std::string_view cluster = uri.substr(0, uri.find('/'));
  if (!is_plain(cluster, most_cluster_bytes)) return std::nullopt;
  const std::string_view rest = uri.substr(cluster.size());
  if (rest.starts_with(between_admin)) {
    const std::string_view name = rest.substr(between_admin.size());
    if (!is_plain(name, most_admin_bytes)) return std::nullopt;
    return env::Identity{.node = {}, .cluster = std::string(cluster), .admin = std::string(name)};
  }
  if (!rest.starts_with(between)) return std::nullopt;
  const std::string_view id = rest.substr(between.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  const bool whole = error == std::errc() && end == id.data() + id.size();
  if (!whole || number == 0 || id.front() == '0') return std::nullopt;
  return env::Identity{.node = {number}, .cluster = std::string(cluster)};
}

std::unexpected<Error> no(std::string why) {
  return std::unexpected(Error{Fault::corrupt, std::move(why)});
}

}  // namespace

Result<env::Identity> named_by(std::span<const std::string> uris) {
  std::optional<env::Identity> found;
  for (const std::string& uri : uris) {
    if (!uri.starts_with(scheme)) continue;
    if (found) return no("names more than one node: give each node a certificate of its own");
    found = parsed(uri);
    if (!found) return no("has a name that makes no sense: write it like bowline://CLUSTER/node/7");
  }
  if (!found)
    return no(
        "names no node: among its alternative names it needs a URI like "
        "bowline://CLUSTER/node/7");
  return *std::move(found);
}

std::string tls_name(const env::Identity& identity) {
  const std::string begin = std::string(scheme) + identity.cluster;
  if (!identity.admin.empty()) return begin + std::string(between_admin) + identity.admin;
  return begin + std::string(between) + std::to_string(identity.node.value);
}

}  // namespace bowline::runtime
