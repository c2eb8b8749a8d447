// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"
#include "bowline/etcd/convert.h"
#include "bowline/etcd/ranges.h"

// Ranges that look at many keys, at a front that looks at very few in each turn of its loop.
namespace bowline::apps {
namespace {

using namespace etcdserverpb;
using etcd::Wrong;
using Played = std::shared_ptr<PlayedCall>;

constexpr int many_keys = 5000;
constexpr const char* range_path = "/etcdserverpb.KV/Range";

class FrontLongRangeTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    slow_trio = std::make_unique<FrontTrio>(7s, [](std::size_t, etcd::Front::Options& options) {
      options.settings.limits.range_keys = 1;
      options.settings.limits.txn_ops = many_keys;
    });
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(slow_trio->is_ready(i));
    at = slow_trio->leader();
    for (int times = 0; times < 2; ++times) fill();
  }
  static void TearDownTestSuite() { slow_trio.reset(); }
  static void fill() {
    TxnRequest txn;
    for (int i = 0; i < many_keys; ++i) {
      PutRequest& put = *txn.add_success()->mutable_request_put();
      put.set_key("many/" + std::to_string(i));
      put.set_value(std::to_string(i % 10));
    }
    const auto done = slow_trio->ask<TxnResponse>(at, "KV/Txn", txn);
    ASSERT_TRUE(done) << done.error().message;
    filled_at = done->header().revision();
  }
  FrontTrio& trio() { return *slow_trio; }
  FrontMember& member() { return trio()[at]; }

  static RangeRequest all() {
    RangeRequest request;
    request.set_key("many/");
    request.set_range_end("many0");
    request.set_serializable(true);
    return request;
  }
  // Takes a turn of the loop for each version of each key.
  static RangeRequest old() {
    RangeRequest request = all();
    request.set_revision(filled_at - 4);
    return request;
  }
  static void fill_often() {
    for (int times = 0; times < 4; ++times) fill();
  }
  // On the thread of the member.
  Played ask(const RangeRequest& request) {
    auto call = std::make_shared<PlayedCall>(range_path);
    member().front->router().find(range_path)->unary(rpc::Call(call), request.SerializeAsString());
    return call;
  }
  // What it would be answered now, in one go; the header is that of a small one.
  std::string in_one_go(const RangeRequest& request) {
    RangeRequest small;
    small.set_key("many/1");
    small.set_serializable(true);
    RangeResponse response;
    *response.mutable_header() = answer_of(ask(small)).header();
    etcd::fill(response, *member().machine->map().store().range(etcd::to_kv(request)));
    return response.SerializeAsString();
  }
  std::int64_t put(const std::string& key) {
    PutRequest request;
    request.set_key(key);
    const auto done = trio().ask<PutResponse>(at, "KV/Put", request);
    EXPECT_TRUE(done) << done.error().message;
    return done ? done->header().revision() : 0;
  }
  void compact(std::int64_t revision) {
    CompactionRequest request;
    request.set_revision(revision);
    const auto done = trio().ask<CompactionResponse>(at, "KV/Compact", request);
    EXPECT_TRUE(done) << done.error().message;
  }
  static RangeResponse answer_of(const Played& call) {
    const rpc::Status status = call->status();
    EXPECT_TRUE(status.ok()) << status.message;
    RangeResponse response;
    EXPECT_TRUE(response.ParseFromString(call->next()));
    return response;
  }
  // A snapshot of its own state takes the place of its state.
  void replace_state() {
    const std::unique_ptr<machine::Reader> reader = member().machine->snapshot();
    const std::unique_ptr<machine::Writer> writer = member().machine->restore();
    while (true) {
      const Result<std::string> part = reader->next(1 << 16);
      ASSERT_TRUE(part);
      if (part->empty()) break;
      ASSERT_TRUE(writer->add(*part));
    }
    ASSERT_TRUE(writer->commit());
  }

  static inline std::unique_ptr<FrontTrio> slow_trio;
  static inline std::size_t at = 0;
  static inline std::int64_t filled_at = 0;  // for the last time
};

TEST_F(FrontLongRangeTest, in_slices_the_answer_has_the_same_bytes_whatever_is_written_meanwhile) {
  std::vector<RangeRequest> requests(6, all());
  requests[1].set_limit(100);
  requests[2].set_sort_target(RangeRequest::VALUE);
  requests[2].set_sort_order(RangeRequest::DESCEND);
  requests[3].set_keys_only(true);
  requests[3].set_revision(filled_at);
  requests[4].set_count_only(true);
  requests[4].set_revision(filled_at - 1);
  requests[5].set_min_mod_revision(1'000'000);
  std::vector<std::string> wanted;
  std::vector<Played> calls;
  member().run([&](host::Shard&) {
    for (const RangeRequest& request : requests) {
      wanted.push_back(in_one_go(request));
      calls.push_back(ask(request));
    }
  });
  put("many/1");
  put("many/new");
  compact(put("many/2"));
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_TRUE(calls[i]->status().ok()) << calls[i]->status().message;
    EXPECT_TRUE(calls[i]->next() == wanted[i]) << "range " << i;
  }
}

TEST_F(FrontLongRangeTest, a_put_that_is_asked_later_is_answered_before_a_long_range) {
  fill_often();
  Played call;
  member().run([&](host::Shard&) { call = ask(old()); });
  PutRequest request;
  request.set_key("beside");
  const Played later = trio().call(at, "/etcdserverpb.KV/Put", request.SerializeAsString());
  EXPECT_TRUE(later->status().ok());
  EXPECT_GE(answer_of(call).kvs_size(), many_keys);
  EXPECT_LT(later->order(), call->order());
}

TEST_F(FrontLongRangeTest, a_short_range_does_not_wait_for_a_long_one) {
  member().run([&](host::Shard&) {
    const Played longer = ask(all());
    RangeRequest request;
    request.set_key("many/1");
    request.set_serializable(true);
    const Played shorter = ask(request);
    EXPECT_EQ(shorter->messages(), 1U);
    EXPECT_EQ(longer->messages(), 0U);
  });
}

TEST_F(FrontLongRangeTest, long_ranges_take_turns) {
  Played first;
  Played second;
  member().run([&](host::Shard&) {
    RangeRequest request = all();
    first = ask(request);
    request.set_key("many/499");
    second = ask(request);
  });
  EXPECT_GT(answer_of(second).kvs_size(), 10);
  EXPECT_GE(answer_of(first).kvs_size(), many_keys);
  EXPECT_LT(second->order(), first->order()) << "it has a tenth of that to do";
}

TEST_F(FrontLongRangeTest, a_client_that_is_gone_ends_its_range) {
  Played gone;
  Played stays;
  member().run([&](host::Shard&) {
    gone = ask(all());
    stays = ask(all());
    gone->is_gone = true;
  });
  EXPECT_EQ(gone->status().code, rpc::Code::internal) << "it was let go";
  EXPECT_GE(answer_of(stays).kvs_size(), many_keys);
  EXPECT_LT(gone->order(), stays->order());
}

TEST_F(FrontLongRangeTest, when_the_state_is_replaced_it_begins_anew) {
  std::string wanted;
  Played present;
  Played past;
  member().run([&](host::Shard&) {
    present = ask(all());
    RangeRequest request = all();
    request.set_revision(filled_at);
    past = ask(request);
    replace_state();
    wanted = in_one_go(all());
  });
  EXPECT_TRUE(present->status().ok());
  EXPECT_TRUE(present->next() == wanted);
  const RangeResponse again = answer_of(past);
  EXPECT_GE(again.kvs_size(), many_keys);
  for (const mvccpb::KeyValue& pair : again.kvs()) EXPECT_LE(pair.mod_revision(), filled_at);
}

TEST_F(FrontLongRangeTest, what_is_compacted_in_a_state_that_takes_the_place_is_refused) {
  fill_often();
  Played call;
  member().run([&](host::Shard&) { call = ask(old()); });
  compact(filled_at);
  member().run([&](host::Shard&) {
    ASSERT_EQ(call->messages(), 0U) << "it is under way still";
    replace_state();
  });
  EXPECT_EQ(call->status(), status_of(Wrong::compacted));
}

TEST_F(FrontLongRangeTest, too_many_long_ranges_of_a_connection_are_refused) {
  std::vector<Played> calls;
  member().run([&](host::Shard&) {
    for (std::size_t i = 0; i <= etcd::Ranges::most_of_a_connection; ++i)
      calls.push_back(ask(all()));
    EXPECT_EQ(calls.back()->status(), status_of(Wrong::too_many_requests));
    const auto other = std::make_shared<PlayedCall>(range_path);
    other->head_to_change().peer = "somebody else";
    member().front->router().find(range_path)->unary(rpc::Call(other), all().SerializeAsString());
    calls.pop_back();
    for (const Played& call : calls) call->is_gone = true;
    calls = {other};
  });
  EXPECT_TRUE(calls[0]->status().ok());
}

}  // namespace
}  // namespace bowline::apps
