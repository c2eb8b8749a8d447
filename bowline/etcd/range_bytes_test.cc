// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/range_bytes.h"

#include <cstdint>
#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "bowline/etcd/convert.h"

namespace bowline::etcd {
namespace {

constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();

// As protobuf writes them.
void expect_the_same(const kv::RangeAnswer& answer, std::int64_t revision = 7) {
  etcdserverpb::RangeResponse response;
  etcdserverpb::ResponseHeader& header = *response.mutable_header();
  header.set_cluster_id(std::numeric_limits<std::uint64_t>::max());
  header.set_revision(revision);
  fill(response, answer);
  EXPECT_EQ(bytes_of(header, answer), response.SerializeAsString());
}

TEST(RangeBytes, of_no_key) {
  expect_the_same({});
  expect_the_same({}, 0);
  expect_the_same({.items = {}, .more = true, .count = 0});
  expect_the_same({.items = {}, .more = false, .count = 300});
  EXPECT_EQ(bytes_of({}, {}), std::string("\x0a\x00", 2));
}

TEST(RangeBytes, of_numbers_and_texts_of_every_size) {
  kv::RangeAnswer answer{.items = {}, .more = true, .count = most};
  std::string text;
  for (std::int64_t number : {std::int64_t{0}, std::int64_t{1}, std::int64_t{127},
                              std::int64_t{128}, std::int64_t{1} << 31U, most, std::int64_t{-1}}) {
    for (const std::size_t bytes : {0U, 1U, 127U, 128U, 16'384U, 3'000'000U}) {
      text.assign(bytes, '\xff');
      const kv::Item item{.key = text,
                          .value = text,
                          .create_revision = number,
                          .mod_revision = number,
                          .version = number,
                          .lease = number};
      expect_the_same({.items = {item}, .more = false, .count = 1});
      if (bytes == 0) answer.items.push_back(item);
    }
  }
  expect_the_same(answer);
}

// Each field has another value, so that none can be taken for another.
TEST(RangeBytes, every_field_is_where_it_belongs) {
  const kv::Item item{
      .key = "a", .value = "b", .create_revision = 2, .mod_revision = 3, .version = 4, .lease = 5};
  expect_the_same({.items = {item, {.key = "c", .value = {}}}, .more = true, .count = 9});
}

}  // namespace
}  // namespace bowline::etcd
