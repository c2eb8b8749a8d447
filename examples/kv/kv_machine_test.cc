// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/kv_machine.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::examples::kv {
namespace {

class KvMachineTest : public testing::Test {
 protected:
  Answer apply(KvMachine& machine, const std::string& bytes) {
    const machine::Command command{.id = {Term{1}, Index{++index_}}, .payload = Bytes::copy(bytes)};
    std::vector<std::string> answers(1);
    machine.apply(std::span(&command, 1), answers);
    return decode_answer(answers.front()).value();
  }
  Answer apply(const Command& command) { return apply(machine_, encode(command)); }
  std::string snapshot(std::size_t piece) {
    const std::unique_ptr<machine::Reader> reader = machine_.snapshot();
    std::string all;
    while (true) {
      const std::string part = reader->next(piece).value();
      EXPECT_LE(part.size(), piece);
      if (part.empty()) return all;
      all += part;
    }
  }

  KvMachine machine_;
  std::uint64_t index_ = 0;
};

TEST_F(KvMachineTest, each_write_makes_the_version_larger) {
  EXPECT_EQ(apply({.verb = Verb::put, .key = "x", .value = "a"}).version, 1U);
  EXPECT_EQ(apply({.verb = Verb::append, .key = "x", .value = "b"}).version, 2U);
  EXPECT_EQ(machine_.get("x"), (Answer{.version = 2, .value = "ab"}));
  EXPECT_EQ(apply({.verb = Verb::append, .key = "y", .value = "b"}).version, 1U);
  EXPECT_EQ(machine_.applied(), Index{3});
}

TEST_F(KvMachineTest, a_write_at_a_version_needs_just_that) {
  EXPECT_EQ(apply({.verb = Verb::put_at, .key = "x", .value = "a", .version = 1}).kind,
            Answer::Kind::mismatch);
  EXPECT_EQ(machine_.get("x").kind, Answer::Kind::absent);
  EXPECT_EQ(apply({.verb = Verb::put_at, .key = "x", .value = "a"}).version, 1U);
  EXPECT_EQ(apply({.verb = Verb::put_at, .key = "x", .value = "b"}),
            (Answer{.kind = Answer::Kind::mismatch, .version = 1}));
  EXPECT_EQ(apply({.verb = Verb::put_at, .key = "x", .value = "c", .version = 1}).version, 2U);
}

TEST_F(KvMachineTest, a_key_that_was_removed_goes_on_counting) {
  EXPECT_EQ(apply({.verb = Verb::remove, .key = "x"}).kind, Answer::Kind::absent);
  apply({.verb = Verb::put, .key = "x", .value = "a"});
  EXPECT_EQ(apply({.verb = Verb::remove, .key = "x"}).version, 1U);
  EXPECT_EQ(machine_.get("x").kind, Answer::Kind::absent);
  EXPECT_EQ(apply({.verb = Verb::put_at, .key = "x", .value = "b", .version = 1}).kind,
            Answer::Kind::mismatch);
  EXPECT_EQ(apply({.verb = Verb::append, .key = "x", .value = "b"}).version, 2U);
  EXPECT_EQ(machine_.get("x").value, "b");
}

TEST_F(KvMachineTest, what_is_no_command_changes_nothing) {
  EXPECT_EQ(apply(machine_, "").kind, Answer::Kind::malformed);
  EXPECT_EQ(apply(machine_, "\x09").kind, Answer::Kind::malformed);
  EXPECT_EQ(machine_.keys(), 0U);
}

TEST_F(KvMachineTest, a_snapshot_is_the_state_as_it_was_in_whatever_pieces) {
  for (int i = 0; i < 1000; ++i)
    apply({.verb = Verb::put, .key = "key " + std::to_string(i), .value = std::to_string(i)});
  apply({.verb = Verb::remove, .key = "key 7"});
  const std::string all = snapshot(100'000);
  const std::unique_ptr<machine::Reader> late = machine_.snapshot();
  for (int i = 0; i < 1000; ++i)
    apply({.verb = Verb::put, .key = "key " + std::to_string(i), .value = "later"});
  EXPECT_EQ(late->next(1'000'000).value(), all);
  for (const std::size_t piece : {1U, 7U, 4096U}) {
    KvMachine other;
    const std::unique_ptr<machine::Writer> writer = other.restore();
    for (std::size_t at = 0; at < all.size(); at += piece)
      ASSERT_TRUE(writer->add(std::string_view(all).substr(at, piece)).has_value());
    EXPECT_EQ(other.keys(), 0U);
    ASSERT_TRUE(writer->commit().has_value());
    EXPECT_EQ(other.keys(), 1000U);
    EXPECT_EQ(other.applied(), Index{1001});
    EXPECT_EQ(other.get("key 12"), (Answer{.version = 1, .value = "12"}));
    EXPECT_EQ(apply(other, encode({.verb = Verb::put, .key = "key 7"})).version, 2U);
  }
}

TEST_F(KvMachineTest, a_snapshot_that_is_cut_off_is_refused) {
  apply({.verb = Verb::put, .key = "x", .value = "a long value"});
  const std::string all = snapshot(4096);
  KvMachine other;
  for (const std::size_t bytes : {std::size_t{0}, all.size() - 1}) {
    const std::unique_ptr<machine::Writer> writer = other.restore();
    ASSERT_TRUE(writer->add(std::string_view(all).substr(0, bytes)).has_value());
    EXPECT_FALSE(writer->commit().has_value());
    EXPECT_EQ(other.keys(), 0U);
  }
}

TEST(KvJournal, is_told_of_each_command_with_its_place) {
  std::vector<std::pair<Index, std::uint64_t>> told;
  KvMachine machine([&](Index index, const Command& of) { told.emplace_back(index, of.mark); });
  const machine::Command command{
      .id = {Term{1}, Index{5}},
      .payload = Bytes::own(encode({.verb = Verb::put, .key = "x", .mark = 42}))};
  std::vector<std::string> answers(1);
  machine.apply(std::span(&command, 1), answers);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], (std::pair{Index{5}, std::uint64_t{42}}));
}

}  // namespace
}  // namespace bowline::examples::kv
