// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/errand.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::wire {
namespace {

Frame read_back(std::string bytes) {
  end_frame(bytes);
  FrameReader reader(1 << 20);
  std::vector<Frame> whole;
  EXPECT_TRUE(reader.feed(bytes, whole));
  EXPECT_EQ(whole.size(), 1U);
  return whole.empty() ? Frame{} : whole.front();
}

Frame some_errands() {
  std::string frame = begin_frame(FrameKind::errands);
  put_errand(frame, 1, {7}, "first");
  put_errand(frame, 1ULL << 40, {1ULL << 50}, "");
  put_errand(frame, 3, {}, std::string(300, 'x'));
  return read_back(std::move(frame));
}

Frame some_answers() {
  std::string frame = begin_frame(FrameKind::errand_answers);
  put_errand_answer(frame, 9, true, "done");
  put_errand_answer(frame, 8, false, "");
  return read_back(std::move(frame));
}

Frame shortened(const Frame& whole, std::size_t bytes) {
  return {whole.kind, std::make_shared<const std::string>(whole.body->substr(0, bytes))};
}

TEST(Errand, a_frame_carries_several_and_they_share_its_memory) {
  const Frame frame = some_errands();
  const auto all = errands_in(frame);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3U);
  EXPECT_EQ((*all)[0].what.view(), "first");
  EXPECT_EQ((*all)[0].group, GroupId{7});
  EXPECT_EQ((*all)[1].number, 1ULL << 40);
  EXPECT_EQ((*all)[1].group, GroupId{1ULL << 50});
  EXPECT_EQ((*all)[2].what.view(), std::string(300, 'x'));
  const char* const begin = frame.body->data();
  EXPECT_TRUE((*all)[0].what.view().data() > begin &&
              (*all)[0].what.view().data() < begin + frame.body->size());
}

TEST(Errand, an_answer_says_whether_anybody_was_there) {
  const auto all = errand_answers_in(some_answers());
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_TRUE((*all)[0].served);
  EXPECT_EQ((*all)[0].what.view(), "done");
  EXPECT_FALSE((*all)[1].served);
  EXPECT_EQ((*all)[1].number, 8U);
}

TEST(Errand, what_was_cut_off_or_is_of_another_kind_is_not_taken) {
  // Between two of them a cut cannot be seen; within one it must be.
  const std::size_t first = 1 + 1 + 1 + 5;
  for (std::size_t bytes = 1; bytes < first; ++bytes)
    EXPECT_FALSE(errands_in(shortened(some_errands(), bytes))) << bytes;
  EXPECT_TRUE(errands_in(shortened(some_errands(), first)));
  for (std::size_t bytes = 1; bytes < 7; ++bytes)
    EXPECT_FALSE(errand_answers_in(shortened(some_answers(), bytes))) << bytes;
  EXPECT_FALSE(errands_in(some_answers()));
  EXPECT_FALSE(errand_answers_in(some_errands()));
}

}  // namespace
}  // namespace bowline::wire
