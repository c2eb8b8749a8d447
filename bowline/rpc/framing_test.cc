// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/framing.h"

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/rpc/bucket.h"
#include "bowline/rpc/metadata.h"
#include "bowline/rpc/router.h"

namespace bowline::rpc {
namespace {

using namespace std::chrono_literals;

std::string random_bytes(Prng& prng) {
  std::string bytes(prng.below(20), '\0');
  for (char& c : bytes) c = static_cast<char>(prng.next());
  return bytes;
}

TEST(Framing, timeouts_are_digits_and_a_unit) {
  EXPECT_EQ(parse_timeout("1n"), Duration(1ns));
  EXPECT_EQ(parse_timeout("20u"), Duration(20us));
  EXPECT_EQ(parse_timeout("300m"), Duration(300ms));
  EXPECT_EQ(parse_timeout("4S"), Duration(4s));
  EXPECT_EQ(parse_timeout("5M"), Duration(5min));
  EXPECT_EQ(parse_timeout("6H"), Duration(6h));
  EXPECT_EQ(parse_timeout("0S"), Duration(0));
  EXPECT_EQ(parse_timeout("99999999H"), never.since_start);
  for (const char* bad :
       {"", "n", "1", "1 n", " 1n", "+1n", "-1n", "1s", "1h", "1x", "123456789n", "1.5S", "1nn"})
    EXPECT_EQ(parse_timeout(bad), std::nullopt) << bad;
}

TEST(Framing, a_timeout_that_is_written_is_read_as_no_less) {
  for (const Duration timeout : {Duration(1ns), Duration(99'999'999ns), Duration(100'000'001ns),
                                 Duration(1h + 1ns), Duration(100'000h)}) {
    const auto read = parse_timeout(encode_timeout(timeout));
    ASSERT_TRUE(read.has_value());
    EXPECT_GE(*read, timeout);
    EXPECT_LE(*read - timeout, timeout / 1'000 + 1us);
  }
}

TEST(Framing, what_is_escaped_comes_back) {
  Prng prng(1);
  for (int i = 0; i < 1000; ++i) {
    const std::string bytes = random_bytes(prng);
    const std::string escaped = percent_encode(bytes);
    for (const char c : escaped) EXPECT_TRUE(c >= ' ' && c <= '~');
    EXPECT_EQ(percent_decode(escaped), bytes);
    EXPECT_EQ(base64_decode(base64_encode(bytes)), bytes);
  }
  EXPECT_EQ(percent_encode("100% \n"), "100%25 %0A");
  EXPECT_EQ(percent_decode("%zz%4"), "%zz%4");
}

TEST(Framing, base64_may_be_padded_and_is_checked) {
  EXPECT_EQ(base64_decode("YQ=="), "a");
  EXPECT_EQ(base64_decode("YQ"), "a");
  EXPECT_EQ(base64_decode("YWI="), "ab");
  EXPECT_EQ(base64_decode(""), "");
  for (const char* bad : {"Y", "YQ=", "Y Q", "YQ==YQ==", "a-b_"})
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
}

TEST(Framing, a_prefix_says_the_size) {
  for (const std::uint32_t size : {0U, 1U, 255U, 256U, 0x12345678U, 0xffffffffU})
    EXPECT_EQ(size_in(prefix_of(size)), size);
  EXPECT_EQ(prefix_of(0x01020304), std::string("\0\1\2\3\4", 5));
}

TEST(Framing, grpc_has_its_content_types) {
  EXPECT_TRUE(is_grpc_content("application/grpc"));
  EXPECT_TRUE(is_grpc_content("application/grpc+proto"));
  EXPECT_TRUE(is_grpc_content("application/grpc; x"));
  for (const char* other : {"", "application/grpc-web", "application/json", "application/grp"})
    EXPECT_FALSE(is_grpc_content(other)) << other;
}

TEST(Metadata, names_may_come_more_than_once) {
  Metadata metadata;
  metadata.add("a", "1");
  metadata.add("b", "");
  metadata.add("a", "2");
  EXPECT_EQ(metadata["a"], "1");
  EXPECT_EQ(metadata.all("a"), (std::vector<std::string_view>{"1", "2"}));
  EXPECT_TRUE(metadata.has("b"));
  EXPECT_FALSE(metadata.has("c"));
  EXPECT_EQ(metadata["c"], "");
  EXPECT_EQ(metadata.name(1), "b");
  EXPECT_EQ(metadata.value(2), "2");
  metadata.clear();
  EXPECT_EQ(metadata.size(), 0U);
}

TEST(Bucket, it_lets_so_many_through_at_once_and_so_many_in_a_second) {
  Bucket bucket(10, 5);
  Time now{1h};
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(now));
  EXPECT_FALSE(bucket.take(now));
  now = now + 1s;
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(bucket.take(now)) << "no more than at once are saved";
  EXPECT_FALSE(bucket.take(now));
  Bucket steady(10, 5);
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(steady.take(now = now + 100ms));
}

TEST(Router, the_longest_path_for_http_wins) {
  Router router;
  std::string last;
  for (const char* path : {"/", "/v3/", "/v3/kv/", "/v3/kv/put"})
    router.http(path, [path, &last](Exchange, const HttpRequest&) { last = path; });
  const auto found = [&](std::string_view path) {
    (*router.find_http(path))({}, {});
    return last;
  };
  EXPECT_EQ(found("/v3/kv/put"), "/v3/kv/put");
  EXPECT_EQ(found("/v3/kv/put/more"), "/v3/kv/");
  EXPECT_EQ(found("/v3/kv/get"), "/v3/kv/");
  EXPECT_EQ(found("/v3"), "/");
  EXPECT_EQ(found("/v3/"), "/v3/");
  EXPECT_EQ(found("/other"), "/");
  EXPECT_EQ(Router().find_http("/"), nullptr);
  EXPECT_EQ(router.find_http(""), nullptr);
}

TEST(Status, each_code_has_the_name_that_dashboards_know) {
  EXPECT_EQ(name(Code::ok), "OK");
  EXPECT_EQ(name(Code::cancelled), "Canceled");
  EXPECT_EQ(name(Code::unauthenticated), "Unauthenticated");
  EXPECT_EQ(static_cast<int>(Code::unauthenticated), 16);
  EXPECT_EQ(static_cast<int>(Code::unavailable), 14);
}

}  // namespace
}  // namespace bowline::rpc
