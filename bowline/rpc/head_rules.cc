// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/head_rules.h"

#include <algorithm>
#include <array>

#include <nghttp2/nghttp2.h>

namespace bowline::rpc {
namespace {

constexpr std::array<std::string_view, 4> pseudo = {":method", ":scheme", ":path", ":authority"};
constexpr std::uint8_t needed = 0b0111;  // an authority may be missing

constexpr std::array<std::string_view, 5> of_connections = {
    "connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"};

const std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<const std::uint8_t*>(text.data());
}

}  // namespace

bool HeadRules::takes(std::string_view name, std::string_view value) {
  if (nghttp2_check_header_value(bytes_of(value), value.size()) == 0) return false;
  if (name.starts_with(':')) return takes_pseudo(name, value);
  is_past_pseudo_ = true;
  if (nghttp2_check_header_name(bytes_of(name), name.size()) == 0) return false;
  if (std::ranges::find(of_connections, name) != of_connections.end()) return false;
  return name != "te" || value == "trailers";
}

bool HeadRules::takes_pseudo(std::string_view name, std::string_view value) {
  const auto found = std::ranges::find(pseudo, name);
  if (is_past_pseudo_ || found == pseudo.end()) return false;
  const auto bit = static_cast<std::uint8_t>(1U << static_cast<unsigned>(found - pseudo.begin()));
  if ((pseudo_ & bit) != 0) return false;
  pseudo_ = static_cast<std::uint8_t>(pseudo_ | bit);
  if (name == ":path") return value.starts_with('/');
  return name == ":authority" || !value.empty();
}

bool HeadRules::is_whole() const { return (pseudo_ & needed) == needed; }

}  // namespace bowline::rpc
