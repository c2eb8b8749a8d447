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
constexpr std::size_t most_cluster_bytes = 100;

// What needs no escape in a URI: so there is one way to write each name.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

std::optional<env::Identity> parsed(std::string_view uri) {
  uri.remove_prefix(scheme.size());
  const std::size_t slash = uri.find(between);
  if (slash == std::string_view::npos) return std::nullopt;
  const std::string_view cluster = uri.substr(0, slash);
  const std::string_view id = uri.substr(slash + between.size());
  if (cluster.empty() || cluster.size() > most_cluster_bytes) return std::nullopt;
  if (!std::ranges::all_of(cluster, is_plain)) return std::nullopt;
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
  return std::string(scheme) + identity.cluster + std::string(between) +
         std::to_string(identity.node.value);
}

}  // namespace bowline::runtime
