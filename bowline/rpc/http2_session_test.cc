// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/rpc/framing.h"
#include "bowline/rpc/test_rig.h"

// What gRPC asks of a server, as a client sees it.
namespace bowline::rpc {
namespace {

using namespace std::chrono_literals;

struct Http2 : testing::Test {
  Heard heard(std::int32_t id) {
    wire.pump(client);
    return client.heard(id);
  }
  Heard call(std::string_view path, std::string_view request, const CallOptions& options = {}) {
    return heard(client.call(path, request, options));
  }

  EchoService service;
  Wire wire{service.router};
  TestClient client;
};

TEST_F(Http2, a_unary_call_is_answered) {
  const Heard answer = call("/test.Echo/Unary", "hello");
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.field("content-type"), "application/grpc");
  EXPECT_EQ(answer.messages, std::vector<std::string>{"hello"});
  EXPECT_EQ(answer.trailers, (Fields{{"grpc-status", "0"}}));
  EXPECT_TRUE(answer.ended && answer.closed);
  EXPECT_EQ(answer.error, 0U);
  const Method& method = *service.router.find("/test.Echo/Unary");
  EXPECT_EQ(method.started, 1U);
  EXPECT_EQ(method.messages_in, 1U);
  EXPECT_EQ(method.messages_out, 1U);
  EXPECT_EQ(method.finished[0], 1U);
}

struct HeldClock final : env::Clock {
  Time now() const override { return time; }
  std::int64_t wall_ms() const override { return 0; }
  Time time{5s};
};

TEST_F(Http2, calls_are_timed_from_their_heads_to_their_ends_if_somebody_wants_to_know) {
  HeldClock clock;
  call("/test.Echo/Later", "");
  service.router.time_calls(clock);
  const CallTimes& times = *service.router.find("/test.Echo/Later")->times;
  service.kept[0].answer("of before");
  wire.pump(client);
  EXPECT_EQ(times.count(), 0U) << "nobody knows when it began";
  const std::int32_t cancelled = client.call("/test.Echo/Later", "");
  call("/test.Echo/Later", "");
  clock.time = Time{5s + 10ms};
  service.kept[2].answer("");
  EXPECT_EQ(times.count(), 1U);
  EXPECT_EQ(times.up_to(0), 0U) << "of 5 ms";
  EXPECT_EQ(times.up_to(1), 1U) << "of 10 ms";
  clock.time = Time{5s + 3s};
  client.reset(cancelled);
  wire.pump(client);
  EXPECT_EQ(times.count(), 2U);
  EXPECT_EQ(times.up_to(8), 1U) << "of 2.5 s";
  EXPECT_EQ(times.up_to(9), 2U) << "of 5 s";
  EXPECT_EQ(times.sum(), 3010ms);
}

TEST_F(Http2, unary_calls_that_take_long_are_told_of_once_in_a_second_without_what_they_asked) {
  HeldClock clock;
  std::vector<std::string> told;
  service.router.tell_of_slow(std::make_unique<SlowCalls>(
      clock, 300ms, [&](const std::string& sentence) { told.push_back(sentence); }));
  const auto later = [&](Duration took) {
    call("/test.Echo/Later", "secret");
    clock.time = clock.time + took;
    service.kept.back().answer("secrets");
    wire.pump(client);
  };
  later(300ms);
  EXPECT_TRUE(told.empty()) << "it is not longer";
  later(301ms);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], "a call took long: /test.Echo/Later, 301 ms, 6 bytes asked, 7 answered, OK");
  later(400ms);
  later(500ms);
  EXPECT_EQ(told.size(), 1U) << "the second is not over";
  call("/test.Echo/Later", "");
  clock.time = clock.time + 2s;
  service.kept.back().finish({Code::unavailable, "secret"});
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1],
            "a call took long: /test.Echo/Later, 2000 ms, 0 bytes asked, 0 answered, "
            "Unavailable; and 2 others");
  call("/test.Echo/Open", "");  // a stream lasts as long as it likes
  clock.time = clock.time + 20s;
  service.kept.back().finish({});
  EXPECT_EQ(told.size(), 2U);
}

TEST_F(Http2, an_error_without_a_message_is_one_frame) {
  const Heard answer = call("/test.Echo/Fails", "no 100% of\n\xc3\xa4");
  EXPECT_TRUE(answer.trailers.empty());
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.code(), Code::failed_precondition);
  EXPECT_EQ(answer.field("grpc-message"), "no 100%25 of%0A%C3%A4");
  EXPECT_EQ(answer.message(), "no 100% of\n\xc3\xa4");
  EXPECT_TRUE(answer.ended);
}

TEST_F(Http2, an_empty_message_is_a_message) {
  EXPECT_EQ(call("/test.Echo/Unary", "").messages, std::vector<std::string>{""});
}

TEST_F(Http2, a_call_may_be_answered_much_later_and_wakes_the_owner_once) {
  const std::int32_t first = client.call("/test.Echo/Later", "");
  const std::int32_t second = client.call("/test.Echo/Later", "");
  wire.pump(client);
  ASSERT_EQ(service.kept.size(), 2U);
  EXPECT_EQ(wire.wakes(), 0);
  EXPECT_EQ(wire.session().calls(), 2U);
  service.kept[0].answer("one");
  service.kept[1].answer("two");
  EXPECT_EQ(wire.wakes(), 1);
  EXPECT_EQ(heard(first).messages, std::vector<std::string>{"one"});
  EXPECT_EQ(heard(second).messages, std::vector<std::string>{"two"});
  EXPECT_EQ(wire.session().calls(), 0U);
}

TEST_F(Http2, a_call_that_is_dropped_is_answered) {
  EXPECT_EQ(call("/test.Echo/Drops", "").code(), Code::internal);
}

TEST_F(Http2, unknown_methods_are_told_in_grpcs_words) {
  EXPECT_EQ(call("/test.Echo/Nothing", "").message(),
            "unknown method Nothing for service test.Echo");
  EXPECT_EQ(call("/test.Other/Unary", "").message(), "unknown service test.Other");
  EXPECT_EQ(call("/test", "").message(), "malformed method name: \"/test\"");
  EXPECT_EQ(call("/test.Other/Unary", "").code(), Code::unimplemented);
}

// As etcdctl does it for a part of its commands.
TEST_F(Http2, an_authority_may_be_a_url) {
  const std::int32_t id =
      client.call("/test.Echo/Unary", "hello", {.authority = "http://127.0.0.1:2379"});
  wire.pump(client);
  EXPECT_EQ(heard(id).messages, std::vector<std::string>{"hello"});
}

TEST_F(Http2, a_malformed_head_resets_its_stream_and_no_other) {
  for (const Fields& more : {Fields{{":path", "/test.Echo/Unary"}}, Fields{{":unknown", "a"}},
                             Fields{{"a b", "a"}}, Fields{{"connection", "close"}},
                             Fields{{"te", "gzip"}}, Fields{{"a", std::string("b\0", 2)}}}) {
    const std::int32_t id = client.call("/test.Echo/Unary", "hello", {.more = more});
    wire.pump(client);
    EXPECT_TRUE(heard(id).closed) << more[0].first;
    EXPECT_EQ(heard(id).error, NGHTTP2_PROTOCOL_ERROR) << more[0].first;
    EXPECT_TRUE(heard(id).messages.empty()) << more[0].first;
  }
  const std::int32_t relative = client.call("test.Echo/Unary", "hello");
  wire.pump(client);
  EXPECT_EQ(heard(relative).error, NGHTTP2_PROTOCOL_ERROR);
  EXPECT_EQ(call("/test.Echo/Unary", "hello").messages, std::vector<std::string>{"hello"});
}

TEST_F(Http2, a_stream_of_the_server_arrives_in_its_order) {
  const std::int32_t id = client.call("/test.Echo/Open", "watch");
  wire.pump(client);
  EXPECT_EQ(service.messages, std::vector<std::string>{"watch"});
  EXPECT_EQ(service.half_closed, 1);
  service.kept[0].message("one");
  EXPECT_EQ(heard(id).messages.size(), 1U);
  service.kept[0].message("two");
  service.kept[0].message("");
  EXPECT_EQ(heard(id).messages, (std::vector<std::string>{"one", "two", ""}));
  EXPECT_FALSE(client.heard(id).ended);
  service.kept[0].finish({Code::out_of_range, "compacted"});
  EXPECT_EQ(heard(id).code(), Code::out_of_range);
  EXPECT_EQ(client.heard(id).messages.size(), 3U);
}

TEST_F(Http2, a_stream_may_end_well_without_any_message) {
  const std::int32_t id = client.call("/test.Echo/Open", "");
  wire.pump(client);
  service.kept[0].finish({});
  EXPECT_EQ(heard(id).code(), Code::ok);
  EXPECT_TRUE(client.heard(id).ended);
}

TEST_F(Http2, a_stream_of_the_client_is_summed_up) {
  const std::int32_t id = client.open("/test.Echo/Sum");
  for (int i = 0; i < 100; ++i) client.message(id, std::string(1000, 'x'));
  client.half_close(id);
  EXPECT_EQ(heard(id).messages, std::vector<std::string>{"100000"});
}

TEST_F(Http2, both_sides_may_stream) {
  const std::int32_t id = client.open("/test.Echo/Chat");
  client.message(id, "one");
  EXPECT_EQ(heard(id).messages, std::vector<std::string>{"one"});
  client.message(id, "two");
  client.half_close(id);
  EXPECT_EQ(heard(id).messages, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(client.heard(id).code(), Code::ok);
  EXPECT_TRUE(service.cancelled.empty());
}

TEST_F(Http2, messages_wait_for_whoever_listens_and_while_they_are_held) {
  const std::int32_t id = client.open("/test.Echo/Open");
  wire.pump(client);
  service.kept[0].hold(true);
  client.message(id, "one");
  client.message(id, "two");
  client.half_close(id);
  wire.pump(client);
  EXPECT_TRUE(service.messages.empty());
  EXPECT_EQ(service.half_closed, 0);
  service.kept[0].hold(false);
  wire.pump(client);
  EXPECT_EQ(service.messages, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(service.half_closed, 1);
}

TEST_F(Http2, a_client_that_is_held_back_can_send_only_a_window) {
  const std::int32_t id = client.open("/test.Echo/Open");
  wire.pump(client);
  service.kept[0].hold(true);
  for (int i = 0; i < 400; ++i) client.message(id, std::string(1000, 'x'));
  wire.pump(client);
  service.kept[0].listen({.message = [this](auto bytes) { service.messages.emplace_back(bytes); }});
  service.kept[0].hold(false);
  wire.take(0);  // what has come so far is told, and no more can come
  EXPECT_GT(service.messages.size(), 100U);
  EXPECT_LE(service.messages.size() * 1005, Limits{}.stream_window);
  wire.pump(client);
  EXPECT_EQ(service.messages.size(), 400U);
}

TEST_F(Http2, cancelling_is_told_once) {
  const std::int32_t id = client.open("/test.Echo/Open");
  wire.pump(client);
  client.reset(id);
  wire.pump(client);
  EXPECT_EQ(service.cancelled, std::vector{Cancelled::by_client});
  EXPECT_TRUE(service.kept[0].over());
  service.kept[0].message("to nobody");
  service.kept[0].finish({});
  wire.end();
  EXPECT_EQ(service.cancelled.size(), 1U);
  EXPECT_EQ(service.router.find("/test.Echo/Open")->finished[1], 1U);
}

TEST_F(Http2, a_connection_that_ends_cancels_its_calls) {
  client.open("/test.Echo/Open");
  client.call("/test.Echo/Later", "");
  wire.pump(client);
  wire.end();
  EXPECT_EQ(service.cancelled, std::vector{Cancelled::with_connection});
  for (Call& call : service.kept) {
    EXPECT_TRUE(call.over());
    call.answer("to nobody");
  }
}

TEST_F(Http2, a_deadline_ends_a_call) {
  const std::int32_t id = client.open("/test.Echo/Open", {.more = {{"grpc-timeout", "250m"}}});
  wire.pump(client);
  EXPECT_EQ(service.kept[0].deadline(), wire.now() + 250ms);
  wire.pass(249ms, client);
  EXPECT_TRUE(service.cancelled.empty());
  wire.pass(2ms, client);
  EXPECT_EQ(service.cancelled, std::vector{Cancelled::by_deadline});
  EXPECT_EQ(client.heard(id).code(), Code::deadline_exceeded);
  EXPECT_EQ(client.heard(id).message(), "context deadline exceeded");
  EXPECT_TRUE(client.heard(id).closed);
}

TEST_F(Http2, deadlines_are_kept_each_in_its_time) {
  std::vector<std::int32_t> ids;
  for (const int ms : {300, 100, 200, 100'000})
    ids.push_back(client.call("/test.Echo/Later", "",
                              {.more = {{"grpc-timeout", std::to_string(ms) + "m"}}}));
  wire.pump(client);
  const auto ended = [&] {
    return std::ranges::count_if(ids, [&](auto id) { return client.heard(id).ended; });
  };
  wire.pass(150ms, client);
  EXPECT_EQ(ended(), 1);
  wire.pass(100ms, client);
  EXPECT_EQ(ended(), 2);
  wire.pass(100ms, client);
  EXPECT_EQ(ended(), 3);
}

TEST_F(Http2, a_malformed_timeout_is_refused) {
  for (const char* bad : {"", "1", "S", "1s", "-1S", "123456789S", "1.5S", "0x1S"}) {
    const Heard answer = call("/test.Echo/Unary", "", {.more = {{"grpc-timeout", bad}}});
    EXPECT_EQ(answer.field(":status"), "400") << bad;
    EXPECT_EQ(answer.code(), Code::internal) << bad;
  }
  EXPECT_EQ(call("/test.Echo/Unary", "", {.more = {{"grpc-timeout", "99999999H"}}}).code(),
            Code::ok);
}

TEST_F(Http2, what_is_no_grpc_is_told_so_by_its_http_status) {
  for (const char* type : {"application/json", "application/grpcx", ""}) {
    const Heard answer = call("/test.Echo/Unary", "", {.content_type = type});
    EXPECT_EQ(answer.field(":status"), "415") << type;
    EXPECT_EQ(answer.code(), Code::invalid_argument) << type;
  }
  for (const char* type : {"application/grpc+proto", "application/grpc;charset=utf-8"})
    EXPECT_EQ(call("/test.Echo/Unary", "", {.content_type = type}).code(), Code::ok) << type;
  EXPECT_EQ(call("/test.Echo/Unary", "", {.verb = "PUT"}).field(":status"), "405");
}

TEST_F(Http2, compressed_messages_are_refused) {
  Heard answer = call("/test.Echo/Unary", "", {.more = {{"grpc-encoding", "gzip"}}});
  EXPECT_EQ(answer.code(), Code::unimplemented);
  EXPECT_EQ(answer.message(), "grpc: Decompressor is not installed for grpc-encoding \"gzip\"");
  EXPECT_EQ(answer.field("grpc-accept-encoding"), "identity");
  EXPECT_EQ(call("/test.Echo/Unary", "x", {.more = {{"grpc-encoding", "identity"}}}).code(),
            Code::ok);
  for (const char flag : {'\1', '\2'}) {
    const std::int32_t id = client.open("/test.Echo/Unary");
    std::string message = framed_message("x");
    message[0] = flag;
    client.raw(id, message);
    client.half_close(id);
    EXPECT_EQ(heard(id).code(), Code::internal);
  }
}

TEST_F(Http2, a_unary_call_has_exactly_one_message) {
  std::int32_t id = client.open("/test.Echo/Unary");
  client.half_close(id);
  EXPECT_EQ(heard(id).code(), Code::internal);
  id = client.open("/test.Echo/Unary");
  client.message(id, "one");
  client.message(id, "two");
  client.half_close(id);
  EXPECT_EQ(heard(id).code(), Code::internal);
  EXPECT_TRUE(client.heard(id).messages.empty());
  for (const char* path : {"/test.Echo/Unary", "/test.Echo/Chat"}) {
    id = client.open(path);
    client.raw(id, framed_message("one").substr(0, 7));
    client.half_close(id);
    EXPECT_EQ(heard(id).code(), Code::internal) << path;
  }
}

TEST_F(Http2, metadata_is_passed_on) {
  const CallOptions options{
      .more = {{"hasleader", "true"},
               {"user-agent", "grpc-go/1.41"},
               {"trace-bin", base64_encode(std::string_view("\0\xff\x01", 3))}}};
  const auto value = [&](std::string_view name) {
    return call("/test.Echo/Metadata", name, options).messages.at(0);
  };
  EXPECT_EQ(value("hasleader"), "true");
  EXPECT_EQ(value("user-agent"), "grpc-go/1.41");
  EXPECT_EQ(value("trace-bin"), std::string("\0\xff\x01", 3));
  EXPECT_EQ(value("te"), "");
  EXPECT_EQ(value("none"), "");
  EXPECT_EQ(call("/test.Echo/Metadata", "", {.more = {{"x-bin", "***"}}}).field(":status"), "400");
}

TEST_F(Http2, plain_requests_have_their_own_routes) {
  const Heard health = heard(client.get("/health"));
  EXPECT_EQ(health.field(":status"), "200");
  EXPECT_EQ(health.field("content-type"), "application/json");
  EXPECT_EQ(health.field("content-length"), "17");
  EXPECT_EQ(health.body, "{\"health\":\"true\"}");
  const std::int32_t post = client.open("/v3/kv/range?x=1", {.content_type = "application/json"});
  client.raw(post, "{}");
  client.half_close(post);
  EXPECT_EQ(heard(post).body, "POST /v3/kv/range?x=1 {}");
}

TEST_F(Http2, SEC_18_plain_requests_pass_the_same_gate_and_calls_do_not) {
  service.router.gate = {.hosts = {"elsewhere"}};
  EXPECT_EQ(heard(client.get("/health")).field(":status"), "421");
  EXPECT_EQ(call("/test.Echo/Unary", "").code(), Code::ok) << "any authority is good for gRPC";
}

TEST_F(Http2, whatever_the_pieces_the_answers_are_the_same) {
  const std::int32_t unary = client.call("/test.Echo/Unary", std::string(20'000, 'x'));
  const std::int32_t fails = client.call("/test.Echo/Fails", "why");
  const std::int32_t chat = client.open("/test.Echo/Chat");
  for (int i = 0; i < 20; ++i) client.message(chat, std::string(static_cast<std::size_t>(i), 'x'));
  client.half_close(chat);
  const std::int32_t plain = client.get("/v3/x");
  const std::int32_t nothing = client.call("/test.Echo/Nothing", "");
  const std::string bytes = client.take();
  std::vector<std::vector<Heard>> all;
  for (const std::size_t piece : {std::string::npos, 1UL, 2UL, 9UL, 1000UL}) {
    Wire own(service.router);
    TestClient listener;
    (void)listener.take();
    // The same calls by another client, whose bytes these are: it knows what it asked.
    listener.call("/test.Echo/Unary", "");
    listener.call("/test.Echo/Fails", "");
    listener.open("/test.Echo/Chat");
    listener.get("/v3/x");
    listener.call("/test.Echo/Nothing", "");
    (void)listener.take();
    own.deliver(bytes, piece);
    listener.received(own.take());
    std::vector<Heard> heard_all;
    for (const std::int32_t id : {unary, fails, chat, plain, nothing})
      heard_all.push_back(listener.heard(id));
    all.push_back(std::move(heard_all));
  }
  EXPECT_EQ(all[0][0].messages.size(), 1U);
  EXPECT_EQ(all[0][2].messages.size(), 20U);
  for (const auto& one : all) EXPECT_TRUE(one == all[0]);
}

TEST_F(Http2, a_plain_answer_may_come_in_pieces) {
  const std::int32_t id = client.get("/later");
  wire.pump(client);
  service.exchanges[0].begin({.body = "one "});
  EXPECT_EQ(heard(id).body, "one ");
  service.exchanges[0].body("two");
  EXPECT_EQ(heard(id).body, "one two");
  EXPECT_FALSE(client.heard(id).ended);
  service.exchanges[0].end();
  EXPECT_TRUE(heard(id).ended);
  const std::int32_t cut = client.get("/later");
  wire.pump(client);
  service.exchanges[1].begin({.body = "one "});
  wire.pump(client);
  service.exchanges[1] = {};
  EXPECT_FALSE(heard(cut).ended);
  EXPECT_TRUE(client.heard(cut).closed);
}

TEST_F(Http2, an_answer_that_comes_early_stops_the_client) {
  const std::int32_t id = client.open("/test.Echo/Open");
  wire.pump(client);
  service.kept[0].finish({Code::unavailable, "etcdserver: no leader"});
  wire.pump(client);
  EXPECT_EQ(client.heard(id).code(), Code::unavailable);
  EXPECT_TRUE(client.heard(id).closed);
  EXPECT_EQ(client.heard(id).error, 0U);
  EXPECT_EQ(wire.session().calls(), 0U);
}

TEST_F(Http2, a_hook_may_finish_drop_or_replace_what_it_belongs_to) {
  int replaced = 0;
  service.router.bidirectional("/test.Echo/Odd", [&](Call call) {
    const auto shared = std::make_shared<Call>(std::move(call));
    shared->listen({.message = [shared, &replaced](std::string_view) {
      shared->listen({.message = [shared, &replaced](std::string_view) {
        ++replaced;
        shared->finish({});
      }});
    }});
  });
  const std::int32_t id = client.open("/test.Echo/Odd");
  for (int i = 0; i < 5; ++i) client.message(id, "x");
  EXPECT_EQ(heard(id).code(), Code::ok);
  EXPECT_EQ(replaced, 1);
}

}  // namespace
}  // namespace bowline::rpc
