// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bowline/base/ids.h"

namespace bowline::sim {

// Where something can be reached in the simulated world: "node3:2380".
struct NodeAddress {
  static constexpr std::uint16_t usual_port = 2380;

  NodeId node;
  std::uint16_t port = usual_port;
  friend auto operator<=>(const NodeAddress&, const NodeAddress&) = default;

  std::string text() const;
  static std::optional<NodeAddress> from(std::string_view text);
};

}  // namespace bowline::sim
