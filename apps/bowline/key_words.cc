// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/key_words.h"

#include <charconv>

namespace bowline::apps {

Result<std::uint64_t> id_in(const std::string& text) {
  std::uint64_t id = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), id, 16);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty())
    return std::unexpected(
        Error{Fault::not_found, "'" + text + "' is no id; ids are like 8e9e05c52164694d"});
  return id;
}

std::string after_prefix(std::string prefix) {
  while (!prefix.empty() && prefix.back() == '\xff') prefix.pop_back();
  if (prefix.empty()) return std::string(1, '\0');
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

}  // namespace bowline::apps
