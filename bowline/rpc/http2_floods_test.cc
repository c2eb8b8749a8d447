// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/rpc/test_bounded.h"

// Frames that cost their sender little and us much: they are counted, and then the connection ends.
namespace bowline::rpc {
namespace {

using namespace std::chrono_literals;

// One header that is kept for later, and then named again and again by one byte each.
TEST(Http2Floods, SEC_14_a_header_bomb_ends_the_connection) {
  Bounded t({});
  t.wire.pump(t.client);
  std::string head("\x83\x86\x84\x41\x01x", 6);
  head += std::string(
              "\x40\x01"
              "a\x7f\x91\x1e",
              6) +
          std::string(4000, 'x');  // literal, indexed: "a", of 4,000 letters
  head += std::string(10'000, '\xbe');
  t.wire.deliver(frame(headers_frame, end_headers, 1, head));
  t.expect_sent_away("header list too large");
}

TEST(Http2Floods, SEC_14_rapid_resets_end_the_connection) {
  Bounded t({.resets_a_second = 10, .resets_at_once = 100});
  for (int i = 0; i < 101; ++i) {
    const std::int32_t id = t.client.call("/test.Echo/Later", "");
    t.wire.pump(t.client);
    t.client.reset(id);
    t.wire.pump(t.client);
    ASSERT_EQ(t.wire.over(), i == 100) << i;
  }
  t.expect_sent_away("too many resets");
  for (const Call& call : t.service.kept) EXPECT_TRUE(call.over());
}

TEST(Http2Floods, resets_now_and_then_are_fine) {
  Bounded t({.resets_a_second = 10, .resets_at_once = 100});
  for (int i = 0; i < 1000; ++i) {
    const std::int32_t id = t.client.call("/test.Echo/Later", "");
    t.wire.pump(t.client);
    t.client.reset(id);
    t.wire.pass(100ms, t.client);
  }
  EXPECT_FALSE(t.wire.over());
}

TEST(Http2Floods, SEC_14_a_continuation_flood_ends_the_connection) {
  Bounded t({});
  t.wire.pump(t.client);
  t.wire.deliver(frame(headers_frame, 0, 1, std::string("\x83\x86\x84\x41\x01x", 6)));
  for (int i = 0; i < 17; ++i) t.wire.deliver(frame(9, 0, 1, ""));
  t.expect_sent_away("too many continuations");
}

TEST(Http2Floods, SEC_14_floods_of_frames_that_bring_nothing_end_the_connection) {
  for (const std::string& one : {frame(4, 0, 0, ""), frame(2, 0, 1, std::string(5, '\1'))}) {
    Bounded t({.controls_a_second = 10, .controls_at_once = 100});
    t.wire.pump(t.client);
    int sent = 0;
    while (!t.wire.over() && sent < 1000) {
      t.wire.deliver(one);
      t.wire.take();
      ++sent;
    }
    EXPECT_GE(sent, 95);
    EXPECT_LE(sent, 101);
    EXPECT_EQ(t.wire.session().why(), "it sent more than 10 frames a second that bring nothing");
  }
  Bounded t({.controls_a_second = 10, .controls_at_once = 100});
  const std::int32_t id = t.client.open("/test.Echo/Chat");
  t.wire.pump(t.client);
  for (int i = 0; i < 101; ++i) t.wire.deliver(frame(0, 0, static_cast<std::uint32_t>(id), ""));
  t.expect_sent_away("too many control frames");
}

// Behind the head of a request that goes on, and of one that was answered.
TEST(Http2Floods, SEC_14_a_flood_of_trailing_headers_ends_the_connection) {
  const std::string some = frame(headers_frame, end_headers, 1, std::string("\0\1a\1b", 5));
  for (const std::string path : {"/test.Echo/Chat", "/test.Echo/Unary"}) {
    Bounded t({.controls_a_second = 10, .controls_at_once = 100});
    ASSERT_EQ(t.client.open(path), 1);
    t.client.message(1, "x");
    if (path.ends_with("Unary")) t.client.half_close(1);
    t.wire.pump(t.client);
    int sent = 0;
    for (; !t.wire.over() && sent < 1000; ++sent) {
      t.wire.deliver(some);
      t.wire.take();
    }
    EXPECT_GE(sent, 95) << path;
    EXPECT_LE(sent, 101) << path;
    EXPECT_EQ(t.wire.session().why(), "it sent more than 10 frames a second that bring nothing");
  }
}

TEST(Http2Floods, many_requests_are_no_flood) {
  Bounded t({.controls_a_second = 10, .controls_at_once = 100});
  for (int i = 0; i < 1000; ++i) {
    const std::int32_t id = t.client.call("/test.Echo/Unary", "x");
    EXPECT_EQ(t.heard(id).code(), Code::ok) << i;
  }
  EXPECT_FALSE(t.wire.over());
}

// Each wants an answer, and none is taken.
TEST(Http2Floods, SEC_14_settings_and_pings_whose_answers_nobody_takes_are_bounded) {
  for (const std::string& one : {frame(4, 0, 0, ""), frame(6, 0, 0, "01234567")}) {
    Bounded t({.ping_at_most_every = 0s, .controls_at_once = 1'000'000});
    t.wire.pump(t.client);
    std::string many;
    for (int i = 0; i < 2000; ++i) many += one;
    t.wire.deliver(many);
    EXPECT_LT(t.wire.take().size(), 40'000U);
    EXPECT_TRUE(t.wire.over());
  }
}

TEST(Http2Floods, pings_are_answered_but_not_too_many_of_them) {
  Bounded t({});
  for (int i = 0; i < 20; ++i) {
    t.client.ping();
    t.wire.pass(5s, t.client);
  }
  EXPECT_EQ(t.client.pongs(), 20);
  for (int i = 0; i < 3; ++i) {
    t.wire.pass(4s, t.client);
    EXPECT_FALSE(t.wire.over());
    t.client.ping();
    t.wire.pump(t.client);
  }
  t.expect_sent_away("too_many_pings");
}

TEST(Http2Floods, pings_while_something_is_sent_are_fine) {
  Bounded t({});
  const std::int32_t id = t.client.open("/test.Echo/Chat");
  for (int i = 0; i < 100; ++i) {
    t.client.ping();
    t.client.message(id, "x");
    t.wire.pump(t.client);
  }
  EXPECT_FALSE(t.wire.over());
  EXPECT_EQ(t.client.pongs(), 100);
}

TEST(Http2Floods, a_frame_that_is_too_long_ends_the_connection_however_it_comes) {
  for (const std::size_t piece : {std::string::npos, 1UL, 10UL, 11UL}) {
    Bounded t({});
    const std::int32_t id = t.client.open("/test.Echo/Chat");
    t.client.message(id, "one");
    t.client.half_close(id);
    std::string bytes = t.client.take() + std::string("\x09\0\0\x06\x04\0\0\0\0\0\0", 11);
    bytes += std::string(100, '\0');
    for (std::string_view rest = bytes; !rest.empty();
         rest.remove_prefix(std::min(piece, rest.size()))) {
      t.wire.deliver(rest.substr(0, piece));
      t.client.received(t.wire.take());
    }
    EXPECT_TRUE(t.wire.over()) << piece;
    EXPECT_EQ(t.client.goaway_error(), NGHTTP2_FRAME_SIZE_ERROR) << piece;
    EXPECT_EQ(t.wire.session().why(), "it broke the rules of HTTP/2: too large frame size");
  }
}

}  // namespace
}  // namespace bowline::rpc
