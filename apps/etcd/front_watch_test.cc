// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

namespace bowline::apps {
namespace {

using namespace etcdserverpb;
using etcd::Wrong;

class FrontWatchTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    shared_trio = std::make_unique<FrontTrio>(7s);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(shared_trio->is_ready(i));
  }
  static void TearDownTestSuite() { shared_trio.reset(); }
  FrontTrio& trio() { return *shared_trio; }

  void SetUp() override {
    at = (trio().leader() + 1) % 3;
    stream = trio().stream(at, "Watch/Watch");
  }
  std::int64_t put(const std::string& key, const std::string& value) {
    PutRequest request;
    request.set_key(key);
    request.set_value(value);
    return trio().ask<PutResponse>(at, "KV/Put", request)->header().revision();
  }
  void erase(const std::string& key) {
    DeleteRangeRequest request;
    request.set_key(key);
    EXPECT_TRUE(trio().ask<DeleteRangeResponse>(at, "KV/DeleteRange", request));
  }
  void compact(std::int64_t revision) {
    CompactionRequest request;
    request.set_revision(revision);
    EXPECT_TRUE(trio().ask<CompactionResponse>(at, "KV/Compact", request));
  }
  void send(const WatchCreateRequest& create) {
    WatchRequest request;
    *request.mutable_create_request() = create;
    trio().send(at, stream, request);
  }
  static WatchCreateRequest watch(const std::string& key, std::int64_t start = 0) {
    WatchCreateRequest create;
    create.set_key(key);
    create.set_start_revision(start);
    return create;
  }
  void cancel(std::int64_t id) {
    WatchRequest request;
    request.mutable_cancel_request()->set_watch_id(id);
    trio().send(at, stream, request);
  }
  void ask_progress() {
    WatchRequest request;
    request.mutable_progress_request();
    trio().send(at, stream, request);
  }
  WatchResponse next() {
    WatchResponse response;
    EXPECT_TRUE(response.ParseFromString(stream->next()));
    return response;
  }
  static std::string text(const WatchResponse& response) {
    std::string out = std::to_string(response.watch_id()) + ":";
    for (const mvccpb::Event& event : response.events())
      out += (event.type() == mvccpb::Event::PUT ? " +" : " -") + event.kv().key() +
             (event.type() == mvccpb::Event::PUT ? "=" + event.kv().value() : "") +
             (event.has_prev_kv() ? "(" + event.prev_kv().value() + ")" : "");
    return out;
  }

  static inline std::unique_ptr<FrontTrio> shared_trio;
  std::size_t at = 0;
  std::shared_ptr<PlayedCall> stream;
};

TEST_F(FrontWatchTest, a_watch_is_created_and_then_told_what_happens) {
  const std::int64_t before = put("a", "0");
  send(watch("a"));
  const WatchResponse created = next();
  EXPECT_TRUE(created.created());
  EXPECT_EQ(created.watch_id(), 0);
  EXPECT_EQ(created.header().revision(), before);
  EXPECT_EQ(created.header().member_id(), at + 1);
  const std::int64_t revision = put("a", "1");
  const WatchResponse event = next();
  EXPECT_EQ(text(event), "0: +a=1");
  EXPECT_EQ(event.header().revision(), revision);
  EXPECT_EQ(event.events(0).kv().mod_revision(), revision);
}

TEST_F(FrontWatchTest, the_past_is_told_from_the_revision_that_is_named) {
  const std::int64_t first = put("past", "1");
  put("past", "2");
  erase("past");
  WatchCreateRequest create = watch("past", first);
  create.set_prev_kv(true);
  send(create);
  EXPECT_TRUE(next().created());
  EXPECT_EQ(text(next()), "0: +past=1 +past=2(1) -past(2)");
}

// Not when a timer rings, or when the next heartbeat comes.
TEST_F(FrontWatchTest, the_past_is_told_at_once) {
  const std::int64_t revision = put("old", "1");
  std::vector<std::chrono::nanoseconds> took;
  for (int i = 0; i < 21; ++i) {
    const auto from = std::chrono::steady_clock::now();
    send(watch("old", revision));
    EXPECT_TRUE(next().created());
    EXPECT_EQ(next().events_size(), 1);
    took.push_back(std::chrono::steady_clock::now() - from);
  }
  std::ranges::sort(took);
  EXPECT_LT(took[10], 20ms);
}

TEST_F(FrontWatchTest, what_is_filtered_is_not_told) {
  WatchCreateRequest create = watch("filter");
  create.add_filters(WatchCreateRequest::NOPUT);
  send(create);
  EXPECT_TRUE(next().created());
  put("filter", "1");
  erase("filter");
  EXPECT_EQ(text(next()), "0: -filter");
  create.set_filters(0, WatchCreateRequest::NODELETE);
  send(create);
  EXPECT_TRUE(next().created());
  put("filter", "2");
  EXPECT_EQ(text(next()), "1: +filter=2");
}

TEST_F(FrontWatchTest, ids_are_chosen_by_either_side) {
  for (const std::int64_t id : {0, 0, 7, 0, 3, 0}) {
    WatchCreateRequest create = watch("ids");
    create.set_watch_id(id);
    send(create);
  }
  for (const std::int64_t id : {0, 1, 7, 2, 3, 4}) EXPECT_EQ(next().watch_id(), id);
  WatchCreateRequest again = watch("ids");
  again.set_watch_id(7);
  send(again);
  const WatchResponse refused = next();
  EXPECT_TRUE(refused.created() && refused.canceled());
  EXPECT_EQ(refused.watch_id(), -1);
  EXPECT_EQ(refused.cancel_reason(), "mvcc: duplicate watch ID provided on the WatchStream");
}

TEST_F(FrontWatchTest, a_range_that_is_empty_and_a_time_before_all_are_refused) {
  WatchCreateRequest create = watch("b");
  create.set_range_end("a");
  send(create);
  WatchResponse refused = next();
  EXPECT_TRUE(refused.created() && refused.canceled());
  EXPECT_EQ(refused.watch_id(), -1);
  EXPECT_EQ(refused.cancel_reason(), "mvcc: watcher range is empty");
  send(watch("b", -1));
  refused = next();
  EXPECT_TRUE(refused.created() && refused.canceled());
  EXPECT_EQ(refused.cancel_reason(), text_of(Wrong::compacted));
}

TEST_F(FrontWatchTest, an_empty_key_and_a_zero_byte_watch_everything) {
  WatchCreateRequest create;
  create.set_range_end(std::string(1, '\0'));
  send(create);
  EXPECT_TRUE(next().created());
  put("everything", "1");
  EXPECT_EQ(text(next()), "0: +everything=1");
}

TEST_F(FrontWatchTest, what_was_cancelled_is_told_nothing_more) {
  send(watch("cancel"));
  send(watch("cancel"));
  next();
  next();
  cancel(0);
  const WatchResponse done = next();
  EXPECT_TRUE(done.canceled());
  EXPECT_EQ(done.watch_id(), 0);
  cancel(0);  // nobody says anything to that
  put("cancel", "1");
  EXPECT_EQ(text(next()), "1: +cancel=1");
}

TEST_F(FrontWatchTest, a_watch_that_begins_before_what_is_kept_is_created_and_then_cancelled) {
  put("compacted", "1");
  const std::int64_t revision = put("compacted", "2");
  const std::int64_t last = put("compacted", "3");
  compact(revision);
  send(watch("compacted", revision - 1));
  EXPECT_TRUE(next().created());
  const WatchResponse done = next();
  EXPECT_TRUE(done.canceled());
  EXPECT_EQ(done.compact_revision(), revision);
  EXPECT_EQ(done.header().revision(), 0);
  send(watch("compacted", revision));
  EXPECT_TRUE(next().created());
  EXPECT_EQ(text(next()), "1: +compacted=2 +compacted=3");
  EXPECT_GT(last, revision);
}

TEST_F(FrontWatchTest, progress_is_told_when_all_has_been) {
  ask_progress();  // of no watch at all: no answer
  send(watch("progress"));
  EXPECT_TRUE(next().created());
  const std::int64_t revision = put("progress", "1");
  EXPECT_EQ(text(next()), "0: +progress=1");
  ask_progress();
  const WatchResponse progress = next();
  EXPECT_EQ(progress.watch_id(), -1);
  EXPECT_EQ(progress.header().revision(), revision);
  EXPECT_EQ(progress.events_size(), 0);
}

TEST_F(FrontWatchTest, a_client_that_does_not_read_is_told_later_and_misses_nothing) {
  send(watch("slow"));
  EXPECT_TRUE(next().created());
  trio()[at].run([&](host::Shard&) { stream->waits = 64 << 20; });
  for (int i = 0; i < 5; ++i) put("slow", std::to_string(i));
  EXPECT_EQ(stream->messages(), 1U);
  trio()[at].run([&](host::Shard&) {
    stream->waits = 0;
    stream->hooks().drained();
  });
  std::string all;
  while (!all.ends_with("+slow=4")) {
    const WatchResponse some = next();
    ASSERT_GT(some.events_size(), 0);
    all += text(some).substr(2);
  }
  EXPECT_EQ(all, " +slow=0 +slow=1 +slow=2 +slow=3 +slow=4");
}

// As one that reads slowly: what waits becomes less long before it is little.
TEST_F(FrontWatchTest, of_two_watches_on_a_slow_stream_neither_is_forgotten) {
  send(watch("slow a"));
  send(watch("slow b"));
  EXPECT_TRUE(next().created());
  EXPECT_TRUE(next().created());
  trio()[at].run([&](host::Shard&) { stream->waits = 2 << 20; });
  put("slow a", "1");
  trio()[at].run([&](host::Shard&) { stream->waits = 500 << 10; });
  put("slow b", "1");
  EXPECT_EQ(stream->messages(), 2U);
  trio()[at].run([&](host::Shard&) {
    stream->waits = 0;
    stream->hooks().drained();
  });
  std::vector<std::string> told{text(next()), text(next())};
  std::ranges::sort(told);
  EXPECT_EQ(told, (std::vector<std::string>{"0: +slow a=1", "1: +slow b=1"}));
}

TEST_F(FrontWatchTest, bytes_that_are_no_request_end_the_stream) {
  trio()[at].run([&](host::Shard&) { stream->send("\xff\xff nonsense"); });
  EXPECT_EQ(stream->status().code, rpc::Code::internal);
}

// ---- without a leader

TEST(FrontAlone, without_a_quorum_nothing_is_promised_and_old_state_is_served) {
  FrontTrio trio(300ms);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio.is_ready(i));
  PutRequest put;
  put.set_key("a");
  put.set_value("1");
  const std::size_t led = trio.leader();
  ASSERT_TRUE(trio.ask<PutResponse>((led + 1) % 3, "KV/Put", put));
  const std::size_t left = (led + 1) % 3;
  const auto wants_leader = trio.stream(left, "Watch/Watch", true);
  const auto patient = trio.stream(left, "Watch/Watch");
  trio[led].node.reset();
  trio[(led + 2) % 3].node.reset();
  EXPECT_EQ(trio.ask<PutResponse>(left, "KV/Put", put).error().code, rpc::Code::unavailable);
  EXPECT_EQ(trio.ask<PutResponse>(left, "KV/Put", put).error(), status_of(Wrong::timed_out));
  RangeRequest range;
  range.set_key("a");
  EXPECT_EQ(trio.ask<RangeResponse>(left, "KV/Range", range).error(), status_of(Wrong::timed_out));
  range.set_serializable(true);
  EXPECT_EQ(trio.ask<RangeResponse>(left, "KV/Range", range)->kvs(0).value(), "1");
  EXPECT_EQ(wants_leader->status(), status_of(Wrong::no_leader));
  EXPECT_EQ(trio.stream(left, "Watch/Watch", true)->status(), status_of(Wrong::no_leader));
  EXPECT_EQ(patient->messages(), 0U);
  MemberListRequest list;
  EXPECT_EQ(trio.ask<MemberListResponse>(left, "Cluster/MemberList", list)->members_size(), 3);
  const auto status = trio.ask<StatusResponse>(left, "Maintenance/Status", StatusRequest());
  ASSERT_TRUE(status);
  ASSERT_EQ(status->errors_size(), 1);
  EXPECT_EQ(status->errors(0), "etcdserver: no leader");
}

// As of a client that comes to another member at once when the leader is killed.
TEST(FrontAlone, a_watch_that_wants_a_leader_may_begin_while_the_next_one_is_elected) {
  FrontTrio trio(300ms);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio.is_ready(i));
  const std::size_t led = trio.leader();
  const std::size_t left = (led + 1) % 3;
  trio[led].node.reset();
  trio[(led + 2) % 3].node.reset();
  const auto stream = std::make_shared<PlayedCall>("/etcdserverpb.Watch/Watch");
  stream->head_to_change().metadata.add("hasleader", "true");
  WatchRequest request;
  request.mutable_create_request()->set_key("a");
  for (bool is_open = false; !is_open;)
    trio[left].run([&](host::Shard& shard) {
      if (shard.find(GroupId{1})->core().leader()) return;
      trio[left].front->router().find("/etcdserverpb.Watch/Watch")->stream(rpc::Call(stream));
      stream->send(request.SerializeAsString());
      is_open = true;
    });
  WatchResponse response;
  ASSERT_TRUE(response.ParseFromString(stream->next()));
  EXPECT_TRUE(response.created());
  EXPECT_EQ(stream->status(), status_of(Wrong::no_leader));  // nobody was elected
}

}  // namespace
}  // namespace bowline::apps
