// SPDX-License-Identifier: Apache-2.0
#include "bowline/base/encoding.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace bowline {
namespace {

constexpr std::uint64_t one = 1;
constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

TEST(Encoding, numbers_are_little_endian) {
  std::string bytes;
  put(bytes, std::uint8_t{1});
  put(bytes, std::uint16_t{0x0203});
  put(bytes, std::uint32_t{0x04050607});
  put(bytes, std::uint64_t{0x08090a0b0c0d0e0f});
  EXPECT_EQ(bytes, std::string("\1\3\2\7\6\5\4\x0f\x0e\x0d\x0c\x0b\x0a\x09\x08", 15));
  Cursor cursor(bytes);
  EXPECT_EQ(cursor.u8(), 1);
  EXPECT_EQ(cursor.u16(), 0x0203);
  EXPECT_EQ(cursor.u32(), 0x04050607U);
  EXPECT_EQ(cursor.at(), 7U);
  EXPECT_EQ(cursor.left(), 8U);
  EXPECT_EQ(cursor.u64(), 0x08090a0b0c0d0e0fU);
  EXPECT_TRUE(cursor.good() && cursor.at_end());
}

TEST(Encoding, a_varint_takes_as_many_bytes_as_it_needs) {
  for (unsigned bit = 0; bit < 64; ++bit) {
    for (const std::uint64_t value : {(one << bit) - 1, one << bit, most >> bit}) {
      std::string bytes;
      put_varint(bytes, value);
      EXPECT_EQ(bytes.size(), varint_bytes(value));
      Cursor cursor(bytes);
      EXPECT_EQ(cursor.varint(), value);
      EXPECT_TRUE(cursor.good() && cursor.at_end());
    }
  }
}

TEST(Encoding, there_is_one_way_to_write_a_varint) {
  for (const std::string& bytes :
       {std::string("\x80\0", 2), std::string("\xff\0", 2), std::string("\x80\x80\0", 3),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
        std::string("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\1"), std::string("\x80"),
        std::string()}) {
    Cursor cursor(bytes);
    EXPECT_EQ(cursor.varint(), 0U);
    EXPECT_FALSE(cursor.good());
  }
}

TEST(Encoding, once_something_does_not_fit_all_is_zero) {
  const std::string bytes = "\1\2\3";
  Cursor cursor(bytes);
  EXPECT_EQ(cursor.u32(), 0U);
  EXPECT_FALSE(cursor.good());
  EXPECT_TRUE(cursor.at_end());
  EXPECT_EQ(cursor.u8(), 0);
  EXPECT_EQ(cursor.take(1), "");
  EXPECT_EQ(cursor.varint(), 0U);
}

TEST(Encoding, a_number_out_of_bounds_does_not_fit) {
  const std::string bytes = "\5\5";
  for (const auto& [bound, good] : {std::pair(5, true), std::pair(4, false)}) {
    Cursor cursor(bytes);
    EXPECT_EQ(cursor.varint_at_most(static_cast<std::uint64_t>(bound)), good ? 5U : 0U);
    EXPECT_EQ(cursor.good(), good);
  }
  for (const unsigned below : {6U, 5U}) {
    Cursor cursor(bytes);
    EXPECT_EQ(cursor.u8_below(static_cast<std::uint8_t>(below)), below == 6 ? 5 : 0);
    EXPECT_EQ(cursor.good(), below == 6);
  }
}

}  // namespace
}  // namespace bowline
