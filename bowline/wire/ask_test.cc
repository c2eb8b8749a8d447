// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/ask.h"

#include <memory>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "bowline/base/encoding.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/forge.h"

namespace bowline::wire {
namespace {

Frame framed(FrameKind kind, std::string body) {
  return {kind, std::make_shared<const std::string>(std::move(body))};
}

std::string body_of(const std::string& frame) { return frame.substr(frame_head_bytes); }

TEST(Ask, comes_out_as_it_went_in) {
  Prng prng(1);
  std::set<std::size_t> kinds;
  for (int round = 0; round < 2000; ++round) {
    const Ask ask = forged_ask(prng);
    const std::string bytes = frame_of(ask);
    const Result<Ask> found = ask_in(framed(FrameKind::ask, body_of(bytes)));
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(found->number, ask.number);
    EXPECT_EQ(found->what.index(), ask.what.index());
    EXPECT_EQ(frame_of(*found), bytes);
    kinds.insert(ask.what.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Asked>);
}

TEST(Ask, all_that_is_said_is_kept) {
  const AskMembers wanted{
      {7}, {{{3}, raft::Standing::learner, 9, "10.0.0.3:1", "rack 3"}}, Index{12}};
  const Result<Ask> found = ask_in(framed(FrameKind::ask, body_of(frame_of(Ask{5, wanted}))));
  ASSERT_TRUE(found);
  const auto& got = std::get<AskMembers>(found->what);
  EXPECT_EQ(got.group, GroupId{7});
  EXPECT_EQ(got.expected, Index{12});
  ASSERT_EQ(got.wanted.size(), 1U);
  EXPECT_EQ(got.wanted[0].id, NodeId{3});
  EXPECT_EQ(got.wanted[0].standing, raft::Standing::learner);
  EXPECT_EQ(got.wanted[0].priority, 9);
  EXPECT_EQ(got.wanted[0].address, "10.0.0.3:1");
  EXPECT_EQ(got.wanted[0].metadata, "rack 3");
}

TEST(Ask, what_a_version_does_not_know_is_not_taken_in_it) {
  for (const bool even : {false, true}) {
    const Frame frame = framed(FrameKind::ask, body_of(frame_of(Ask{5, AskDestroy{{7}, even}})));
    EXPECT_FALSE(ask_in(frame, destroy_since - 1));
    const Result<Ask> found = ask_in(frame, destroy_since);
    ASSERT_TRUE(found);
    EXPECT_EQ(std::get<AskDestroy>(found->what).group, GroupId{7});
    EXPECT_EQ(std::get<AskDestroy>(found->what).even_a_member, even);
  }
  const Frame looks = framed(FrameKind::ask, body_of(frame_of(Ask{5, AskGroup{{7}}})));
  EXPECT_TRUE(ask_in(looks, admin_since));
}

TEST(Answer, comes_out_as_it_went_in) {
  Prng prng(2);
  std::set<std::size_t> kinds;
  for (int round = 0; round < 2000; ++round) {
    const Answer answer = forged_answer(prng);
    const std::string bytes = frame_of(answer);
    const Result<Answer> found = answer_in(framed(FrameKind::answer, body_of(bytes)));
    ASSERT_TRUE(found) << found.error().what;
    EXPECT_EQ(frame_of(*found), bytes);
    kinds.insert(answer.what.index());
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<Answered>);
}

TEST(Answer, what_is_cut_short_or_goes_on_is_not_taken) {
  Prng prng(3);
  for (int round = 0; round < 200; ++round) {
    const std::string ask = body_of(frame_of(forged_ask(prng)));
    const std::string answer = body_of(frame_of(forged_answer(prng)));
    for (std::size_t size = 0; size < ask.size(); ++size)
      EXPECT_FALSE(ask_in(framed(FrameKind::ask, ask.substr(0, size))));
    for (std::size_t size = 0; size < answer.size(); ++size)
      EXPECT_FALSE(answer_in(framed(FrameKind::answer, answer.substr(0, size))));
    EXPECT_FALSE(ask_in(framed(FrameKind::ask, ask + "x")));
    EXPECT_FALSE(answer_in(framed(FrameKind::answer, answer + "x")));
    EXPECT_FALSE(ask_in(framed(FrameKind::answer, ask)));
    EXPECT_FALSE(answer_in(framed(FrameKind::ask, answer)));
  }
}

TEST(Answer, a_sentence_can_be_printed) {
  const Answer answer{1, Declined{Why::never, "no\x1b[31m way" + std::string(3000, 'x'), {}, {}}};
  const Result<Answer> found = answer_in(framed(FrameKind::answer, body_of(frame_of(answer))));
  ASSERT_TRUE(found);
  const std::string& sentence = std::get<Declined>(found->what).sentence;
  EXPECT_TRUE(sentence.starts_with("no?[31m way"));
  EXPECT_EQ(sentence.size(), most_words_bytes);
  std::string raw;
  put_varint(raw, 1);
  raw += static_cast<char>(2);  // Unsure
  put_varint(raw, 1);
  EXPECT_TRUE(answer_in(framed(FrameKind::answer, raw + "a")));
  EXPECT_FALSE(answer_in(framed(FrameKind::answer, raw + "\x1b")));
}

TEST(Ask, only_what_looks_may_be_asked_twice) {
  EXPECT_FALSE(changes_something(AskNode{}));
  EXPECT_FALSE(changes_something(AskGroup{}));
  EXPECT_TRUE(changes_something(AskMembers{}));
  EXPECT_TRUE(changes_something(AskCancel{}));
  EXPECT_TRUE(changes_something(AskTransfer{}));
  EXPECT_TRUE(changes_something(AskSnapshot{}));
  EXPECT_TRUE(changes_something(AskRecover{}));
  EXPECT_TRUE(changes_something(AskDestroy{}));
}

}  // namespace
}  // namespace bowline::wire
