// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/snapshot_name.h"

#include <string>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

const SnapshotName name{{7}, {0x1234}, {5}, 0xffff'ffff'ffff'ffff};

TEST(SnapshotName, is_read_as_it_was_written) {
  EXPECT_EQ(
      piece_file(name, 0xabc),
      "snapshot-0000000000000007-0000000000001234-0000000000000005-ffffffffffffffff.00000abc");
  const auto piece = snapshot_file(piece_file(name, 0xabc));
  ASSERT_TRUE(piece);
  EXPECT_EQ(piece->name, name);
  EXPECT_EQ(piece->piece, 0xabcU);
  EXPECT_FALSE(piece->head);
  for (const Head head : {Head::begun, Head::manifest, Head::manifest_again}) {
    const auto file = snapshot_file(head_file(name, head));
    ASSERT_TRUE(file);
    EXPECT_EQ(file->name, name);
    EXPECT_EQ(file->head, head);
  }
}

TEST(SnapshotName, sorts_as_the_files_do) {
  const SnapshotName later{{7}, {0x1235}, {5}, 1};
  EXPECT_LT(name, later);
  EXPECT_LT(piece_file(name, 9), piece_file(name, 10));
  EXPECT_LT(piece_file(name, 10), piece_file(later, 0));
}

TEST(SnapshotName, no_other_file_has_one) {
  const std::string good = piece_file(name, 1);
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(snapshot_file(good.substr(0, size))) << size;
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = '/';
    EXPECT_FALSE(snapshot_file(bad)) << bad;
  }
  EXPECT_FALSE(snapshot_file(good + "0"));
  EXPECT_FALSE(snapshot_file("00000000000000000042.wal"));
  EXPECT_FALSE(snapshot_file("identity"));
  EXPECT_FALSE(snapshot_file(head_file(name, Head::begun) + "x"));
  EXPECT_FALSE(snapshot_file(good.substr(0, good.size() - 8) + "ffffffff"));  // no so many pieces
}

}  // namespace
}  // namespace bowline::host
