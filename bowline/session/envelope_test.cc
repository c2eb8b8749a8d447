// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/envelope.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/session/reply.h"

namespace bowline::session {
namespace {

using namespace std::string_view_literals;

std::string bytes(std::string_view text) { return std::string(text); }

// docs/SESSIONS.md shows these. What is in a log has to be readable for ever.
TEST(Envelope, the_bytes_are_the_ones_that_are_promised) {
  EXPECT_EQ(encode({.tag = 0, .body = Plain{"put"}}), bytes("\1\0\0put"sv));
  EXPECT_EQ(encode({.tag = 300, .body = Open{}}), bytes("\1\1\xac\2"sv));
  EXPECT_EQ(encode({.tag = 5, .body = Call{{200}, {9}, {7}, "put"}}),
            bytes("\1\2\5\xc8\1\7\2put"sv));
  EXPECT_EQ(encode({.tag = 0, .body = KeepAlive{{200}, {9}}}), bytes("\1\3\0\xc8\1\x09"sv));
  EXPECT_EQ(encode({.tag = 0, .body = Close{{200}}}), bytes("\1\4\0\xc8\1"sv));
  EXPECT_EQ(encode({.tag = 0, .body = Tick{1000}}), bytes("\1\5\0\xe8\7"sv));
  EXPECT_EQ(encode({.tag = 0, .body = SetBounds{{1, 2, 3, 4, 6, 5}}}),
            bytes("\1\6\0\1\2\3\4\6\5"sv));
}

TEST(Envelope, what_was_written_is_read_and_written_again) {
  const std::vector<Body> all = {
      Plain{""},           Plain{"x"}, Open{},       Call{{1}, {1}, {1}, "c"},
      KeepAlive{{3}, {4}}, Close{{5}}, Tick{absurd}, SetBounds{{}}};
  for (const Body& body : all) {
    const std::string written = encode({.tag = 77, .body = body});
    const auto read = decode_envelope(written);
    ASSERT_TRUE(read) << body.index();
    EXPECT_EQ(read->tag, 77U);
    EXPECT_EQ(read->body.index(), body.index());
    EXPECT_EQ(encode(*read), written);
  }
}

TEST(Envelope, what_nobody_wrote_is_refused) {
  const std::vector<std::string> all = {
      "",
      bytes("\1"sv),
      bytes("\1\0"sv),              // no tag
      bytes("\2\0\0put"sv),         // of another version
      bytes("\1\7\0"sv),            // of a kind that is not known
      bytes("\1\1\0x"sv),           // bytes behind the end
      bytes("\1\2\0\0\1\0put"sv),   // session 0
      bytes("\1\2\0\1\0\1put"sv),   // from 0
      bytes("\1\2\0\1\1"sv),        // no serial
      bytes("\1\2\0\x80\0\1\0"sv),  // a number in a longer form than it needs
      bytes("\1\2\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\1\1\0"sv),  // an absurd session
      bytes("\1\2\0\1\1\xff\xff\xff\xff\xff\xff\xff\xff\xff\1"sv),  // a serial that wraps around
      bytes("\1\6\0\0\2\3\4\6\5"sv),                                // bounds that cannot work
  };
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_FALSE(decode_envelope(all[i])) << i;
}

TEST(Reply, the_bytes_are_the_ones_that_are_promised) {
  EXPECT_EQ(encode(Done{"ok"}), bytes("\0ok"sv));
  EXPECT_EQ(encode(Opened{{200}}), bytes("\1\xc8\1"sv));
  EXPECT_EQ(encode(Well{}), bytes("\2"sv));
  EXPECT_EQ(encode(Expired{}), bytes("\3"sv));
  EXPECT_EQ(encode(Received{}), bytes("\4"sv));
  EXPECT_EQ(encode(Forgotten{}), bytes("\5"sv));
  EXPECT_EQ(encode(Beyond{}), bytes("\6"sv));
  EXPECT_EQ(encode(Malformed{}), bytes("\7"sv));
}

TEST(Reply, what_nobody_wrote_is_refused) {
  for (const std::string& wrong : {bytes(""sv), bytes("\x8"sv), bytes("\1"sv), bytes("\1\0"sv),
                                   bytes("\2x"sv), bytes("\3x"sv)})
    EXPECT_FALSE(decode_reply(wrong)) << wrong.size();
  const auto read = decode_reply("\1\xc8\1");
  ASSERT_TRUE(read);
  EXPECT_EQ(std::get<Opened>(*read).session, SessionId{200});
}

TEST(Bounds, those_that_cannot_work_are_told) {
  EXPECT_EQ(Bounds{}.fault(), "");
  EXPECT_NE(Bounds{.most_sessions = 0}.fault(), "");
  EXPECT_NE(Bounds{.most_calls = 4097}.fault(), "");
  EXPECT_NE(Bounds{.most_answer_bytes = 1ULL << 40}.fault(), "");
  EXPECT_NE(Bounds{.most_bytes = 1ULL << 60}.fault(), "");
  EXPECT_NE(Bounds{.lifetime_ms = 0}.fault(), "");
  EXPECT_NE((Bounds{.lifetime_ms = 10, .most_step_ms = 11}.fault()), "");
}

}  // namespace
}  // namespace bowline::session
