// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gtest/gtest.h>

#include "examples/kv/addresses.h"
#include "examples/kv/wire.h"

namespace bowline::examples::kv {
namespace {

TEST(KvWire, frames_come_in_whatever_pieces) {
  std::string all;
  for (std::uint64_t i = 0; i < 50; ++i)
    all += frame_of(Request{.id = i, .kind = Request::Kind::read, .body = std::string(i, 'x')});
  for (const std::size_t piece : {1U, 3U, 100U, 10'000U}) {
    Frames frames;
    std::vector<Request> requests;
    for (std::size_t at = 0; at < all.size(); at += piece) {
      ASSERT_TRUE(frames.feed(std::string_view(all).substr(at, piece), [&](std::string_view body) {
        requests.push_back(decode_request(body).value());
        return true;
      }));
    }
    ASSERT_EQ(requests.size(), 50U);
    for (std::uint64_t i = 0; i < 50; ++i) {
      EXPECT_EQ(requests[i].id, i);
      EXPECT_EQ(requests[i].body.size(), i);
    }
  }
}

TEST(KvWire, a_response_says_all_that_it_said) {
  const std::string frame = frame_of(Response{.id = 300,
                                              .kind = Response::Kind::unknown,
                                              .leader = NodeId{3},
                                              .place = Index{12345},
                                              .body = "what"});
  const Response response = decode_response(std::string_view(frame).substr(4)).value();
  EXPECT_EQ(response.id, 300U);
  EXPECT_EQ(response.kind, Response::Kind::unknown);
  EXPECT_EQ(response.leader, NodeId{3});
  EXPECT_EQ(response.place, Index{12345});
  EXPECT_EQ(response.body, "what");
}

TEST(KvWire, nobody_makes_us_wait_for_more_than_a_frame_may_have) {
  Frames frames;
  EXPECT_FALSE(frames.feed("\xff\xff\xff\xff", [](std::string_view) { return true; }));
  EXPECT_FALSE(decode_request("\x07\x01").has_value());
  EXPECT_FALSE(decode_response("").has_value());
}

TEST(KvAddresses, are_read_or_refused_with_a_sentence) {
  const auto good = parse_addresses("1=127.0.0.1:71,2=[::1]:72");
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(good->size(), 2U);
  EXPECT_EQ(good->at(NodeId{2}), "[::1]:72");
  for (const char* text : {"1", "x=a:1", "1=", "0=a:1", "1=a:1,1=b:2", "=a:1", ","}) {
    const auto bad = parse_addresses(text);
    ASSERT_FALSE(bad.has_value()) << text;
    EXPECT_NE(bad.error().what.find("write ID=HOST:PORT"), std::string::npos);
  }
}

}  // namespace
}  // namespace bowline::examples::kv
