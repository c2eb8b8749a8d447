// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/addresses.h"

#include <algorithm>
#include <charconv>

namespace bowline::examples::kv {

Result<std::map<NodeId, std::string>> parse_addresses(std::string_view text) {
  std::map<NodeId, std::string> addresses;
  while (!text.empty()) {
    const std::string_view one = text.substr(0, text.find(','));
    text.remove_prefix(std::min(one.size() + 1, text.size()));
    const std::size_t equals = std::min(one.find('='), one.size());
    NodeId id;
    const std::string_view digits = one.substr(0, equals);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), id.value);
    const bool good = error == std::errc{} && end == digits.data() + digits.size() && id &&
                      equals + 1 < one.size() && !addresses.contains(id);
    if (!good) {
      return std::unexpected(Error{Fault::io, "'" + std::string(one) +
                                                  "': write ID=HOST:PORT, each id once, and "
                                                  "commas between them"});
    }
    addresses[id] = one.substr(equals + 1);
  }
  return addresses;
}

}  // namespace bowline::examples::kv
