// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_name.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::runtime {
namespace {

using Uris = std::vector<std::string>;

std::string read(const Uris& uris) {
  const Result<env::Identity> named = named_by(uris);
  return named ? named->cluster + " " + std::to_string(named->node.value) : named.error().what;
}

TEST(TlsName, is_a_uri_with_the_cluster_and_the_node) {
  EXPECT_EQ(read({"bowline://prod/node/7"}), "prod 7");
  EXPECT_EQ(read({"bowline://eu-west.prod_2/node/18446744073709551615"}),
            "eu-west.prod_2 18446744073709551615");
  EXPECT_EQ(read({"https://example.org/node/3", "bowline://a/node/1", "spiffe://a/node/2"}), "a 1");
  EXPECT_EQ(tls_name({.node = NodeId{7}, .cluster = "prod"}), "bowline://prod/node/7");
}

TEST(TlsName, of_an_admin_names_no_node) {
  const Result<env::Identity> named = named_by(Uris{"bowline://prod/admin/anna.b-1"});
  ASSERT_TRUE(named.has_value()) << named.error().what;
  EXPECT_EQ(*named, (env::Identity{.node = {}, .cluster = "prod", .admin = "anna.b-1"}));
  EXPECT_EQ(tls_name(*named), "bowline://prod/admin/anna.b-1");
  for (const std::string& uri :
       {std::string("bowline://a/admin/"), std::string("bowline:///admin/anna"),
        std::string("bowline://a/admin/an na"), std::string("bowline://a/admin/anna/"),
        std::string("bowline://a/admin/a/node/1"), "bowline://a/admin/" + std::string(101, 'a')})
    EXPECT_TRUE(read({uri}).contains("makes no sense")) << uri;
  EXPECT_TRUE(read({"bowline://a/admin/anna", "bowline://a/node/1"}).contains("more than one"));
}

TEST(TlsName, that_is_not_written_like_that_is_none) {
  const std::string zero("bowline://a/node/1\0", 19);
  for (const std::string& uri :
       {std::string("bowline://"), std::string("bowline:///node/1"),
        std::string("bowline://a/node/"), std::string("bowline://a/node/0"),
        std::string("bowline://a/node/01"), std::string("bowline://a/node/+1"),
        std::string("bowline://a/node/-1"), std::string("bowline://a/node/1/"),
        std::string("bowline://a/node/1 "), std::string("bowline://a/node/0x1"),
        std::string("bowline://a/node/18446744073709551616"), std::string("bowline://a/b/node/1"),
        std::string("bowline://a%20b/node/1"), std::string("bowline://a/client/1"),
        "bowline://" + std::string(101, 'a') + "/node/1", zero})
    EXPECT_TRUE(read({uri}).contains("makes no sense")) << uri;
  EXPECT_TRUE(read({}).contains("names no node"));
  EXPECT_TRUE(read({"Bowline://a/node/1"}).contains("names no node"));
}

TEST(TlsName, two_of_them_are_one_too_many) {
  EXPECT_TRUE(read({"bowline://a/node/1", "bowline://a/node/2"}).contains("more than one"));
  EXPECT_TRUE(read({"bowline://a/node/1", "bowline://a/node/1"}).contains("more than one"));
  EXPECT_TRUE(read({"bowline://a/node/1", "bowline://nonsense"}).contains("more than one"));
}

}  // namespace
}  // namespace bowline::runtime
