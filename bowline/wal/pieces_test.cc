// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/pieces.h"

#include <cstring>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::wal {
namespace {

TEST(Pieces, a_piece_that_came_back_is_given_again) {
  Pieces pieces;
  void* const first = pieces.allocate(500);
  pieces.deallocate(first, 500);
  EXPECT_EQ(pieces.waiting_bytes(), 512U);
  EXPECT_EQ(pieces.allocate(512), first) << "of the same size, rounded up";
  EXPECT_EQ(pieces.waiting_bytes(), 0U);
  pieces.deallocate(first, 512);
}

TEST(Pieces, those_of_another_size_do_not_serve) {
  Pieces pieces;
  void* const small = pieces.allocate(64);
  pieces.deallocate(small, 64);
  void* const large = pieces.allocate(65);
  std::memset(large, 1, 65);
  EXPECT_NE(large, small);
  EXPECT_EQ(pieces.waiting_bytes(), 64U);
  pieces.deallocate(large, 65);
}

TEST(Pieces, only_so_many_wait) {
  Pieces pieces;
  std::vector<void*> busy;
  busy.reserve(3 * Pieces::most_waiting);
  for (std::size_t i = 0; i < 3 * Pieces::most_waiting; ++i) busy.push_back(pieces.allocate(512));
  for (void* const piece : busy) pieces.deallocate(piece, 512);
  EXPECT_EQ(pieces.waiting_bytes(), Pieces::most_waiting * 512);
}

TEST(Pieces, what_is_large_goes_back_at_once) {
  Pieces pieces;
  void* const large = pieces.allocate(Pieces::largest + 1);
  pieces.deallocate(large, Pieces::largest + 1);
  EXPECT_EQ(pieces.waiting_bytes(), 0U);
}

}  // namespace
}  // namespace bowline::wal
