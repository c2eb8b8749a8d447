// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/parcel.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/wire/forge.h"

namespace bowline::wire {
namespace {

Frame only(const std::string& bytes) {
  FrameReader reader(most_parcel_bytes);
  std::vector<Frame> whole;
  EXPECT_TRUE(reader.feed(bytes, whole));
  EXPECT_EQ(whole.size(), 1U);
  return whole.at(0);
}

Frame with_body(const Frame& frame, std::string body) {
  return {frame.kind, std::make_shared<const std::string>(std::move(body))};
}

TEST(Parcel, comes_out_as_it_went_in) {
  Prng prng(1);
  std::set<std::size_t> kinds;
  for (int round = 0; round < 2000; ++round) {
    const Parcel parcel = forged_parcel(prng);
    const std::string frame = frame_of(parcel);
    const Result<Parcel> found = parcel_in(only(frame));
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->index(), parcel.index());
    EXPECT_EQ(group_of(*found), group_of(parcel));
    EXPECT_EQ(frame_of(*found), frame);
    kinds.insert(parcel.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Parcel>);
}

TEST(Parcel, all_that_is_said_is_kept) {
  const auto found = parcel_in(only(piece_frame({7}, 1ULL << 63, 2047, "some bytes")));
  ASSERT_TRUE(found);
  const auto& piece = std::get<Piece>(*found);
  EXPECT_EQ(piece.group, GroupId{7});
  EXPECT_EQ(piece.identity, 1ULL << 63);
  EXPECT_EQ(piece.number, 2047U);
  EXPECT_EQ(piece.bytes.view(), "some bytes");
  EXPECT_EQ(frame_of(*found), piece_frame({7}, 1ULL << 63, 2047, "some bytes"));
  const auto wanted = parcel_in(only(frame_of(WantSnapshot{{8}, {{3}, {99}}})));
  ASSERT_TRUE(wanted);
  EXPECT_EQ(std::get<WantSnapshot>(*wanted).at_least, (LogId{{3}, {99}}));
}

TEST(Parcel, the_bytes_of_a_piece_are_not_copied_and_keep_what_they_lie_in) {
  Bytes kept;
  const char* begin = nullptr;
  const char* end = nullptr;
  {
    const Frame frame = only(piece_frame({1}, 2, 3, std::string(1000, 'x')));
    begin = frame.body->data();
    end = begin + frame.body->size();
    kept = std::get<Piece>(*parcel_in(frame)).bytes;
  }
  EXPECT_GE(kept.view().data(), begin);
  EXPECT_LE(kept.view().data() + kept.size(), end);
  EXPECT_EQ(kept.view(), std::string(1000, 'x'));
}

TEST(Parcel, what_is_cut_short_or_goes_on_is_not_taken) {
  for (const Parcel& parcel :
       {Parcel(WantSnapshot{{300}, {{5}, {1000}}}), Parcel(WantPiece{{300}, 77, 200}),
        Parcel(GonePiece{{300}, 77, 200})}) {
    const Frame frame = only(frame_of(parcel));
    EXPECT_TRUE(parcel_in(frame));
    EXPECT_FALSE(parcel_in(with_body(frame, *frame.body + "x")));
    for (std::size_t size = 0; size < frame.body->size(); ++size)
      EXPECT_FALSE(parcel_in(with_body(frame, frame.body->substr(0, size)))) << size;
  }
  EXPECT_FALSE(parcel_in(with_body(only(piece_frame({300}, 1, 1, "")), "x")));
}

TEST(Parcel, a_frame_of_another_kind_is_none) {
  for (const FrameKind kind : {FrameKind::hello, FrameKind::refusal, FrameKind::letters})
    EXPECT_FALSE(parcel_in({kind, std::make_shared<const std::string>("\1\1\1")}));
}

TEST(Parcel, a_refusal_is_a_sentence_that_can_be_printed) {
  const auto found =
      parcel_in(only(frame_of(NoSnapshot{{1}, "none\x1b[31m" + std::string(3000, 'x')})));
  ASSERT_TRUE(found);
  const auto& why = std::get<NoSnapshot>(*found).why;
  EXPECT_TRUE(why.starts_with("none?[31mxxx"));
  EXPECT_EQ(why.size(), 1024U);
  const Frame frame = only(frame_of(NoSnapshot{{1}, "none"}));
  EXPECT_FALSE(parcel_in(with_body(frame, "\1none\x1b")));
  EXPECT_FALSE(parcel_in(with_body(frame, "\1" + std::string(1025, 'x'))));
}

}  // namespace
}  // namespace bowline::wire
