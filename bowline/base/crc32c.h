// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string_view>

namespace bowline {

// CRC-32C (Castagnoli), as iSCSI and most disks' formats have it. `before` is the checksum of what
// comes before these bytes. With the processor's own instruction where it has one.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0);

// The same in plain C++, for machines without it and to test the other by.
std::uint32_t crc32c_plain(std::string_view bytes, std::uint32_t before = 0);

}  // namespace bowline
