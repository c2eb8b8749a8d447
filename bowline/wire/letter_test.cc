// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/letter.h"

#include <optional>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "bowline/base/encoding.h"
#include "bowline/wire/forge.h"
#include "bowline/words/describe.h"

namespace bowline::wire {
namespace {

using Shared = std::shared_ptr<const std::string>;

Shared shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::string bytes_of(const std::vector<Letter>& letters, const Way& way) {
  std::string bytes;
  for (const Letter& letter : letters) put_letter(bytes, letter.group, letter.message, way);
  return bytes;
}

// Said in full, so that nothing is taken from what a connection knows.
std::string in_full(const Letter& letter) {
  return bytes_of({letter}, {.cluster = {1ULL << 60}, .from = {1ULL << 60}, .to = {1ULL << 60}});
}

TEST(Letter, comes_out_as_it_went_in_whatever_the_connection_knows) {
  Prng prng(1);
  std::set<std::size_t> kinds;
  for (int round = 0; round < 3000; ++round) {
    const Way way = forged_way(prng);
    std::vector<Letter> letters;
    for (std::uint64_t count = 1 + prng.below(4); count > 0; --count)
      letters.push_back({{prng.below(1 << 20)}, forged_message(prng, way.version)});
    const Result<std::vector<Letter>> found = letters_in(shared(bytes_of(letters, way)), way);
    ASSERT_TRUE(found) << found.error().what;
    ASSERT_EQ(found->size(), letters.size());
    for (std::size_t i = 0; i < letters.size(); ++i) {
      EXPECT_EQ(found->at(i).group, letters[i].group);
      EXPECT_EQ(in_full(found->at(i)), in_full(letters[i]));
      EXPECT_EQ(text(found->at(i).message), text(letters[i].message));
      kinds.insert(letters[i].message.body.index());
    }
  }
  EXPECT_EQ(kinds.size(), std::variant_size_v<raft::Body>);
}

TEST(Letter, all_that_is_said_is_kept) {
  raft::Message message{.cluster = {7}, .from = {8}, .to = {9}, .term = {5}, .body = {}};
  raft::AppendRequest append{.prev = {{3}, {10}}, .commit = {9}, .round = {4}, .news = true};
  append.entries = {{{{3}, {11}}, raft::Kind::blank, {}},
                    {{{5}, {12}}, raft::Kind::command, Bytes::copy("x")}};
  message.body = append;
  const Way way{.cluster = {7}, .from = {1}, .to = {9}};
  const auto found = letters_in(shared(bytes_of({{{3}, message}}, way)), way);
  ASSERT_TRUE(found);
  const raft::Message& got = found->at(0).message;
  EXPECT_EQ(got.version, raft::protocol_version);
  EXPECT_EQ(got.cluster, ClusterId{7});
  EXPECT_EQ(got.from, Incarnation{8});
  EXPECT_EQ(got.to, Incarnation{9});
  EXPECT_EQ(got.term, Term{5});
  const auto& body = std::get<raft::AppendRequest>(got.body);
  EXPECT_EQ(body.prev, append.prev);
  EXPECT_TRUE(body.news);
  ASSERT_EQ(body.entries.size(), 2U);
  EXPECT_EQ(body.entries[1].id, (LogId{{5}, {12}}));
  EXPECT_EQ(body.entries[0].kind, raft::Kind::blank);
  EXPECT_EQ(body.entries[1].payload.view(), "x");
}

// Whoever is older would refuse the whole frame, and so the heartbeat that it needs.
TEST(Letter, what_a_version_has_no_word_for_is_left_out) {
  const auto through = [](raft::Body body, Version said, Version heard) {
    const raft::Message message{.term = {5}, .body = std::move(body)};
    const std::string bytes = bytes_of({{{3}, message}}, {.version = said});
    auto letters = letters_in(shared(bytes), {.version = heard});
    return letters ? std::optional(letters->at(0).message) : std::nullopt;
  };
  const raft::AppendRequest asks{.prev = {{5}, {10}}, .news = true, .rest = true};
  const raft::AppendReply rests{.matched = true, .resting = true, .lost = true};
  const auto heard = [&](const auto& body, Version version) {
    return std::get<std::decay_t<decltype(body)>>(through(body, version, version)->body);
  };
  EXPECT_TRUE(heard(asks, 2).news && heard(asks, 2).rest);
  EXPECT_TRUE(heard(asks, 1).news && !heard(asks, 1).rest);
  EXPECT_TRUE(heard(rests, 2).matched && heard(rests, 2).lost && heard(rests, 2).resting);
  EXPECT_TRUE(heard(rests, 1).matched && heard(rests, 1).lost && !heard(rests, 1).resting);
  EXPECT_FALSE(through(asks, 2, 1));
  EXPECT_FALSE(through(rests, 2, 1));
}

// Those of a thousand groups are one small frame.
TEST(Letter, a_heartbeat_is_short) {
  raft::Message message{.cluster = {7}, .from = {8}, .to = {9}, .term = {5}, .body = {}};
  message.body = raft::AppendRequest{.prev = {{5}, {1000}}, .commit = {1000}, .round = {3000}};
  std::string bytes;
  put_letter(bytes, {100}, message, {.cluster = {7}, .from = {8}, .to = {9}});
  EXPECT_EQ(bytes.size(), 12U);
}

TEST(Letter, payloads_are_not_copied_and_keep_what_they_lie_in) {
  raft::Message message{.term = {5}, .body = {}};
  raft::AppendRequest append{.prev = {{5}, {10}}};
  append.entries = {{{{5}, {11}}, raft::Kind::command, Bytes::copy(std::string(100, 'x'))}};
  message.body = append;
  Shared bytes = shared(bytes_of({{{1}, message}}, {}));
  const std::string_view all = *bytes;
  Result<std::vector<Letter>> found = letters_in(bytes, {});
  bytes.reset();
  ASSERT_TRUE(found);
  const Bytes kept = std::get<raft::AppendRequest>(found->at(0).message.body).entries[0].payload;
  found->clear();
  EXPECT_GE(kept.view().data(), all.data());
  EXPECT_LE(kept.view().data() + kept.size(), all.data() + all.size());
  EXPECT_EQ(kept.view(), std::string(100, 'x'));
}

TEST(Letter, what_is_cut_short_is_not_taken) {
  Prng prng(2);
  for (int round = 0; round < 300; ++round) {
    const Way way = forged_way(prng);
    const std::string bytes = bytes_of({{{1}, forged_message(prng, way.version)}}, way);
    for (std::size_t size = 1; size < bytes.size(); ++size)
      EXPECT_FALSE(letters_in(shared(bytes.substr(0, size)), way)) << size;
  }
}

// Or they are another message, said in the only way in which it can be.
TEST(Letter, other_bytes_are_refused) {
  Prng prng(3);
  std::uint64_t refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    const Way way = forged_way(prng);
    std::string bytes = bytes_of({{{1}, forged_message(prng, way.version)}}, way);
    bytes[prng.below(bytes.size())] = static_cast<char>(prng.next());
    const auto found = letters_in(shared(bytes), way);
    if (found) {
      EXPECT_EQ(bytes_of(*found, way), bytes);
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 1000U);
}

// What is added to a term must not go around: terms would fall.
TEST(Letter, a_term_that_wraps_around_is_refused) {
  raft::Message message{.term = {absurd}, .body = {}};
  raft::AppendRequest append{.prev = {{absurd}, {1}}};
  append.entries = {{{{absurd}, {2}}, raft::Kind::command, {}}};
  message.body = append;
  std::string bytes = bytes_of({{{1}, message}}, {});
  ASSERT_TRUE(letters_in(shared(bytes), {}));
  bytes.resize(bytes.size() - 2);  // the entry: no higher term, no payload
  put_varint(bytes, 3 * (std::uint64_t{1} << 33));
  bytes += '\0';
  EXPECT_FALSE(letters_in(shared(bytes), {}));
}

TEST(Letter, room_is_made_only_for_what_can_come) {
  std::string bytes;
  bytes += static_cast<char>(8);  // wanted entries ...
  bytes += '\1';
  bytes += '\1';
  bytes += "\xff\xff\xff\xff\x0f";  // ... four thousand million of them
  EXPECT_FALSE(letters_in(shared(bytes), {}));
}

}  // namespace
}  // namespace bowline::wire
