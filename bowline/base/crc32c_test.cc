// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/crc32c.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline {
namespace {

// The values of RFC 3720, B.4.
TEST(Crc32c, has_the_published_values) {
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c_plain("123456789"), 0xe3069283U);
  EXPECT_EQ(crc32c(""), 0U);
}

TEST(Crc32c, is_the_same_with_and_without_the_instruction_and_in_pieces) {
  Prng prng(1);
  for (int round = 0; round < 200; ++round) {
    // Long ones go in several stretches at once.
    std::string bytes(prng.below(round % 2 == 0 ? 300 : 10'000), '\0');
    for (char& c : bytes) c = static_cast<char>(prng.next());
    EXPECT_EQ(crc32c(bytes), crc32c_plain(bytes));
    const std::string_view view = bytes;
    const std::size_t cut = prng.below(bytes.size() + 1);
    EXPECT_EQ(crc32c(view.substr(cut), crc32c(view.substr(0, cut))), crc32c(bytes));
  }
}

}  // namespace
}  // namespace bowline
