// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/manifest.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/prng.h"

namespace bowline::host {
namespace {

raft::MembershipPtr three_members() {
  raft::Membership membership{.cluster = {77}, .members = {}};
  for (std::uint64_t id = 1; id <= 3; ++id)
    membership.members.push_back({.id = {id}, .address = Text("a:1")});
  return std::make_shared<const raft::Membership>(std::move(membership));
}

Manifest some() {
  Manifest manifest{.group = {7},
                    .base = {{{5}, {1000}}, three_members(), {900}, {6}},
                    .piece_bytes = 8192,
                    .bytes = 2 * 8192 + 100,
                    .sums = {11, 22, 33}};
  manifest.identity = identity_of(manifest);
  return manifest;
}

// With sums that are right, whatever else is wrong with it.
std::string sealed(std::string bytes) {
  const std::string_view content = std::string_view(bytes).substr(12);
  store(bytes.data() + 4, static_cast<std::uint32_t>(content.size()));
  store(bytes.data() + 8, crc32c(content));
  return bytes;
}

TEST(Manifest, comes_out_as_it_went_in) {
  const Manifest manifest = some();
  for (const std::string& bytes : {encode(manifest), encode(manifest) + std::string(5000, '\0')}) {
    const Result<Manifest> found = decode_manifest_file(bytes);
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->group, manifest.group);
    EXPECT_EQ(found->base.id, manifest.base.id);
    EXPECT_EQ(*found->base.membership, *manifest.base.membership);
    EXPECT_EQ(found->base.membership_index, manifest.base.membership_index);
    EXPECT_EQ(found->base.known_in, manifest.base.known_in);
    EXPECT_EQ(found->bytes, manifest.bytes);
    EXPECT_EQ(found->piece_bytes, manifest.piece_bytes);
    EXPECT_EQ(found->sums, manifest.sums);
    EXPECT_EQ(found->identity, manifest.identity);
  }
}

TEST(Manifest, from_another_node_ends_where_it_ends) {
  EXPECT_TRUE(decode_manifest(encode(some())));
  EXPECT_FALSE(decode_manifest(encode(some()) + '\0'));
}

TEST(Manifest, the_last_piece_is_what_is_left) {
  const Manifest manifest = some();
  EXPECT_EQ(manifest.pieces(), 3U);
  EXPECT_EQ(manifest.bytes_of(0), 8192U);
  EXPECT_EQ(manifest.bytes_of(2), 100U);
  Manifest empty = some();
  empty.bytes = 0;
  empty.sums.clear();
  EXPECT_TRUE(decode_manifest(encode(empty)));
}

TEST(Manifest, one_bit_that_changed_is_noticed_wherever_it_is) {
  const std::string good = encode(some());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good + std::string(4096, '\0');
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_FALSE(decode_manifest_file(bytes)) << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(decode_manifest_file(good.substr(0, size))) << size;
}

TEST(Manifest, of_other_bytes_or_of_another_state_is_another_one) {
  const Manifest manifest = some();
  Manifest other = some();
  other.sums[1] ^= 1;
  EXPECT_NE(identity_of(other), manifest.identity);
  other = some();
  other.bytes += 1;
  EXPECT_NE(identity_of(other), manifest.identity);
  other = some();
  other.base.known_in = {7};
  EXPECT_NE(identity_of(other), manifest.identity);
}

// Whatever it says, nobody makes room for more than there can be.
TEST(Manifest, that_makes_no_sense_is_none_although_its_sums_are_right) {
  Prng prng(1);
  const std::string good = encode(some());
  std::uint64_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = good;
    for (std::uint64_t i = 1 + prng.below(3); i > 0; --i)
      bytes[12 + prng.below(bytes.size() - 12)] = static_cast<char>(prng.next());
    bytes = sealed(std::move(bytes));
    const Result<Manifest> found = decode_manifest(bytes);
    if (found) {
      EXPECT_EQ(encode(*found), bytes);
      EXPECT_EQ(identity_of(*found), found->identity);
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000U);
}

TEST(Manifest, of_a_later_format_is_named) {
  std::string bytes = encode(some());
  bytes[12] = 2;
  EXPECT_EQ(decode_manifest(sealed(bytes)).error().what,
            "the manifest of a snapshot is of format 2; this program reads format 1");
}

}  // namespace
}  // namespace bowline::host
