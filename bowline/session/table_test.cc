// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/table.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

// What an allocation costs: its size and that of the heap's own head, in whole 16 bytes. Negative
// if more was given back than taken.
namespace {

std::int64_t heap_bytes = 0;
constexpr std::size_t head = alignof(std::max_align_t);

std::int64_t cost(std::size_t size) {
  return static_cast<std::int64_t>((size + sizeof(std::size_t) + 15) / 16 * 16);
}

}  // namespace

void* operator new(std::size_t size) {
  void* const block = std::aligned_alloc(head, (size + 2 * head - 1) / head * head);
  if (block == nullptr) std::abort();
  *static_cast<std::size_t*>(block) = size;
  heap_bytes += cost(size);
  return static_cast<std::byte*>(block) + head;
}
void operator delete(void* at) noexcept {
  if (at == nullptr) return;
  void* const block = static_cast<std::byte*>(at) - head;
  heap_bytes -= cost(*static_cast<std::size_t*>(block));
  std::free(block);
}
void operator delete(void* at, std::size_t) noexcept { operator delete(at); }

namespace bowline::session {
namespace {

void call(Table& table, SessionId id, std::uint64_t serial, const std::string& answer) {
  table.use(*table.find(id), {serial});
  table.keep(*table.find(id), {serial}, answer);
}

TEST(Table, a_hundred_thousand_sessions_take_less_than_200_bytes_each) {
  constexpr std::uint64_t sessions = 100'000;
  const std::int64_t before = heap_bytes;
  Table table;
  for (std::uint64_t id = 1; id <= sessions; ++id) {
    table.open({id});
    for (std::uint64_t serial = 1; serial <= 3; ++serial) call(table, {id}, serial, "an answer");
  }
  ASSERT_EQ(table.size(), sessions);
  const std::int64_t each = (heap_bytes - before) / static_cast<std::int64_t>(sessions);
  EXPECT_LE(each, 200);
  EXPECT_GE(each, 50);  // something was counted
  RecordProperty("bytes_each", std::to_string(each));
}

// A client that acknowledges leaves nothing behind, however long it lives.
TEST(Table, memory_does_not_grow_with_what_is_called) {
  Table table;
  table.open({1});
  call(table, {1}, 1, "an answer");
  const std::int64_t before = heap_bytes;
  for (std::uint64_t serial = 2; serial <= 10'000; ++serial) call(table, {1}, serial, "an answer");
  EXPECT_EQ(heap_bytes, before);
}

TEST(Table, what_ends_is_given_back) {
  Table table;
  for (std::uint64_t id = 1; id <= 1000; ++id) table.open({id});
  for (std::uint64_t id = 1; id <= 1000; ++id) table.close({id});  // its table keeps its size
  const std::int64_t before = heap_bytes;
  for (std::uint64_t id = 1001; id <= 2000; ++id) {
    table.open({id});
    call(table, {id}, 1, "an answer");
  }
  for (std::uint64_t id = 1001; id <= 2000; ++id) table.close({id});
  EXPECT_EQ(heap_bytes, before);
  EXPECT_EQ(table.size(), 0U);
  EXPECT_EQ(table.bytes(), 0U);
}

// Room is made by one look at each session, and not by one at all of them for each answer.
TEST(Table, room_for_answers_comes_from_whoever_was_silent_for_longest) {
  Table table;
  table.set({.most_bytes = 100});
  for (std::uint64_t id = 1; id <= 20; ++id) {
    table.open({id});
    call(table, {id}, 1, std::string(10, 'x'));
  }
  EXPECT_EQ(table.bytes(), 100U);
  for (std::uint64_t id = 1; id <= 20; ++id) {
    const Answer* const answer = Table::answer(*table.find({id}), {1});
    ASSERT_NE(answer, nullptr);
    EXPECT_EQ(static_cast<bool>(answer->kept), id > 10) << id;
  }
  table.close({11});
  call(table, {1}, 2, std::string(10, 'y'));
  EXPECT_TRUE(Table::answer(*table.find({12}), {1})->kept);
  call(table, {2}, 2, std::string(10, 'y'));
  EXPECT_FALSE(Table::answer(*table.find({12}), {1})->kept);
  EXPECT_TRUE(Table::answer(*table.find({1}), {2})->kept);
}

TEST(Table, one_answer_larger_than_all_the_room_is_not_kept_for_long) {
  Table table;
  table.set({.most_answer_bytes = 100, .most_bytes = 50});
  table.open({1});
  call(table, {1}, 1, std::string(60, 'x'));
  EXPECT_EQ(table.bytes(), 0U);
  EXPECT_FALSE(Table::answer(*table.find({1}), {1})->kept);
  call(table, {1}, 2, "small");
  EXPECT_EQ(table.bytes(), 5U);
}

}  // namespace
}  // namespace bowline::session
