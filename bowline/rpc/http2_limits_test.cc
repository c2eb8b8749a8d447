// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/rpc/framing.h"
#include "bowline/rpc/test_bounded.h"

// What no client may cost us: sizes, floods, time, and memory for what it does not take.
// SEC names a scenario for hostile clients, see docs/RPC.md.
namespace bowline::rpc {
namespace {

using namespace std::chrono_literals;

TEST(Http2Limits, SEC_02_a_message_that_is_too_long_is_refused_before_it_comes) {
  Bounded t({.most_message_bytes = 1000});
  for (const char* path : {"/test.Echo/Unary", "/test.Echo/Chat"}) {
    const std::int32_t fits = t.client.call(path, std::string(1000, 'x'));
    EXPECT_EQ(t.heard(fits).code(), Code::ok);
    const std::int32_t id = t.client.open(path);
    t.client.raw(id, prefix_of(1001));
    EXPECT_EQ(t.heard(id).code(), Code::resource_exhausted);
    EXPECT_EQ(t.client.heard(id).message(),
              "grpc: received message larger than max (1001 vs. 1000)");
    const std::int32_t absurd = t.client.open(path);
    t.client.raw(absurd, prefix_of(0xffffffffU));
    EXPECT_EQ(t.heard(absurd).code(), Code::resource_exhausted);
  }
  EXPECT_EQ(t.wire.session().calls(), 0U);
}

TEST(Http2Limits, a_long_message_gets_the_window_that_it_needs) {
  Bounded t({.stream_window = 65'535});
  const std::string large(1'500'000, 'x');
  for (int i = 0; i < 3; ++i) {
    const std::int32_t id = t.client.call("/test.Echo/Unary", large);
    EXPECT_EQ(t.heard(id).messages, std::vector<std::string>{large});
  }
  const std::int32_t chat = t.client.open("/test.Echo/Chat");
  for (int i = 0; i < 5; ++i) t.client.message(chat, large);
  t.client.half_close(chat);
  EXPECT_EQ(t.heard(chat).messages.size(), 5U);
}

TEST(Http2Limits, many_long_messages_take_turns) {
  Bounded t({.most_unfinished_bytes = 4'000'000, .stream_window = 65'535});
  std::vector<std::int32_t> ids;
  ids.reserve(20);
  for (int i = 0; i < 20; ++i)
    ids.push_back(t.client.call("/test.Echo/Unary", std::string(1'500'000, 'x')));
  t.wire.pump(t.client);
  for (const std::int32_t id : ids) EXPECT_EQ(t.client.heard(id).code(), Code::ok) << id;
}

TEST(Http2Limits, SEC_15_unfinished_requests_of_a_connection_are_bounded) {
  Bounded t({.most_unfinished_bytes = 1'000'000, .stream_window = 65'535});
  std::vector<std::int32_t> ids;
  for (int i = 0; i < 40; ++i) {
    ids.push_back(t.client.open("/test.Echo/Unary"));
    t.client.raw(ids.back(), framed_message(std::string(60'000, 'x')).substr(0, 50'000));
  }
  t.wire.pump(t.client);
  const auto refused = std::ranges::count_if(
      ids, [&](std::int32_t id) { return t.client.heard(id).code() == Code::resource_exhausted; });
  EXPECT_EQ(refused, 20);
  t.client.reset(*std::ranges::find_if(ids, [&](auto id) { return !t.client.heard(id).closed; }));
  EXPECT_EQ(t.heard(t.client.call("/test.Echo/Unary", "fits")).code(), Code::ok);
}

TEST(Http2Limits, SEC_15_empty_messages_that_wait_are_counted_as_what_they_cost) {
  Bounded t({.most_unfinished_bytes = 100'000});
  const std::int32_t id = t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  t.service.kept[0].hold(true);
  for (int i = 0; i < 10'000; ++i) t.client.message(id, "");
  EXPECT_EQ(t.heard(id).code(), Code::resource_exhausted);
  EXPECT_EQ(t.service.cancelled, std::vector{Cancelled::by_us});
}

TEST(Http2Limits, no_more_streams_than_allowed_are_open) {
  Bounded t({.most_streams = 3});
  t.wire.pump(t.client);
  for (int i = 0; i < 10; ++i) t.client.call("/test.Echo/Later", "");
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.kept.size(), 3U);
  t.service.kept[0].answer("");
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.kept.size(), 4U);
}

TEST(Http2Limits, streams_beyond_the_allowed_are_refused_and_cost_nothing) {
  Bounded t({.most_streams = 3});
  t.wire.pump(t.client);
  // By hand, since a good client waits.
  const std::string head("\x83\x86\x84\x41\x01x", 6);
  for (std::uint32_t i = 0; i < 10; ++i)
    t.wire.deliver(frame(headers_frame, end_headers, 2 * i + 1, head));
  EXPECT_EQ(t.wire.session().calls(), 3U);
}

TEST(Http2Limits, headers_that_are_too_long_are_refused) {
  Bounded t({.most_header_bytes = 2000, .most_headers = 20});
  EXPECT_EQ(
      t.heard(t.client.call("/test.Echo/Unary", "", {.more = {{"a", std::string(2000, 'x')}}}))
          .code(),
      Code::resource_exhausted);
  CallOptions many;
  for (int i = 0; i < 30; ++i) many.more.emplace_back("a", "b");
  EXPECT_EQ(t.heard(t.client.call("/test.Echo/Unary", "", many)).code(), Code::resource_exhausted);
  const std::int32_t plain = t.client.open(
      "/health", {.verb = "GET", .content_type = "", .more = {{"a", std::string(2000, 'x')}}});
  EXPECT_EQ(t.heard(plain).field(":status"), "431");
  EXPECT_EQ(t.heard(t.client.call("/test.Echo/Unary", "")).code(), Code::ok);
}

TEST(Http2Limits, a_silent_client_is_asked_whether_it_is_there) {
  Bounded t({.ping_after = 10s, .ping_within = 2s});
  t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  for (int i = 0; i < 10; ++i) t.wire.pass(5s, t.client);
  EXPECT_FALSE(t.wire.over());
  t.wire.pass(11s);  // nobody answers
  EXPECT_FALSE(t.wire.over());
  t.wire.pass(2s);
  EXPECT_TRUE(t.wire.over());
  EXPECT_EQ(t.service.cancelled, std::vector{Cancelled::with_connection});
}

TEST(Http2Limits, SEC_03_who_connects_and_says_nothing_is_closed) {
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  for (const std::size_t said : {0UL, 1UL, 23UL, 24UL, 30UL}) {
    Bounded t({});
    t.wire.deliver((preface + frame(4, 0, 0, "")).substr(0, said));
    t.wire.pass(9s);
    EXPECT_FALSE(t.wire.over()) << said;
    t.wire.pass(1s);
    EXPECT_TRUE(t.wire.over()) << said;
    EXPECT_EQ(t.wire.session().why(), "it connected and said nothing");
  }
}

TEST(Http2Limits, a_connection_without_calls_may_stay_or_not) {
  Bounded stays({.ping_after = 10h});
  stays.wire.pump(stays.client);
  stays.wire.pass(9h, stays.client);
  EXPECT_FALSE(stays.wire.over());
  Bounded goes({.idle_within = 30s});
  goes.client.call("/test.Echo/Later", "");
  goes.wire.pump(goes.client);
  goes.wire.pass(100s, goes.client);
  EXPECT_FALSE(goes.wire.over());
  goes.service.kept[0].answer("");
  goes.wire.pump(goes.client);
  goes.wire.pass(31s, goes.client);
  EXPECT_TRUE(goes.wire.over());
  EXPECT_EQ(goes.wire.session().why(), "");
}

TEST(Http2Limits, SEC_03_a_request_that_does_not_go_on_is_refused) {
  Bounded t({});
  const std::string message = framed_message("hello");
  const std::int32_t unary = t.client.open("/test.Echo/Unary");
  const std::int32_t chat = t.client.open("/test.Echo/Chat");
  const std::int32_t quiet = t.client.open("/test.Echo/Chat");
  const std::int32_t plain = t.client.open("/v3/x", {.content_type = "application/json"});
  t.client.raw(unary, message.substr(0, 1));
  t.client.raw(chat, message.substr(0, 6));
  t.client.raw(plain, "{");
  t.wire.pump(t.client);
  t.wire.pass(59s, t.client);
  EXPECT_EQ(t.wire.session().calls(), 4U);
  t.client.raw(unary, message.substr(1, 1));  // a byte a minute does not help
  t.wire.pump(t.client);
  t.wire.pass(2s, t.client);
  EXPECT_EQ(t.client.heard(unary).code(), Code::deadline_exceeded);
  EXPECT_EQ(t.client.heard(chat).code(), Code::deadline_exceeded);
  EXPECT_EQ(t.client.heard(plain).field(":status"), "408");
  EXPECT_FALSE(t.client.heard(quiet).closed) << "a stream may be quiet for ever";
}

TEST(Http2Limits, what_cannot_come_because_we_hold_it_is_not_late) {
  Bounded t({});
  const std::int32_t id = t.client.open("/test.Echo/Open");
  t.client.raw(id, framed_message("hello").substr(0, 7));
  t.wire.pump(t.client);
  t.service.kept[0].hold(true);
  t.wire.pass(100s, t.client);
  t.service.kept[0].hold(false);
  t.wire.pump(t.client);
  t.wire.pass(59s, t.client);
  EXPECT_FALSE(t.client.heard(id).closed);
  t.wire.pass(2s, t.client);
  EXPECT_EQ(t.client.heard(id).code(), Code::deadline_exceeded);
}

TEST(Http2Limits, a_deadline_drops_what_waits_and_says_nothing_in_the_midst_of_a_message) {
  Bounded t({}, {.window = 0, .updates_windows = false});
  const CallOptions soon{.more = {{"grpc-timeout", "1S"}}};
  const std::int32_t whole = t.client.open("/test.Echo/Open", soon);
  const std::int32_t begun = t.client.open("/test.Echo/Open", soon);
  t.wire.pump(t.client);
  for (Call& call : t.service.kept) call.message(std::string(1000, 'x'));
  t.client.give_window(begun, 100);
  t.wire.pump(t.client);
  t.wire.pass(2s, t.client);
  for (const std::int32_t id : {whole, begun}) {
    EXPECT_EQ(t.client.heard(id).code(), std::nullopt);
    EXPECT_TRUE(t.client.heard(id).closed);
  }
  EXPECT_EQ(t.wire.session().queued(), 0U);
}

TEST(Http2Limits, SEC_14_a_client_that_gives_no_window_costs_a_queue_and_then_nothing) {
  Bounded t({}, {.window = 0, .updates_windows = false});
  const std::int32_t id = t.client.open("/test.Echo/Open");
  t.client.ping();
  t.wire.pump(t.client);
  t.service.kept[0].message(std::string(100'000, 'x'));
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.kept[0].queued(), 100'005U);
  EXPECT_EQ(t.wire.session().queued(), 100'005U);
  t.wire.pass(59s, t.client);
  t.client.give_window(id, 1000);  // it takes something
  t.wire.pump(t.client);
  t.wire.pass(59s, t.client);
  EXPECT_FALSE(t.client.heard(id).closed);
  EXPECT_EQ(t.service.kept[0].queued(), 99'005U);
  t.wire.pass(2s, t.client);
  EXPECT_TRUE(t.client.heard(id).closed);
  EXPECT_EQ(t.service.cancelled, std::vector{Cancelled::by_us});
  EXPECT_EQ(t.wire.session().queued(), 0U);
  EXPECT_FALSE(t.wire.over());
}

TEST(Http2Limits, whoever_sends_much_is_told_when_there_is_room_again) {
  Bounded t({.low_queue_bytes = 10'000}, {.window = 0, .updates_windows = false});
  const std::int32_t id = t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  for (int i = 0; i < 100; ++i) t.service.kept[0].message(std::string(995, 'x'));
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.kept[0].queued(), 100'000U);
  t.client.give_window(id, 89'000);
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.drained, 0);
  t.client.give_window(id, 2'000);
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.kept[0].queued(), 9'000U);
  EXPECT_EQ(t.service.drained, 1);
  t.client.give_window(id, 9'000);
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.drained, 2) << "all of it is gone";
  EXPECT_EQ(t.client.heard(id).messages.size(), 100U);
}

TEST(Http2Limits, one_stream_that_is_not_taken_holds_no_other_up) {
  Bounded t({}, {.window = 1000});
  const std::int32_t slow = t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  t.service.kept[0].message(std::string(5'000'000, 'x'));
  t.wire.pump(t.client);
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(t.heard(t.client.call("/test.Echo/Unary", "x")).code(), Code::ok);
  EXPECT_FALSE(t.client.heard(slow).closed);
}

TEST(Http2Limits, a_large_answer_and_a_small_one_take_turns) {
  Bounded t({}, {.window = 100'000'000});
  const std::int32_t large = t.client.open("/test.Echo/Open");
  const std::int32_t small = t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  t.service.kept[0].message(std::string(5'000'000, 'x'));
  t.client.received(t.wire.take(100'000));
  t.service.kept[1].message("small");
  t.client.received(t.wire.take(200'000));
  EXPECT_EQ(t.client.heard(small).messages.size(), 1U);
  EXPECT_TRUE(t.client.heard(large).messages.empty());
}

TEST(Http2Limits, what_is_handed_to_the_network_at_once_is_bounded) {
  Bounded t({}, {.window = 100'000'000});
  const std::int32_t id = t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  t.service.kept[0].message(std::string(5'000'000, 'x'));
  t.service.kept[0].finish({});
  std::size_t all = 0;
  while (true) {
    const std::string out = t.wire.take(50'000);
    if (out.empty()) break;
    EXPECT_LT(out.size(), 50'000U + 17'000U);
    all += out.size();
    t.client.received(out);
  }
  EXPECT_GT(all, 5'000'000U);
  EXPECT_EQ(t.client.heard(id).code(), Code::ok);
}

TEST(Http2Limits, SEC_03_who_watches_may_take_nothing_for_long_and_others_may_not) {
  for (const bool is_patient : {false, true}) {
    Bounded t({.ping_after = 10h}, {.window = 10, .updates_windows = false});
    t.service.router.find("/test.Echo/Open")->is_patient = is_patient;
    t.wire.pump(t.client);
    t.client.call("/test.Echo/Open", "");
    t.wire.pump(t.client);
    t.service.kept.at(0).message(std::string(1000, 'x'));
    t.wire.pump(t.client);
    t.wire.pass(1h, t.client);
    EXPECT_EQ(t.service.kept[0].over(), !is_patient);
    if (!is_patient) continue;
    // Once it is finished, it is waited for as for any other.
    t.service.kept[0].finish({});
    t.wire.pump(t.client);
    t.wire.pass(59s, t.client);
    EXPECT_EQ(t.wire.session().calls(), 1U);
    t.wire.pass(2s, t.client);
    EXPECT_EQ(t.wire.session().calls(), 0U);
  }
}

TEST(Http2Limits, whoever_takes_nothing_is_not_received_any_more) {
  Bounded t({.most_queued_bytes = 100'000}, {.window = 10, .updates_windows = false});
  t.wire.pump(t.client);
  for (int i = 0; i < 101; ++i) t.client.call("/test.Echo/Unary", std::string(995, 'x'));
  t.wire.deliver(t.client.take());
  t.wire.take();
  EXPECT_FALSE(t.wire.session().holds());  // 10 bytes of each were taken
  t.client.call("/test.Echo/Unary", std::string(1200, 'x'));
  t.wire.deliver(t.client.take());
  t.wire.take();
  EXPECT_TRUE(t.wire.session().holds());
}

TEST(Http2Limits, SEC_15_what_handlers_keep_counts_to_what_the_connection_holds) {
  Bounded t({});
  t.client.open("/test.Echo/Open");
  const std::int32_t other = t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  t.service.kept.at(0).keeps(1000);
  t.service.kept.at(1).keeps(500);
  EXPECT_EQ(t.wire.session().held(), 1500U);
  t.service.kept.at(0).keeps(10);
  EXPECT_EQ(t.wire.session().held(), 510U);
  t.client.reset(other);
  t.wire.pump(t.client);
  EXPECT_EQ(t.wire.session().held(), 10U);
  t.service.kept.at(1).keeps(77);
  EXPECT_EQ(t.wire.session().held(), 10U);
}

TEST(Http2Limits, a_call_knows_what_waits_on_its_connection) {
  Bounded t({}, {.window = 10, .updates_windows = false});
  t.client.open("/test.Echo/Open");
  t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  t.service.kept.at(0).message(std::string(1000, 'x'));
  t.wire.pump(t.client);
  EXPECT_EQ(t.service.kept.at(1).queued(), 0U);
  EXPECT_EQ(t.service.kept.at(1).queued_beside(), t.service.kept.at(0).queued());
  EXPECT_GT(t.service.kept.at(1).queued_beside(), 900U);
}

TEST(Http2Limits, draining_lets_open_calls_end_and_no_others_begin) {
  Bounded t({});
  const std::int32_t open = t.client.call("/test.Echo/Later", "");
  t.wire.pump(t.client);
  t.wire.session().drain(t.wire.now());
  EXPECT_EQ(t.wire.wakes(), 1);
  const std::int32_t under_way = t.client.call("/test.Echo/Later", "");
  t.wire.pump(t.client);
  EXPECT_TRUE(t.client.was_sent_away());
  EXPECT_EQ(t.client.goaway_error(), 0U);
  EXPECT_FALSE(t.wire.over());
  ASSERT_EQ(t.service.kept.size(), 2U) << "it was on its way before the client knew";
  for (Call& call : t.service.kept) call.answer("done");
  EXPECT_EQ(t.heard(open).code(), Code::ok);
  EXPECT_EQ(t.heard(under_way).code(), Code::ok);
  EXPECT_TRUE(t.wire.over());
  EXPECT_EQ(t.wire.session().why(), "");
}

TEST(Http2Limits, draining_an_idle_connection_still_answers_what_is_on_its_way) {
  Bounded t({});
  t.wire.pump(t.client);
  const std::int32_t under_way = t.client.call("/test.Echo/Unary", "x");
  const std::string bytes = t.client.take();
  t.wire.session().drain(t.wire.now());
  t.client.received(t.wire.take());
  EXPECT_TRUE(t.client.was_sent_away());
  EXPECT_FALSE(t.wire.over());
  t.wire.deliver(bytes);
  t.client.received(t.wire.take());
  EXPECT_EQ(t.client.heard(under_way).code(), Code::ok);
  EXPECT_FALSE(t.wire.over()) << "more may be on its way, until the client knows";
  t.wire.pump(t.client);
  EXPECT_TRUE(t.wire.over());
}

TEST(Http2Limits, draining_does_not_wait_for_ever) {
  Bounded t({});
  t.client.open("/test.Echo/Open");
  t.wire.pump(t.client);
  t.wire.session().drain(t.wire.now());
  t.wire.pass(9s, t.client);
  EXPECT_FALSE(t.wire.over());
  t.wire.pass(1s, t.client);
  EXPECT_TRUE(t.wire.over());
  EXPECT_EQ(t.service.cancelled, std::vector{Cancelled::with_connection});
}

TEST(Http2Limits, a_thousand_deadlines_are_not_looked_at_a_thousand_times) {
  Bounded t({});
  for (int i = 1; i <= 1000; ++i)
    t.client.call("/test.Echo/Later", "", {.more = {{"grpc-timeout", std::to_string(i) + "u"}}});
  t.wire.pump(t.client);
  int ticks = 0;
  const Time end = t.wire.now() + 10ms;
  for (Time due = t.wire.session().deadline(); due <= end; due = t.wire.session().deadline()) {
    t.wire.session().tick(due);
    ++ticks;
  }
  EXPECT_LE(ticks, 5);
  t.wire.pump(t.client);
  EXPECT_EQ(t.wire.session().calls(), 0U);
}

}  // namespace
}  // namespace bowline::rpc
