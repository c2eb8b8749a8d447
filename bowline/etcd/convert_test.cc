// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/convert.h"

#include <string>
#include <variant>

#include <gtest/gtest.h>

#include "bowline/kv/kv_rig.h"

namespace bowline::etcd {
namespace {

using namespace etcdserverpb;

// Each field has a value of its own, so that none can be taken for another.
TEST(Convert, a_range_keeps_all_of_its_fields) {
  RangeRequest request;
  request.set_key("a");
  request.set_range_end("b");
  request.set_limit(1);
  request.set_revision(2);
  request.set_sort_order(RangeRequest::DESCEND);
  request.set_sort_target(RangeRequest::MOD);
  request.set_min_mod_revision(3);
  request.set_max_mod_revision(4);
  request.set_min_create_revision(5);
  request.set_max_create_revision(6);
  kv::Range wanted{.keys = {"a", "b"},
                   .limit = 1,
                   .revision = 2,
                   .order = kv::Order::descending,
                   .sort_by = kv::SortBy::mod,
                   .min_mod_revision = 3,
                   .max_mod_revision = 4,
                   .min_create_revision = 5,
                   .max_create_revision = 6};
  EXPECT_EQ(to_kv(request), wanted);
  request.set_serializable(true);
  wanted.serializable = true;
  EXPECT_EQ(to_kv(request), wanted);
  request.set_keys_only(true);
  wanted.keys_only = true;
  EXPECT_EQ(to_kv(request), wanted);
  request.set_count_only(true);
  wanted.count_only = true;
  EXPECT_EQ(to_kv(request), wanted);
}

TEST(Convert, the_numbers_of_enums_are_those_of_the_map) {
  RangeRequest request;
  const std::pair<RangeRequest::SortTarget, kv::SortBy> targets[] = {
      {RangeRequest::KEY, kv::SortBy::key},
      {RangeRequest::VERSION, kv::SortBy::version},
      {RangeRequest::CREATE, kv::SortBy::create},
      {RangeRequest::MOD, kv::SortBy::mod},
      {RangeRequest::VALUE, kv::SortBy::value}};
  for (const auto& [target, by] : targets) {
    request.set_sort_target(target);
    EXPECT_EQ(to_kv(request).sort_by, by);
  }
  const std::pair<RangeRequest::SortOrder, kv::Order> orders[] = {
      {RangeRequest::NONE, kv::Order::none},
      {RangeRequest::ASCEND, kv::Order::ascending},
      {RangeRequest::DESCEND, kv::Order::descending}};
  for (const auto& [wire, order] : orders) {
    request.set_sort_order(wire);
    EXPECT_EQ(to_kv(request).order, order);
  }
}

TEST(Convert, puts_and_deletions_keep_all_of_their_fields) {
  PutRequest put;
  put.set_key("a");
  put.set_value("b");
  put.set_lease(7);
  kv::Put wanted{.key = "a", .value = "b", .lease = 7};
  EXPECT_EQ(to_kv(put), wanted);
  put.set_prev_kv(true);
  wanted.prev_kv = true;
  EXPECT_EQ(to_kv(put), wanted);
  put.set_ignore_value(true);
  wanted.ignore_value = true;
  EXPECT_EQ(to_kv(put), wanted);
  put.set_ignore_lease(true);
  wanted.ignore_lease = true;
  EXPECT_EQ(to_kv(put), wanted);
  DeleteRangeRequest erase;
  erase.set_key("a");
  erase.set_range_end("z");
  EXPECT_EQ(to_kv(erase), (kv::DeleteRange{.keys = {"a", "z"}}));
  erase.set_prev_kv(true);
  EXPECT_EQ(to_kv(erase), (kv::DeleteRange{.keys = {"a", "z"}, .prev_kv = true}));
}

TEST(Convert, a_compare_takes_the_value_that_belongs_to_its_target) {
  using Target = kv::Compare::Target;
  TxnRequest txn;
  Compare& compare = *txn.add_compare();
  compare.set_key("a");
  compare.set_range_end("b");
  compare.set_result(Compare::LESS);
  const auto one = [&] { return to_kv(txn).compares[0]; };
  const auto wanted = [](Target target, std::int64_t number, std::string_view value = {}) {
    return kv::Compare{.keys = {"a", "b"},
                       .target = target,
                       .result = kv::Compare::Result::less,
                       .number = number,
                       .value = value};
  };
  compare.set_target(Compare::VERSION);
  compare.set_version(1);
  EXPECT_EQ(one(), wanted(Target::version, 1));
  compare.set_target(Compare::CREATE);
  EXPECT_EQ(one(), wanted(Target::create, 0));  // what was said is about another target
  compare.set_create_revision(2);
  EXPECT_EQ(one(), wanted(Target::create, 2));
  compare.set_target(Compare::MOD);
  compare.set_mod_revision(3);
  EXPECT_EQ(one(), wanted(Target::mod, 3));
  compare.set_target(Compare::LEASE);
  compare.set_lease(4);
  EXPECT_EQ(one(), wanted(Target::lease, 4));
  compare.set_target(Compare::VALUE);
  compare.set_value("v");
  EXPECT_EQ(one(), wanted(Target::value, 0, "v"));
}

// As etcd does it: an unknown target is equal to all, and an unknown result holds.
TEST(Convert, compares_of_a_later_version_hold_or_do_not) {
  kv::KvRig rig;
  rig.put("a", "1");
  TxnRequest txn;
  Compare& compare = *txn.add_compare();
  compare.set_key("a");
  const auto holds = [&] { return kv::holds(rig.machine.store(), to_kv(txn).compares); };
  compare.set_result(static_cast<Compare::CompareResult>(9));
  EXPECT_TRUE(holds());
  compare.set_target(Compare::VALUE);
  EXPECT_TRUE(holds());
  compare.set_key("not there");  // and no value of it holds
  EXPECT_FALSE(holds());
  compare.set_key("a");
  compare.set_target(static_cast<Compare::CompareTarget>(9));
  EXPECT_TRUE(holds());
  for (const auto result : {Compare::EQUAL, Compare::GREATER, Compare::LESS, Compare::NOT_EQUAL}) {
    compare.set_result(result);
    EXPECT_EQ(holds(), result == Compare::EQUAL);
  }
}

TEST(Convert, operations_keep_their_order_and_their_branch) {
  TxnRequest txn;
  txn.add_success()->mutable_request_put()->set_key("p");
  txn.add_success()->mutable_request_range()->set_key("r");
  txn.add_failure()->mutable_request_delete_range()->set_key("d");
  txn.add_failure()->mutable_request_txn()->add_failure()->mutable_request_put()->set_key("q");
  const kv::Txn made = to_kv(txn);
  ASSERT_EQ(made.success.size(), 2U);
  EXPECT_EQ(std::get<kv::Put>(made.success[0].what).key, "p");
  EXPECT_EQ(std::get<kv::Range>(made.success[1].what).keys.key, "r");
  ASSERT_EQ(made.failure.size(), 2U);
  EXPECT_EQ(std::get<kv::DeleteRange>(made.failure[0].what).keys.key, "d");
  const auto& within = std::get<kv::Txn>(made.failure[1].what);
  EXPECT_TRUE(within.success.empty());
  EXPECT_EQ(std::get<kv::Put>(within.failure.at(0).what).key, "q");
}

// ---- answers

constexpr kv::Item pair_of_all{
    .key = "k", .value = "v", .create_revision = 1, .mod_revision = 2, .version = 3, .lease = 4};

void expect_all(const mvccpb::KeyValue& pair) {
  EXPECT_EQ(pair.key(), "k");
  EXPECT_EQ(pair.value(), "v");
  EXPECT_EQ(pair.create_revision(), 1);
  EXPECT_EQ(pair.mod_revision(), 2);
  EXPECT_EQ(pair.version(), 3);
  EXPECT_EQ(pair.lease(), 4);
}

TEST(Convert, a_pair_and_an_event_keep_all_of_their_fields) {
  mvccpb::KeyValue pair;
  fill(pair, pair_of_all);
  expect_all(pair);
  mvccpb::Event event;
  fill(event, kv::Event{.kind = kv::Event::Kind::put, .item = pair_of_all, .before = {}});
  EXPECT_EQ(event.type(), mvccpb::Event::PUT);
  expect_all(event.kv());
  EXPECT_FALSE(event.has_prev_kv());
  event.Clear();
  fill(event,
       kv::Event{.kind = kv::Event::Kind::erase, .item = {.key = "e"}, .before = pair_of_all});
  EXPECT_EQ(event.type(), mvccpb::Event::DELETE);
  EXPECT_EQ(event.kv().key(), "e");
  expect_all(event.prev_kv());
}

TEST(Convert, answers_keep_all_of_their_fields) {
  RangeResponse range;
  fill(range, kv::RangeAnswer{.items = {pair_of_all, {.key = "l"}}, .more = true, .count = 9});
  ASSERT_EQ(range.kvs_size(), 2);
  expect_all(range.kvs(0));
  EXPECT_EQ(range.kvs(1).key(), "l");
  EXPECT_TRUE(range.more());
  EXPECT_EQ(range.count(), 9);
  PutResponse put;
  fill(put, kv::PutAnswer());
  EXPECT_FALSE(put.has_prev_kv());
  fill(put, kv::PutAnswer{.before = pair_of_all});
  expect_all(put.prev_kv());
  DeleteRangeResponse erase;
  fill(erase, kv::DeleteAnswer{.deleted = 5, .before = {pair_of_all}});
  EXPECT_EQ(erase.deleted(), 5);
  expect_all(erase.prev_kvs(0));
}

TEST(Convert, an_answer_within_has_the_header_of_its_own_revision) {
  kv::TxnAnswer answer{.succeeded = true, .responses = {}};
  answer.responses.push_back({.revision = 3, .what = kv::RangeAnswer{.count = 1}});
  answer.responses.push_back({.revision = 4, .what = kv::PutAnswer()});
  answer.responses.push_back({.revision = 5, .what = kv::DeleteAnswer{.deleted = 2}});
  answer.responses.push_back({.revision = 0, .what = kv::TxnAnswer()});
  TxnResponse response;
  fill(response, answer);
  EXPECT_TRUE(response.succeeded());
  ASSERT_EQ(response.responses_size(), 4);
  EXPECT_EQ(response.responses(0).response_range().header().revision(), 3);
  EXPECT_EQ(response.responses(0).response_range().count(), 1);
  EXPECT_EQ(response.responses(1).response_put().header().revision(), 4);
  EXPECT_EQ(response.responses(2).response_delete_range().header().revision(), 5);
  EXPECT_EQ(response.responses(2).response_delete_range().deleted(), 2);
  EXPECT_TRUE(response.responses(3).response_txn().has_header());
  EXPECT_FALSE(response.responses(3).response_txn().succeeded());
}

}  // namespace
}  // namespace bowline::etcd
