// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/rpc/client_rig.h"

// Servers that say what no server should: the call ends with a sentence, or the connection does,
// and memory is bounded.
namespace bowline::rpc {
namespace {

using namespace std::chrono_literals;

// A server by hand, which has one call.
class HostileServer {
 public:
  explicit HostileServer(ClientOptions options = {.authority = "test"})
      : client(std::move(options)) {
    client.session.call("/a", "x", 1);
    client.take();
    client.hear(frame(4, 0, 0, "") + frame(4, 1, 0, ""));
    client.take();
  }

  static std::string literal(std::string_view name, std::string_view value) {
    std::string field(1, '\0');
    for (const std::string_view one : {name, value}) {
      EXPECT_LT(one.size(), 127U);
      field += static_cast<char>(one.size());
      field += one;
    }
    return field;
  }
  static std::string good_head() { return "\x88" + literal("content-type", "application/grpc"); }
  static std::string head(const std::string& block, bool ends = false, std::uint32_t stream = 1) {
    return frame(headers_frame, end_headers | (ends ? 1 : 0), stream, block);
  }
  static std::string data(std::string_view bytes, bool ends = false) {
    return frame(0, ends ? 1 : 0, 1, bytes);
  }
  // It has failed for that reason, and the server is told to stop.
  void expect_failed(std::string_view part, bool over = false) {
    const std::string said = client.take();
    const Told& told = client.told[1];
    EXPECT_EQ(told.ends, 1) << part;
    EXPECT_FALSE(told.end.status) << part;
    EXPECT_FALSE(told.end.untouched) << part;
    EXPECT_TRUE(told.end.why.contains(part)) << told.end.why << " instead of " << part;
    EXPECT_FALSE(said.empty()) << part;
    EXPECT_EQ(client.session.over(), over) << part;
    EXPECT_EQ(client.session.unfinished(), 0U) << part;
  }

  ClientRig client;
};

TEST(HostileServers, what_is_no_http2_is_left) {
  for (const std::string said : {"HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2p1\r\n",
                                 "\x15\x03\x01\x00\x02\x02\x46\x00\x00\x00\x00\x00"}) {
    ClientRig t;
    t.session.call("/a", "", 1);
    t.take();
    t.hear(said + std::string(9, '\0'));
    t.take();
    EXPECT_TRUE(t.session.over());
    EXPECT_TRUE(t.told[1].end.why.starts_with("it does not speak HTTP/2")) << t.told[1].end.why;
  }
}

TEST(HostileServers, frames_that_break_the_rules_end_the_connection) {
  for (const std::string& bad :
       {frame(0, 0, 0, "x"),                                           // data of no stream
        frame(8, 0, 0, std::string(4, '\0')),                          // a window of nothing
        frame(4, 0, 0, "x"),                                           // half a setting
        frame(5, 4, 1, std::string("\0\0\0\2\x88", 5)),                // a push that nobody allowed
        frame(headers_frame, end_headers, 1, "\xff\xff\xff\xff\xff"),  // no HPACK
        frame(9, 4, 1, "\x88"), frame(0, 0, 1, std::string(20'000, 'x'))}) {
    HostileServer t;
    t.client.hear(bad);
    SCOPED_TRACE(static_cast<int>(bad[3]));
    t.expect_failed("it does not speak HTTP/2", true);
  }
}

TEST(HostileServers, an_answer_that_is_not_grpc_is_told_so) {
  HostileServer page;
  page.client.hear(page.head("\x88" + page.literal("content-type", "text/\xff[2Jhtml")) +
                   page.data("<html>", true));
  page.expect_failed("'text/?[2Jhtml', and that is not gRPC");
  HostileServer proxy;
  proxy.client.hear(proxy.head(proxy.literal(":status", "503"), true));
  proxy.expect_failed("HTTP status 503");
  HostileServer silent;
  silent.client.hear(silent.head(silent.good_head(), true));
  EXPECT_EQ(silent.client.told[1].end.why, "it ended its answer without a status");
}

TEST(HostileServers, SEC_02_a_message_that_is_too_long_is_refused_before_it_comes) {
  HostileServer t({.authority = "test", .most_message_bytes = 1000});
  t.client.hear(t.head(t.good_head()) + t.data(std::string("\0\0\0\x03\xe9", 5)));
  t.expect_failed("1001 bytes; 1000 are allowed");
  HostileServer huge;
  huge.client.hear(huge.head(huge.good_head()) + huge.data(std::string(1, '\0')));
  for (const char one : {'\xff', '\xff', '\xff', '\xff'})
    huge.client.hear(huge.data(std::string(1, one)));
  huge.expect_failed("4294967295 bytes");
}

TEST(HostileServers, SEC_15_messages_that_never_end_are_bounded_together) {
  ClientRig t({.authority = "test", .most_unfinished_bytes = 50'000});
  for (std::uint64_t i = 0; i < 10; ++i) t.session.call("/a", "", i);
  t.take();
  t.hear(frame(4, 0, 0, ""));
  for (std::uint32_t i = 0; i < 10; ++i)
    t.hear(HostileServer::head(HostileServer::good_head(), false, 2 * i + 1) +
           frame(0, 0, 2 * i + 1, std::string("\0\0\1\0\0", 5) + std::string(9'000, 'x')));
  int failed = 0;
  for (std::uint64_t i = 0; i < 10; ++i)
    failed += t.told[i].end.why.contains("on their way at once") ? 1 : 0;
  EXPECT_EQ(failed, 5);
  EXPECT_LE(t.session.unfinished(), 50'000U);
}

TEST(HostileServers, what_nobody_asked_for_or_ends_in_its_midst_is_no_answer) {
  HostileServer packed;
  packed.client.hear(packed.head(packed.good_head()) + packed.data(std::string("\1\0\0\0\0", 5)));
  packed.expect_failed("compressed");
  HostileServer two;
  two.client.hear(two.head(two.good_head()) + two.data(std::string(10, '\0')));
  two.expect_failed("more than one message");
  HostileServer none;
  none.client.hear(none.head(none.good_head() + none.literal("grpc-status", "0"), true));
  EXPECT_EQ(none.client.told[1].end.why, "it answered with nothing");
  HostileServer cut;
  cut.client.hear(cut.head(cut.good_head()) + cut.data(std::string("\0\0\0\0\3ab", 7)) +
                  cut.head(cut.literal("grpc-status", "0"), true));
  EXPECT_FALSE(cut.client.told[1].end.status);
  EXPECT_EQ(cut.client.told[1].end.why, "its answer ends in the midst of a message");
}

TEST(HostileServers, who_ends_before_we_do_is_told_that_nothing_more_comes) {
  ClientRig t;
  t.session.open("/a", 1);
  t.take();
  t.hear(frame(4, 0, 0, "") +
         HostileServer::head(
             HostileServer::good_head() + HostileServer::literal("grpc-status", "0"), true));
  EXPECT_TRUE(t.told[1].ok());
  EXPECT_TRUE(t.take().contains(frame(3, 0, 1, std::string("\0\0\0\x08", 4))));  // CANCEL
  EXPECT_FALSE(t.session.over());
}

TEST(HostileServers, a_status_that_is_no_number_or_unheard_of_is_an_error) {
  for (const std::string status : {"17", "99999999999999999999", "-1", "0x0", "", "ok"}) {
    HostileServer t;
    t.client.hear(t.head(t.good_head()) + t.data(std::string(5, '\0')) +
                  t.head(t.literal("grpc-status", status), true));
    ASSERT_TRUE(t.client.told[1].end.status) << status;
    EXPECT_EQ(t.client.told[1].end.status->code, Code::unknown) << status;
  }
}

TEST(HostileServers, SEC_14_headers_without_end_fail_the_call) {
  HostileServer waits;  // "wait a moment", for ever
  for (int i = 0; i < 8; ++i) waits.client.hear(waits.head(waits.literal(":status", "103")));
  EXPECT_EQ(waits.client.told[1].ends, 0);
  waits.client.hear(waits.head(waits.literal(":status", "103")));
  waits.expect_failed("more than 8 frames of headers");
  HostileServer trails;  // nghttp2 knows that trailers are the end
  trails.client.hear(trails.head(trails.good_head()));
  trails.client.hear(trails.head(trails.literal("a", "b")));
  trails.expect_failed("broke the call off");
  HostileServer many;
  std::string block = many.good_head();
  for (int i = 0; i < 200; ++i) block += many.literal("a", "b");
  many.client.hear(many.head(block));
  many.expect_failed("more than 200 of them");
}

// One header that is kept, and then named again and again by one byte each.
TEST(HostileServers, SEC_14_a_header_bomb_fails_the_call) {
  HostileServer t;
  t.client.hear(t.head(t.good_head() +
                       std::string("\x40\x01"
                                   "a\x7f\x91\x1e",
                                   6) +
                       std::string(3984, 'x') + std::string(100, '\xbe')));
  t.expect_failed("headers of more than 65536 bytes");
  t.client.session.call("/b", "", 2);
  t.client.take();
  t.client.hear(t.head(t.good_head() + t.literal("grpc-status", "5"), true, 3));
  EXPECT_EQ(t.client.told[2].end.status->code, Code::not_found);
}

TEST(HostileServers, SEC_14_floods_end_the_connection) {
  const std::string headers_of_none = HostileServer::head(HostileServer::good_head(), false, 1);
  for (const std::string& one : {frame(4, 0, 0, ""), frame(6, 1, 0, std::string(8, 'x')),
                                 frame(0, 0, 1, ""), headers_of_none}) {
    HostileServer t({.authority = "test", .controls_a_second = 10, .controls_at_once = 100});
    t.client.hear(t.head(t.good_head()));
    if (one == headers_of_none) t.client.hear(frame(3, 0, 1, std::string(4, '\1')));
    for (int i = 0; i < 90; ++i) t.client.hear(one);
    t.client.take();
    EXPECT_FALSE(t.client.session.over()) << one.size();
    for (int i = 0; i < 20; ++i) t.client.hear(one);
    t.client.take();
    EXPECT_TRUE(t.client.session.over()) << one.size();
    EXPECT_TRUE(t.client.session.why().contains("bring nothing")) << t.client.session.why();
  }
}

// Each wants an answer, and none is taken.
TEST(HostileServers, SEC_14_questions_whose_answers_nobody_takes_are_bounded) {
  for (const std::string& one : {frame(4, 0, 0, ""), frame(6, 0, 0, "01234567")}) {
    HostileServer t({.authority = "test", .controls_at_once = 1'000'000});
    std::string many;
    for (int i = 0; i < 2000; ++i) many += one;
    t.client.hear(many);
    EXPECT_LT(t.client.take().size(), 40'000U);
    EXPECT_TRUE(t.client.session.over());
    EXPECT_EQ(t.client.told[1].ends, 1);
  }
}

TEST(HostileServers, SEC_14_a_continuation_flood_ends_the_connection) {
  HostileServer t;
  t.client.hear(frame(headers_frame, 0, 1, "\x88"));
  for (int i = 0; i < 17; ++i) t.client.hear(frame(9, 0, 1, ""));
  t.expect_failed("in more than 16 pieces", true);
}

TEST(HostileServers, a_reason_to_send_us_away_is_shown_without_what_harms_a_terminal) {
  HostileServer t;
  t.client.hear(frame(7, 0, 0, std::string("\0\0\0\1\0\0\0\x0b", 8) + "calm\x1b[2J down"));
  t.client.session.lost("it closed the connection");
  EXPECT_EQ(t.client.told[1].end.why, "it sent us away: calm?[2J down");
}

// Whatever comes, and in whatever pieces: nothing breaks, and each call ends once.
TEST(HostileServers, noise_does_no_harm) {
  std::uint64_t state = 1;
  const auto next = [&state] {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::uint32_t>(state >> 33U);
  };
  for (int round = 0; round < 3000; ++round) {
    HostileServer t;
    std::string said = t.head(t.good_head()) + t.data(std::string("\0\0\0\0\2hi", 7)) +
                       t.head(t.literal("grpc-status", "0"), true) + frame(6, 0, 0, "12345678");
    for (std::uint32_t i = next() % 8; i > 0; --i)
      said[next() % said.size()] = static_cast<char>(next());
    t.client.hear(said, 1 + next() % said.size());
    t.client.take();
    t.client.session.lost("gone");
    EXPECT_EQ(t.client.told[1].ends, 1) << round;
    EXPECT_EQ(t.client.session.calls(), 0U) << round;
  }
}

}  // namespace
}  // namespace bowline::rpc
