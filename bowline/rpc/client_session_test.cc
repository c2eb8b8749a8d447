// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/client_session.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/rpc/client_rig.h"

// The client's session against the server's, from bytes to bytes.
namespace bowline::rpc {
namespace {

using namespace std::chrono_literals;
using Texts = std::vector<std::string>;

TEST(Client, a_unary_call_is_answered) {
  Pair t;
  const Told& told = t.call("/test.Echo/Unary", "hello");
  EXPECT_TRUE(told.ok()) << told.end.why;
  EXPECT_EQ(told.answer, "hello");
  EXPECT_TRUE(told.messages.empty());
  EXPECT_TRUE(t.call("/test.Echo/Unary", "").ok());
  EXPECT_EQ(t.client.session.calls(), 0U);
  EXPECT_EQ(t.wire.session().calls(), 0U);
}

TEST(Client, errors_come_with_their_code_and_their_words_alone) {
  Pair t;
  const Told& told = t.call("/test.Echo/Fails", "no \xe2\x82\xac, 100%");
  ASSERT_TRUE(told.end.status);
  EXPECT_EQ(told.end.status->code, Code::failed_precondition);
  EXPECT_EQ(told.end.status->message, "no \xe2\x82\xac, 100%");
  EXPECT_EQ(told.ends, 1);
  EXPECT_EQ(t.call("/test.Other/Unary", "").end.status->code, Code::unimplemented);
}

TEST(Client, whatever_the_pieces_the_answers_are_the_same) {
  for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 100UL, 5000UL}) {
    Pair t;
    const std::string large(200'000, 'x');
    t.client.session.call("/test.Echo/Unary", large, 1);
    t.client.session.call("/test.Echo/Fails", "so", 2);
    const ClientCall chat = t.client.session.open("/test.Echo/Chat", 3);
    for (const std::string& one : {std::string("a"), std::string(), large})
      t.client.session.send(chat, one);
    t.client.session.half_close(chat);
    t.pump(piece);
    EXPECT_EQ(t.client.told[1].answer, large) << piece;
    EXPECT_EQ(t.client.told[2].end.status->message, "so") << piece;
    EXPECT_EQ(t.client.told[3].messages, (Texts{"a", "", large})) << piece;
    EXPECT_TRUE(t.client.told[3].ok()) << piece;
    EXPECT_EQ(t.client.session.unfinished(), 0U);
  }
}

TEST(Client, both_sides_may_stream_for_long) {
  Pair t;
  const ClientCall chat = t.client.session.open("/test.Echo/Chat", 1);
  for (int i = 0; i < 100; ++i) {
    t.client.session.send(chat, std::to_string(i));
    t.pump();
    ASSERT_EQ(t.client.told[1].messages.size(), static_cast<std::size_t>(i) + 1);
    EXPECT_EQ(t.client.session.queued(chat), 0U);
  }
  EXPECT_EQ(t.client.told[1].ends, 0);
  t.client.session.half_close(chat);
  t.client.session.send(chat, "too late");
  t.pump();
  EXPECT_TRUE(t.client.told[1].ok());
  EXPECT_EQ(t.client.told[1].messages.size(), 100U);
}

TEST(Client, a_thousand_calls_share_a_connection_and_their_places_are_used_again) {
  Pair t({.authority = "test"}, {.most_streams = 50});
  std::uint64_t begun = 0;
  const auto begin = [&] {
    const std::uint64_t tag = ++begun;
    t.client.session.call("/test.Echo/Unary", std::to_string(tag), tag);
  };
  t.client.on_end = [&](std::uint64_t) {
    if (begun < 2000) begin();
  };
  t.pump();  // how many it allows comes with the first that it says
  for (int i = 0; i < 1000; ++i) begin();
  t.pump();
  EXPECT_EQ(begun, 2000U);
  for (std::uint64_t i = 1; i <= 2000; ++i) {
    EXPECT_TRUE(t.client.told[i].ok()) << i << " " << t.client.told[i].end.why;
    EXPECT_EQ(t.client.told[i].answer, std::to_string(i));
  }
}

TEST(Client, who_allows_fewer_calls_is_given_fewer) {
  Pair t({.authority = "test"}, {.most_streams = 2});
  t.pump();
  for (std::uint64_t i = 0; i < 5; ++i) t.client.session.call("/test.Echo/Later", "", i);
  t.pump();
  EXPECT_EQ(t.service.kept.size(), 2U);
  t.service.kept[0].answer("first");
  t.pump();
  EXPECT_EQ(t.service.kept.size(), 3U);
  EXPECT_EQ(t.client.told[0].answer, "first");
}

TEST(Client, a_deadline_is_told_to_the_server_and_kept_here) {
  Pair t;
  t.client.session.call("/test.Echo/Later", "", 1, t.client.now + 5s);
  t.client.session.call("/test.Echo/Later", "", 2, t.client.now + 9s);
  t.pump();
  ASSERT_EQ(t.service.kept.size(), 2U);
  EXPECT_GE(t.service.kept[0].deadline(), t.wire.now() + 5s);
  EXPECT_LT(t.service.kept[0].deadline(), t.wire.now() + 6s);
  t.client.pass(4999ms);
  EXPECT_EQ(t.client.told[1].ends, 0);
  t.client.pass(2ms);
  EXPECT_EQ(t.client.told[1].ends, 1);
  EXPECT_FALSE(t.client.told[1].end.status);
  EXPECT_FALSE(t.client.told[1].end.untouched);
  EXPECT_EQ(t.client.told[1].end.why, "it did not answer in time");
  t.wire.deliver(t.client.said);
  EXPECT_TRUE(t.service.kept[0].over());
  EXPECT_FALSE(t.service.kept[1].over());
  t.client.pass(5s);
  EXPECT_EQ(t.client.told[2].ends, 1);
}

TEST(Client, a_call_that_never_left_is_untouched) {
  ClientRig t;
  t.session.call("/a", "", 1, t.now + 1s);
  t.session.lost("it closed the connection");
  EXPECT_TRUE(t.told[1].end.untouched);
  EXPECT_EQ(t.told[1].end.why, "it closed the connection");
  ClientRig other;
  other.session.call("/a", "", 1);
  other.take();
  other.session.lost("it closed the connection");
  EXPECT_FALSE(other.told[1].end.untouched);
  EXPECT_EQ(other.told[1].ends, 1);
}

TEST(Client, who_calls_when_it_is_over_hears_so_in_the_next_turn) {
  ClientRig t;
  int again = 0;
  t.on_end = [&](std::uint64_t tag) {
    if (++again < 10) t.session.call("/a", "", tag + 1);
  };
  t.session.lost("it closed the connection");
  EXPECT_FALSE(t.session.takes_calls());
  t.session.call("/a", "", 1);
  EXPECT_EQ(t.told[1].ends, 0);
  EXPECT_EQ(t.session.deadline(), t.now);
  t.session.tick(t.now);
  EXPECT_EQ(again, 1);
  EXPECT_TRUE(t.told[1].end.untouched);
  t.pass(1ms);
  EXPECT_EQ(again, 10);
}

TEST(Client, cancelling_is_heard_over_there_and_not_told_here) {
  Pair t;
  const ClientCall open = t.client.session.open("/test.Echo/Open", 1);
  t.pump();
  ASSERT_EQ(t.service.kept.size(), 1U);
  t.client.session.cancel(open);
  t.client.session.send(open, "x");
  t.pump();
  EXPECT_EQ(t.service.cancelled, std::vector{Cancelled::by_client});
  EXPECT_EQ(t.client.told[1].ends, 0);
  // One that has not left yet.
  t.client.session.cancel(t.client.session.open("/test.Echo/Open", 2));
  t.pump();
  EXPECT_EQ(t.service.kept.size(), 1U);
  EXPECT_TRUE(t.call("/test.Echo/Unary", "still").ok());
  EXPECT_EQ(t.client.session.calls(), 0U);
}

TEST(Client, an_old_name_of_a_call_does_nothing_to_the_next_one) {
  Pair t;
  const ClientCall old = t.client.session.call("/test.Echo/Unary", "", 1);
  t.pump();
  const ClientCall next = t.client.session.call("/test.Echo/Later", "", 2);
  EXPECT_EQ(old.place, next.place);
  t.client.session.cancel(old);
  t.pump();
  ASSERT_EQ(t.service.kept.size(), 1U);
  t.service.kept[0].answer("yes");
  t.pump();
  EXPECT_EQ(t.client.told[2].answer, "yes");
}

TEST(Client, what_is_held_is_not_told_and_stops_the_server) {
  Pair t({.authority = "test", .stream_window = 100'000});
  const ClientCall open = t.client.session.open("/test.Echo/Open", 1);
  t.client.session.half_close(open);
  t.pump();
  t.client.session.hold(open, true);
  for (int i = 0; i < 50; ++i) t.service.kept[0].message(std::string(10'000, 'x'));
  t.service.kept[0].finish({});
  t.pump();
  EXPECT_TRUE(t.client.told[1].messages.empty());
  EXPECT_GT(t.wire.session().queued(), 350'000U);
  t.client.session.hold(open, false);
  t.pump();
  EXPECT_EQ(t.client.told[1].messages.size(), 50U);
  EXPECT_TRUE(t.client.told[1].ok());
}

TEST(Client, the_end_waits_behind_what_is_held) {
  Pair t;
  const ClientCall open = t.client.session.open("/test.Echo/Open", 1);
  t.client.session.half_close(open);
  t.pump();
  t.client.on_message = [&](std::uint64_t) { t.client.session.hold(open, true); };
  for (const char* one : {"a", "b", "c"}) t.service.kept[0].message(one);
  t.service.kept[0].finish({Code::aborted, "so"});
  t.pump();
  for (const Texts& so_far : {Texts{"a"}, Texts{"a", "b"}, Texts{"a", "b", "c"}}) {
    EXPECT_EQ(t.client.told[1].messages, so_far);
    EXPECT_EQ(t.client.told[1].ends, 0);
    t.client.session.hold(open, false);
    t.pump();
  }
  EXPECT_EQ(t.client.told[1].end.status, (Status{Code::aborted, "so"}));
}

TEST(Client, a_server_that_leaves_answers_what_is_open_and_gets_nothing_new) {
  Pair t;
  t.client.session.call("/test.Echo/Later", "", 1);
  t.pump();
  t.wire.session().drain(t.wire.now());
  t.pump();
  EXPECT_FALSE(t.client.session.takes_calls());
  t.client.session.call("/test.Echo/Unary", "", 2);
  t.pump();
  EXPECT_TRUE(t.client.told[2].end.untouched);
  EXPECT_EQ(t.client.told[2].end.why, "the server is leaving");
  t.service.kept[0].answer("done");
  t.pump();
  EXPECT_EQ(t.client.told[1].answer, "done");
  EXPECT_TRUE(t.client.session.over());
}

TEST(Client, what_the_server_has_not_looked_at_is_untouched) {
  ClientRig t;
  for (std::uint64_t i = 1; i <= 3; ++i) t.session.call("/a", "", i);  // streams 1, 3 and 5
  t.take();
  t.hear(frame(4, 0, 0, "") + frame(3, 0, 1, std::string("\0\0\0\7", 4)));  // REFUSED_STREAM
  EXPECT_TRUE(t.told[1].end.untouched);
  t.hear(frame(7, 0, 0, std::string("\0\0\0\3\0\0\0\0", 8)));  // GOAWAY behind stream 3
  EXPECT_EQ(t.told[2].ends, 0);
  EXPECT_TRUE(t.told[3].end.untouched);
  t.hear(frame(3, 0, 3, std::string("\0\0\0\2", 4)));  // INTERNAL_ERROR
  EXPECT_FALSE(t.told[2].end.untouched);
  EXPECT_TRUE(t.told[2].end.why.starts_with("it broke the call off")) << t.told[2].end.why;
}

TEST(Client, a_server_that_says_nothing_is_asked_and_then_left) {
  Pair t({.authority = "test", .ping_after = 10s, .ping_within = 2s});
  t.client.pass(1min);  // no call is open
  EXPECT_FALSE(t.client.session.over());
  t.pump();
  t.client.session.call("/test.Echo/Later", "", 1);
  t.pump();
  t.client.pass(11s);
  EXPECT_EQ(t.client.said.size(), 17U);  // a ping
  t.wire.deliver(std::exchange(t.client.said, {}));
  t.pump();
  t.client.pass(9s);
  EXPECT_TRUE(t.client.told[1].ends == 0 && t.client.said.empty());
  t.client.pass(2s);
  EXPECT_EQ(t.client.said.size(), 17U);
  t.client.pass(2s);
  EXPECT_EQ(t.client.told[1].end.why, "it does not answer any more");
  EXPECT_TRUE(t.client.session.over());
}

TEST(Client, what_is_taken_at_once_is_bounded) {
  Pair t;
  t.pump();
  for (std::uint64_t i = 0; i < 50; ++i)
    t.client.session.call("/test.Echo/Unary", std::string(10'000, 'x'), i);
  const std::string some = t.client.take(100'000);
  EXPECT_LT(some.size(), 130'000U);
  EXPECT_GT(some.size(), 50'000U);
  t.wire.deliver(some);
  t.pump();
  for (std::uint64_t i = 0; i < 50; ++i) EXPECT_TRUE(t.client.told[i].ok());
}

TEST(Client, an_answer_that_comes_early_stops_what_we_say) {
  Pair t;
  const ClientCall chat = t.client.session.open("/test.Echo/Open", 1);
  t.client.session.send(chat, "a");
  t.pump();
  t.service.kept[0].finish({Code::out_of_range, "enough"});
  t.pump();
  EXPECT_EQ(t.client.told[1].end.status, (Status{Code::out_of_range, "enough"}));
  t.client.session.send(chat, "b");
  t.pump();
  EXPECT_EQ(t.wire.session().calls(), 0U);
  EXPECT_TRUE(t.call("/test.Echo/Unary", "").ok());
}

}  // namespace
}  // namespace bowline::rpc
