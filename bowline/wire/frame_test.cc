// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <string>

#include <gtest/gtest.h>

#include "bowline/base/crc32c.h"
#include "bowline/base/encoding.h"
#include "bowline/base/prng.h"

namespace {

std::size_t largest_block = 0;  // that was asked for since somebody set it to 0

}  // namespace

// Only looks at what is asked for.
void* operator new(std::size_t size) {
  constexpr std::size_t block = alignof(std::max_align_t);
  largest_block = std::max(largest_block, size);
  void* const at = std::aligned_alloc(block, (size + block) / block * block);
  if (at == nullptr) std::abort();
  return at;
}
void operator delete(void* at) noexcept { std::free(at); }
void operator delete(void* at, std::size_t) noexcept { std::free(at); }

namespace bowline::wire {
namespace {

constexpr std::uint32_t plenty = 1 << 20;

std::string frame(const std::string& body, FrameKind kind = FrameKind::letters) {
  std::string bytes = begin_frame(kind);
  bytes += body;
  end_frame(bytes);
  return bytes;
}

std::string wrong_with(const std::string& bytes, std::uint32_t most = plenty) {
  FrameReader reader(most);
  std::vector<Frame> whole;
  const Result<void> fed = reader.feed(bytes, whole);
  return fed ? "" : fed.error().what;
}

TEST(Frame, comes_whole_in_whatever_pieces) {
  const std::string bytes = frame("first") + frame("") + frame(std::string(5000, 'x')) +
                            frame("last", FrameKind::refusal);
  Prng prng(1);
  for (int round = 0; round < 200; ++round) {
    FrameReader reader(plenty);
    std::vector<Frame> whole;
    for (std::string_view rest = bytes; !rest.empty();) {
      const std::size_t piece = 1 + prng.below(round == 0 ? 1 : 3000);
      ASSERT_TRUE(reader.feed(rest.substr(0, piece), whole));
      rest.remove_prefix(std::min(piece, rest.size()));
    }
    ASSERT_EQ(whole.size(), 4U);
    EXPECT_EQ(*whole[0].body, "first");
    EXPECT_EQ(*whole[1].body, "");
    EXPECT_EQ(whole[2].body->size(), 5000U);
    EXPECT_EQ(whole[2].kind, FrameKind::letters);
    EXPECT_EQ(whole[3].kind, FrameKind::refusal);
  }
}

TEST(Frame, one_bit_that_changed_is_noticed_wherever_it_is) {
  const std::string good = frame("some words");
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good + good;  // so that a longer one could be had
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    EXPECT_NE(wrong_with(bytes), "") << bit;
  }
}

TEST(Frame, a_large_one_is_refused_before_it_comes) {
  const std::string bytes = frame(std::string(1001, 'x'));
  EXPECT_EQ(wrong_with(bytes.substr(0, frame_head_bytes), 1000),
            "a frame of 1001 bytes, where at most 1000 are allowed");
  EXPECT_EQ(wrong_with(bytes, 1001), "");
}

// The head as a liar would write it, with sums that are right.
std::string head_of(std::uint32_t size) {
  std::string head = begin_frame(FrameKind::letters);
  store(head.data() + 4, size);
  store(head.data() + 12, crc32c({head.data(), 12}));
  return head;
}

TEST(Frame, memory_is_taken_as_bytes_come_and_not_because_a_head_says_so) {
  constexpr std::uint32_t most = 64 << 20;
  for (const std::uint32_t size : {most + 1, 1U << 31U, 0xffffffffU}) {
    largest_block = 0;
    EXPECT_TRUE(wrong_with(head_of(size), most).contains("are allowed")) << size;
    EXPECT_LT(largest_block, 4096U);
  }
  EXPECT_EQ(wrong_with(frame(""), most), "");
  FrameReader reader(most);
  std::vector<Frame> whole;
  largest_block = 0;
  ASSERT_TRUE(reader.feed(head_of(most), whole));
  EXPECT_LT(largest_block, 512U << 10U);
}

TEST(Frame, what_another_program_says_is_none) {
  EXPECT_EQ(wrong_with("GET / HTTP/1.1\r\n\r\n"), "what came is no frame: is it another program?");
  EXPECT_EQ(wrong_with(std::string(16, '\0')), "what came is no frame: is it another program?");
  EXPECT_EQ(wrong_with("\x16\x03\x01 and more of a hello"),
            "what came is TLS, which this node does not speak: give it a certificate, too");
}

TEST(Frame, of_an_unknown_kind_ends_the_connection) {
  EXPECT_EQ(wrong_with(frame("x", static_cast<FrameKind>(200))),
            "a frame of a kind that is not known here");
}

TEST(Frame, of_a_kind_that_came_with_a_later_version_is_of_an_unknown_kind) {
  for (Version version = oldest_version; version <= newest_version; ++version) {
    for (const auto& [kind, since] :
         {std::pair(FrameKind::gone_piece, oldest_version),
          std::pair(FrameKind::pulse, pulse_since), std::pair(FrameKind::ask, admin_since),
          std::pair(FrameKind::answer, admin_since), std::pair(FrameKind::errands, errands_since),
          std::pair(FrameKind::errand_answers, errands_since)}) {
      FrameReader reader(plenty);
      reader.allow(plenty, version);
      std::vector<Frame> whole;
      EXPECT_EQ(reader.feed(frame("", kind), whole).has_value(), version >= since);
    }
  }
}

}  // namespace
}  // namespace bowline::wire
