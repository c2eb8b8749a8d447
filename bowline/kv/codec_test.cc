// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"
#include "bowline/kv/random_requests.h"

namespace bowline::kv {
namespace {

TEST(Command, comes_back_as_it_was_written) {
  RandomRequests random(1);
  random.now_at(500, 20);
  for (int i = 0; i < 20'000; ++i) {
    const Command command = random.command(3);
    const std::string bytes = encode(command);
    const auto decoded = decode_command(bytes);
    ASSERT_TRUE(decoded.has_value());
    ASSERT_TRUE(*decoded == command);
  }
}

TEST(Command, that_is_cut_or_goes_on_is_malformed) {
  RandomRequests random(2);
  for (int i = 0; i < 200; ++i) {
    const std::string bytes = encode(random.command(3));
    for (std::size_t length = 0; length < std::min<std::size_t>(bytes.size(), 400); ++length)
      ASSERT_FALSE(decode_command(std::string_view(bytes).substr(0, length)).has_value());
    ASSERT_FALSE(decode_command(bytes + '\0').has_value());
  }
}

TEST(Command, of_another_version_is_malformed) {
  std::string bytes = encode(Compact{7});
  EXPECT_TRUE(decode_command(bytes).has_value());
  bytes[0] = 2;
  EXPECT_FALSE(decode_command(bytes).has_value());
}

TEST(Command, has_extreme_numbers) {
  for (const std::int64_t number : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1},
                                    std::int64_t{0}, std::numeric_limits<std::int64_t>::max()}) {
    const std::string bytes = encode(Compact{number});
    EXPECT_EQ(std::get<Compact>(*decode_command(bytes)).revision, number);
  }
}

Txn nested(std::uint32_t levels) {
  Txn txn;
  if (levels > 1) txn.success.push_back({nested(levels - 1)});
  return txn;
}

TEST(Command, nests_so_deep_and_no_deeper) {
  EXPECT_TRUE(decode_command(encode(nested(most_nesting))).has_value());
  EXPECT_FALSE(decode_command(encode(nested(most_nesting + 1))).has_value());
  std::string bottomless{'\1', '\2'};  // a transaction in a transaction, for ever
  for (int i = 0; i < 100'000; ++i) bottomless += std::string_view("\0\1\3", 3);
  EXPECT_FALSE(decode_command(bottomless).has_value());
}

TEST(Command, says_whether_it_writes) {
  const Op range{Range{}};
  const Op put{Put{}};
  EXPECT_FALSE(writes(Txn{}));
  EXPECT_FALSE(writes(Txn{.compares = {}, .success = {range}, .failure = {range}}));
  EXPECT_TRUE(writes(Txn{.compares = {}, .success = {range}, .failure = {put}}));
  const Op inner{Txn{.compares = {}, .success = {}, .failure = {{DeleteRange{}}}}};
  EXPECT_TRUE(writes(Txn{.compares = {}, .success = {range, inner}, .failure = {}}));
}

TEST(Answer, comes_back_as_it_was_written) {
  const Item item{"key", "value", 1, 2, 3, -4};
  const RangeAnswer range{.items = {item, item}, .more = true, .count = 9};
  const TxnAnswer inner{.succeeded = false, .responses = {{5, range}, {6, PutAnswer{item}}}};
  const TxnAnswer txn{.succeeded = true,
                      .responses = {{7, DeleteAnswer{2, {item}}}, {0, inner}, {7, PutAnswer{}}}};
  const std::vector<Said> all = {PutAnswer{},
                                 PutAnswer{item},
                                 DeleteAnswer{1, {item}},
                                 txn,
                                 CompactAnswer{},
                                 LeaseGrantAnswer{7, 60},
                                 LeaseRevokeAnswer{},
                                 LeaseCheckpointAnswer{},
                                 AlarmAnswer{{{3, Alarm::Kind::corrupt}}}};
  for (const Said& said : all) {
    const Answer answer{.revision = 77, .said = said};
    const std::string bytes = encode(answer);
    ASSERT_TRUE(decode_answer(bytes).has_value());
    EXPECT_TRUE(*decode_answer(bytes) == answer) << said.index();
    for (std::size_t length = 0; length < bytes.size(); ++length)
      EXPECT_FALSE(decode_answer(std::string_view(bytes).substr(0, length)).has_value());
    EXPECT_FALSE(decode_answer(bytes + '\0').has_value());
  }
}

TEST(Answer, that_refuses_says_only_why) {
  for (std::uint8_t i = 1; i < refusals; ++i) {
    const auto refusal = static_cast<Refusal>(i);
    const std::string bytes = encode(Answer{9, refusal, PutAnswer{}});
    EXPECT_EQ(bytes.size(), 2U);
    EXPECT_EQ(decode_answer(bytes)->refusal, refusal);
    EXPECT_FALSE(words(refusal).empty());
  }
}

}  // namespace
}  // namespace bowline::kv
