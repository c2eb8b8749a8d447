// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace bowline::etcd {

// For names that etcd makes in this way, and nothing that has to be secret.
std::array<std::uint8_t, 20> sha1(std::string_view bytes);

}  // namespace bowline::etcd
