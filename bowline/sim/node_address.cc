// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/node_address.h"

#include <cstddef>

#include "bowline/sim/history_words.h"

namespace bowline::sim {
namespace {

constexpr std::string_view before_number = "node";

}  // namespace

std::string NodeAddress::text() const {
  return std::string(before_number) + std::to_string(node.value) + ':' + std::to_string(port);
}

std::optional<NodeAddress> NodeAddress::from(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (!text.starts_with(before_number) || colon == std::string_view::npos) return std::nullopt;
  NodeAddress address;
  const std::size_t begin = before_number.size();
  if (!read(text.substr(begin, colon - begin), address.node.value)) return std::nullopt;
  if (!read(text.substr(colon + 1), address.port)) return std::nullopt;
  return address;
}

}  // namespace bowline::sim
