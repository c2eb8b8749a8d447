// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/checks.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace bowline::etcd {
namespace {

using etcdserverpb::Compare;
using etcdserverpb::DeleteRangeRequest;
using etcdserverpb::LeaseGrantRequest;
using etcdserverpb::PutRequest;
using etcdserverpb::RangeRequest;
using etcdserverpb::RequestOp;
using etcdserverpb::TxnRequest;

const std::optional<Wrong> nothing;

RangeRequest range(const std::string& key) {
  RangeRequest request;
  request.set_key(key);
  return request;
}

RequestOp put_op(const std::string& key) {
  RequestOp op;
  op.mutable_request_put()->set_key(key);
  return op;
}

RequestOp delete_op(const std::string& key, const std::string& end = "") {
  RequestOp op;
  op.mutable_request_delete_range()->set_key(key);
  op.mutable_request_delete_range()->set_range_end(end);
  return op;
}

RequestOp range_op(const std::string& key, bool serializable = false) {
  RequestOp op;
  *op.mutable_request_range() = range(key);
  op.mutable_request_range()->set_serializable(serializable);
  return op;
}

template <class... Ops>
TxnRequest then(const Ops&... ops) {
  TxnRequest txn;
  (void(*txn.add_success() = ops), ...);
  return txn;
}

RequestOp txn_op(const TxnRequest& txn) {
  RequestOp op;
  *op.mutable_request_txn() = txn;
  return op;
}

RequestOp both(const RequestOp& yes, const RequestOp& no) {
  TxnRequest txn;
  *txn.add_success() = yes;
  *txn.add_failure() = no;
  return txn_op(txn);
}

std::optional<Wrong> checked(const TxnRequest& txn) { return check(txn, 128); }

TEST(Checks, a_range_has_a_key_and_enums_that_exist) {
  EXPECT_EQ(check(range("a")), nothing);
  EXPECT_EQ(check(range("")), Wrong::key_not_provided);
  RangeRequest request = range("a");
  request.set_sort_target(RangeRequest::VALUE);
  request.set_sort_order(RangeRequest::DESCEND);
  EXPECT_EQ(check(request), nothing);
  request.set_sort_target(static_cast<RangeRequest::SortTarget>(9));
  EXPECT_EQ(check(request), Wrong::invalid_sort_option);
  request.set_sort_target(RangeRequest::KEY);
  request.set_sort_order(static_cast<RangeRequest::SortOrder>(-1));
  EXPECT_EQ(check(request), Wrong::invalid_sort_option);
}

TEST(Checks, a_put_has_a_key_and_keeps_what_it_does_not_give) {
  PutRequest request;
  EXPECT_EQ(check(request), Wrong::key_not_provided);
  request.set_key("a");
  EXPECT_EQ(check(request), nothing);
  request.set_value("1");
  request.set_lease(7);
  EXPECT_EQ(check(request), nothing);
  request.set_ignore_lease(true);
  EXPECT_EQ(check(request), Wrong::lease_provided);
  request.set_ignore_value(true);
  EXPECT_EQ(check(request), Wrong::value_provided);
  request.clear_value();
  request.clear_lease();
  EXPECT_EQ(check(request), nothing);
}

TEST(Checks, a_delete_has_a_key) {
  DeleteRangeRequest request;
  EXPECT_EQ(check(request), Wrong::key_not_provided);
  request.set_key(std::string(1, '\0'));
  EXPECT_EQ(check(request), nothing);
}

TEST(Checks, a_lease_ends_some_day) {
  LeaseGrantRequest request;
  request.set_ttl(-5);
  EXPECT_EQ(check(request), nothing);
  request.set_ttl(most_lease_ttl);
  EXPECT_EQ(check(request), nothing);
  request.set_ttl(most_lease_ttl + 1);
  EXPECT_EQ(check(request), Wrong::lease_ttl_too_large);
}

TEST(Checks, a_request_has_a_size) {
  const RequestLimits limits;
  EXPECT_EQ(check_size(limits.request_bytes, limits), nothing);
  EXPECT_EQ(check_size(limits.request_bytes + 1, limits), Wrong::request_too_large);
}

TEST(Checks, each_operation_of_a_transaction_is_checked_on_both_branches) {
  EXPECT_EQ(checked({}), nothing);
  EXPECT_EQ(checked(then(range_op(""))), Wrong::key_not_provided);
  EXPECT_EQ(checked(then(RequestOp())), Wrong::key_not_found);
  EXPECT_EQ(checked(then(delete_op(""))), Wrong::key_not_provided);
  TxnRequest txn;
  *txn.add_failure() = put_op("");
  EXPECT_EQ(checked(txn), Wrong::key_not_provided);
  EXPECT_EQ(checked(then(txn_op(txn))), Wrong::key_not_provided);
  TxnRequest compares;
  compares.add_compare();
  EXPECT_EQ(checked(compares), Wrong::key_not_provided);
  compares.mutable_compare(0)->set_key("a");
  EXPECT_EQ(checked(compares), nothing);
}

TEST(Checks, the_longest_list_counts_and_what_is_within_gets_the_rest) {
  TxnRequest txn;
  for (int i = 0; i < 3; ++i) *txn.add_failure() = range_op("a");
  *txn.add_success() = range_op("a");
  EXPECT_EQ(check(txn, 3), nothing);
  EXPECT_EQ(check(txn, 2), Wrong::too_many_ops);
  const TxnRequest outer = then(txn_op(txn));
  EXPECT_EQ(check(outer, 4), nothing);
  EXPECT_EQ(check(outer, 3), Wrong::too_many_ops);
  TxnRequest compares;
  for (int i = 0; i < 3; ++i) compares.add_compare()->set_key("a");
  EXPECT_EQ(check(compares, 2), Wrong::too_many_ops);
}

TEST(Checks, no_key_is_put_twice_nor_put_and_deleted) {
  EXPECT_EQ(checked(then(put_op("a"), put_op("b"))), nothing);
  EXPECT_EQ(checked(then(put_op("a"), put_op("a"))), Wrong::duplicate_key);
  EXPECT_EQ(checked(then(put_op("b"), delete_op("b"))), Wrong::duplicate_key);
  EXPECT_EQ(checked(then(delete_op("a", "c"), put_op("b"))), Wrong::duplicate_key);
  EXPECT_EQ(checked(then(put_op("c"), delete_op("a", "c"))), nothing);
  EXPECT_EQ(checked(then(delete_op("b"), put_op("a"))), nothing);
  EXPECT_EQ(checked(then(delete_op("a", "c"), delete_op("b", "d"))), nothing);
  // etcd does not see that all keys from one on are deleted ...
  EXPECT_EQ(checked(then(put_op("z"), delete_op("a", std::string(1, '\0')))), nothing);
  TxnRequest txn;
  *txn.add_failure() = put_op("a");
  *txn.add_failure() = put_op("a");
  EXPECT_EQ(checked(txn), Wrong::duplicate_key);
  // ... and a range that ends before it begins deletes nothing.
  EXPECT_EQ(checked(then(delete_op("b", "a"), put_op("b"))), nothing);
}

TEST(Checks, what_only_one_branch_does_is_not_done_twice) {
  EXPECT_EQ(checked(then(both(put_op("a"), put_op("a")))), nothing);
  EXPECT_EQ(checked(then(both(put_op("a"), delete_op("a")))), nothing);
  EXPECT_EQ(checked(then(both(put_op("a"), put_op("a")), put_op("a"))), Wrong::duplicate_key);
  EXPECT_EQ(checked(then(both(put_op("b"), put_op("a")), both(put_op("c"), put_op("b")))),
            Wrong::duplicate_key);
  EXPECT_EQ(checked(then(both(put_op("b"), put_op("a")), delete_op("a"))), Wrong::duplicate_key);
  EXPECT_EQ(checked(then(both(delete_op("a"), range_op("a")), put_op("a"))), Wrong::duplicate_key);
  EXPECT_EQ(checked(then(txn_op(then(delete_op("a"))), txn_op(then(put_op("a"))))),
            Wrong::duplicate_key);
  EXPECT_EQ(checked(then(txn_op(then(put_op("a"))), txn_op(then(delete_op("a"))))), nothing);
}

TEST(Checks, what_only_reads_is_known_at_any_depth) {
  EXPECT_TRUE(only_reads({}));
  EXPECT_TRUE(only_reads(then(range_op("a"), both(range_op("a"), range_op("b")))));
  EXPECT_FALSE(only_reads(then(both(range_op("a"), put_op("b")))));
  EXPECT_FALSE(only_reads(then(delete_op("a"))));
  EXPECT_TRUE(is_serializable(then(range_op("a", true))));
  EXPECT_FALSE(
      is_serializable(then(range_op("a", true), both(range_op("a", true), range_op("a")))));
}

}  // namespace
}  // namespace bowline::etcd
