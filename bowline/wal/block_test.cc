// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/block.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/base/ids.h"
#include "bowline/wal/batch.h"
#include "bowline/wal/forge.h"

namespace bowline::wal {
namespace {

constexpr Place place{.disk = 7, .segment = 3, .block = 20};

struct Sealed {
  explicit Sealed(std::size_t bytes, std::uint64_t seed = 1) {
    Prng prng(seed);
    content = random_bytes(prng, bytes);
    blocks.resize(blocks_for(bytes) * block_bytes);
    for (std::size_t i = 0; i < bytes; ++i) blocks[spot(i)] = content[i];
    seal(blocks, place, 41, static_cast<std::uint32_t>(bytes));
  }
  std::string block(std::size_t i) const { return blocks.substr(i * block_bytes, block_bytes); }
  std::size_t count() const { return blocks.size() / block_bytes; }

  std::string content;
  std::string blocks;
};

TEST(Block, every_block_of_a_batch_tells_of_the_whole_batch) {
  const Sealed batch(3 * room_bytes + 5);
  ASSERT_EQ(batch.count(), 5U);
  for (std::uint32_t i = 0; i < 5; ++i) {
    const auto head = checked(batch.block(i), place.plus(i));
    ASSERT_TRUE(head.has_value()) << i;
    EXPECT_EQ(*head, (Head{41, i, 5, 3 * room_bytes + 5}));
  }
  EXPECT_EQ(gather(batch.blocks, 0, batch.content.size()), batch.content);
}

TEST(Block, one_that_was_meant_for_another_place_is_bad) {
  const Sealed batch(100);
  EXPECT_TRUE(checked(batch.block(0), place));
  EXPECT_FALSE(checked(batch.block(0), place.plus(1)));
  EXPECT_FALSE(checked(batch.block(0), {.disk = 8, .segment = 3, .block = 20}));
  EXPECT_FALSE(checked(batch.block(0), {.disk = 7, .segment = 4, .block = 20}));
  EXPECT_FALSE(checked(std::string(block_bytes, '\0'), place));
  EXPECT_FALSE(checked(batch.blocks.substr(0, 100), place));
}

TEST(Block, any_flipped_byte_is_noticed) {
  Sealed batch(5000);
  for (std::size_t i = 0; i < batch.blocks.size(); ++i) {
    const auto bit = static_cast<char>(1U << (i % 8));
    batch.blocks[i] = static_cast<char>(batch.blocks[i] ^ bit);
    const std::size_t block = i / block_bytes;
    EXPECT_FALSE(checked(batch.block(block), place.plus(block))) << i;
    batch.blocks[i] = static_cast<char>(batch.blocks[i] ^ bit);
  }
}

TEST(Block, any_one_bad_block_comes_back_from_the_others) {
  for (const std::size_t bytes : {std::size_t{1}, room_bytes, room_bytes + 1, 4 * room_bytes}) {
    Sealed batch(bytes, bytes);
    const std::string good = batch.blocks;
    const Head any{41, 0, static_cast<std::uint32_t>(batch.count()),
                   static_cast<std::uint32_t>(bytes)};
    for (std::uint32_t bad = 0; bad < batch.count(); ++bad) {
      for (std::size_t i = 0; i < block_bytes; ++i) batch.blocks[bad * block_bytes + i] = 'x';
      EXPECT_EQ(bad_blocks(batch.blocks, place, any), std::vector{bad});
      rebuild(batch.blocks, place, any, bad);
      EXPECT_EQ(batch.blocks, good);
    }
  }
}

TEST(Block, a_number_that_nobody_counted_to_is_no_number) {
  for (const std::uint64_t number : {std::uint64_t{1}, absurd - 1, absurd, ~std::uint64_t{0}}) {
    std::string blocks(blocks_for(5) * block_bytes, '\0');
    seal(blocks, Place{1, 2, 0}, number, 5);
    const auto head = checked(std::string_view(blocks).substr(0, block_bytes), Place{1, 2, 0});
    EXPECT_EQ(head.has_value(), number < absurd) << number;
  }
}

}  // namespace
}  // namespace bowline::wal
