// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/errors.h"

#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::etcd {
namespace {

// By number, as on the wire, and without the words that all of them begin with.
const std::map<int, std::vector<std::string>> expected{
    {1, {"request canceled"}},
    {2, {"too many requests", "re-configuration failed due to not enough started members"}},
    {3,
     {"key is not provided", "key not found", "value is provided", "lease is provided",
      "too many operations in txn request", "duplicate key given in txn request",
      "invalid client api version", "invalid sort option", "given member URLs are invalid",
      "request is too large", "wrong downgrade target version format",
      "invalid downgrade target version"}},
    {4, {"context deadline exceeded"}},
    {5, {"requested lease not found", "member not found"}},
    {7, {"permission denied"}},
    {8, {"mvcc: database space exceeded"}},
    {9,
     {"lease already exists", "member ID already exist", "Peer URLs already exists",
      "can only promote a learner member",
      "can only promote a learner member which is in sync with leader",
      "too many learner members in cluster", "cluster ID mismatch", "authentication is not enabled",
      "not leader", "bad leader transferee", "cluster has a downgrade job in progress",
      "no inflight downgrade job"}},
    {11,
     {"mvcc: required revision has been compacted", "mvcc: required revision is a future revision",
      "too large lease TTL"}},
    {14,
     {"no leader", "leader changed", "server stopped", "request timed out",
      "request timed out, possibly due to previous leader failure",
      "request timed out, possibly due to connection lost",
      "request timed out, waiting for the applied index took too long", "unhealthy cluster",
      // of 3.5; later they are failed preconditions
      "rpc not supported for learner", "not capable",
      "cluster version not found during downgrade"}},
    {15, {"corrupt cluster"}},
    {16, {"invalid auth token"}},
};

TEST(Errors, have_the_codes_and_texts_that_clients_look_for) {
  std::set<std::pair<int, std::string>> wanted;
  for (const auto& [code, texts] : expected)
    for (const std::string& text : texts) wanted.emplace(code, "etcdserver: " + text);
  wanted.emplace(8, text_of(Wrong::answer_too_large));  // in words of gRPC's library
  std::set<std::pair<int, std::string>> here;
  for (const ErrorRow& row : error_rows())
    here.emplace(static_cast<int>(row.code), std::string(row.text));
  EXPECT_EQ(here, wanted);
  EXPECT_EQ(here.size(), error_rows().size());
}

TEST(Errors, stand_at_their_place_in_the_table) {
  for (std::size_t i = 0; i < error_rows().size(); ++i) {
    EXPECT_EQ(static_cast<std::size_t>(error_rows()[i].wrong), i) << error_rows()[i].text;
    const rpc::Status status = status_of(error_rows()[i].wrong);
    EXPECT_EQ(status.code, error_rows()[i].code);
    EXPECT_EQ(status.message, text_of(error_rows()[i].wrong));
  }
  EXPECT_EQ(error_rows().size(), static_cast<std::size_t>(Wrong::answer_too_large) + 1);
}

TEST(Errors, what_the_map_refuses_has_the_text_of_etcd) {
  using kv::Refusal;
  const std::map<Refusal, Wrong> same{{Refusal::compacted, Wrong::compacted},
                                      {Refusal::future_revision, Wrong::future_revision},
                                      {Refusal::key_not_found, Wrong::key_not_found},
                                      {Refusal::value_provided, Wrong::value_provided},
                                      {Refusal::lease_provided, Wrong::lease_provided},
                                      {Refusal::lease_not_found, Wrong::lease_not_found},
                                      {Refusal::lease_exists, Wrong::lease_exists},
                                      {Refusal::no_space, Wrong::no_space},
                                      {Refusal::corrupt, Wrong::corrupt}};
  for (std::uint8_t i = 0; i < kv::refusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    const auto found = same.find(refusal);
    if (found != same.end()) {
      EXPECT_EQ(status_of(refusal), status_of(found->second)) << kv::words(refusal);
    } else if (refusal == Refusal::answer_too_large || refusal == Refusal::answer_left_out) {
      EXPECT_EQ(status_of(refusal).code, rpc::Code::resource_exhausted) << kv::words(refusal);
    } else {
      EXPECT_EQ(status_of(refusal).code, rpc::Code::unknown) << kv::words(refusal);
    }
  }
}

}  // namespace
}  // namespace bowline::etcd
