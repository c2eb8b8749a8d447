// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/identity.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/wal/names.h"
#include "bowline/wal/options.h"

namespace bowline::wal {
namespace {

const Identity ours{{{77}, {3}, 1, 4}, {12345}};

std::string file_of(const Identity& identity) {
  std::string file(identity_bytes, '\0');
  encode(identity, file);
  return file;
}

TEST(Identity, survives_any_one_flipped_byte) {
  std::string file = file_of(ours);
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string flipped = file;
    flipped[i] = static_cast<char>(flipped[i] ^ 16);
    const auto found = decode_identity(flipped);
    ASSERT_TRUE(found.has_value()) << i << ' ' << found.error().what;
    EXPECT_EQ(*found, ours);
    EXPECT_EQ(flipped, file) << "mended in place";
  }
}

TEST(Identity, is_refused_when_both_halves_are_bad_or_the_size_is_wrong) {
  std::string file = file_of(ours);
  file[5] ^= 1;
  file[block_bytes + 5] ^= 1;
  EXPECT_FALSE(decode_identity(file));
  std::string short_file = file_of(ours).substr(0, block_bytes);
  EXPECT_FALSE(decode_identity(short_file));
}

TEST(Identity, says_whose_directory_it_is) {
  const Owner owner = ours.owner;
  EXPECT_EQ(mismatch(owner, owner), "");
  EXPECT_EQ(mismatch(owner, {{0}, {3}, 1, 4}), "");  // who knows no cluster yet fits in any
  EXPECT_EQ(mismatch({{0}, {3}, 1, 4}, owner), "");
  EXPECT_EQ(mismatch(owner, {{77}, {4}, 1, 4}), "it is of node 3, and this is node 4");
  EXPECT_EQ(mismatch(owner, {{78}, {3}, 1, 4}), "it is of cluster 77, and this is cluster 78");
  EXPECT_EQ(mismatch(owner, {{77}, {3}, 1, 8}), "it is of shard 1 of 4, and this is shard 1 of 8");
}

TEST(Names, are_those_of_segments_and_of_nothing_else) {
  EXPECT_EQ(segment_name(42), "00000000000000000042.wal");
  EXPECT_EQ(segment_number("00000000000000000042.wal"), 42U);
  for (const char* name :
       {"42.wal", "identity", "0000000000000000004x.wal", ".wal", "00000000000000000000.wal",
        "00000000000000000042.wal.old", "99999999999999999999.wal"})
    EXPECT_FALSE(segment_number(name)) << name;
}

TEST(Options, say_what_is_wrong_with_them) {
  EXPECT_EQ(Options{}.fault(), "");
  EXPECT_NE(Options{.segment_bytes = 100'000}.fault(), "");
  EXPECT_NE(Options{.segment_bytes = 4096}.fault(), "");
  EXPECT_NE(Options{.batch_bytes = 0}.fault(), "");
  EXPECT_NE(Options{.batch_bytes = 64 << 20}.fault(), "");
  EXPECT_NE(Options{.ahead = 0}.fault(), "");
  EXPECT_EQ(Options{.ahead = 64}.fault(), "");
  EXPECT_TRUE(Options{.ahead = 65}.fault().starts_with("ahead must be at most 64"));
  EXPECT_TRUE(Options{.ahead = ~0U}.fault().starts_with("ahead must be at most 64"));
  EXPECT_EQ(Options{.retry_full_after = std::chrono::microseconds(999)}.fault(),
            "retry_full_after must be at least 1 ms");
  EXPECT_NE(Options{.mark_after = Duration(0)}.fault(), "");
}

}  // namespace
}  // namespace bowline::wal
