// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/readable.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/etcd/unary.h"

namespace bowline::etcd {
namespace {

const std::string number_one("\x08\x01", 2);       // field 1, as a number
const std::string number_hundred("\xa0\x06\x01");  // field 100, which nobody knows

TEST(Readable, a_known_field_of_another_type_is_refused_and_an_unknown_one_is_left_out) {
  etcdserverpb::PutRequest put;
  EXPECT_FALSE(parse(put, number_one));
  EXPECT_TRUE(parse(put, number_hundred));
  EXPECT_FALSE(parse(put, std::string_view("\x0a\x05")));  // cut
  EXPECT_TRUE(parse(put, ""));
}

TEST(Readable, so_it_is_within_transactions_and_requests_of_watches) {
  etcdserverpb::TxnRequest txn;
  etcdserverpb::TxnRequest inner;
  inner.add_success()->mutable_request_put()->MergeFromString(number_hundred);
  *txn.add_failure()->mutable_request_txn() = inner;
  etcdserverpb::TxnRequest read;
  EXPECT_TRUE(parse(read, txn.SerializeAsString()));
  inner.mutable_success(0)->mutable_request_put()->MergeFromString(number_one);
  *txn.mutable_failure(0)->mutable_request_txn() = inner;
  EXPECT_FALSE(parse(read, txn.SerializeAsString()));
  txn.Clear();
  txn.add_compare()->MergeFromString(std::string("\x1d\x01\x02\x03\x04", 5));  // key, of four bytes
  EXPECT_FALSE(parse(read, txn.SerializeAsString()));

  etcdserverpb::WatchRequest watch;
  watch.mutable_create_request()->MergeFromString(number_one);
  etcdserverpb::WatchRequest heard;
  EXPECT_FALSE(parse(heard, watch.SerializeAsString()));
}

}  // namespace
}  // namespace bowline::etcd
