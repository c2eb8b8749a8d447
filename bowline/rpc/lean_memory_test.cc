// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/lean_memory.h"

#include <cstdint>
#include <string>

#include <gtest/gtest.h>

namespace bowline::rpc {
namespace {

TEST(LeanMemory, what_is_large_is_zero_at_first_and_keeps_what_it_had_when_it_grows) {
  LeanMemory memory;
  nghttp2_mem* const mem = memory.for_nghttp2();
  for (const std::size_t bytes : {10UL, 16'383UL, 16'384UL, 100'000UL}) {
    auto* const zeros = static_cast<char*>(mem->calloc(1, bytes, mem->mem_user_data));
    ASSERT_NE(zeros, nullptr);
    EXPECT_EQ(std::string(zeros, bytes), std::string(bytes, '\0'));
    zeros[0] = 'a';
    zeros[bytes - 1] = 'z';
    auto* const grown = static_cast<char*>(mem->realloc(zeros, 2 * bytes, mem->mem_user_data));
    EXPECT_EQ(grown[0], 'a');
    EXPECT_EQ(grown[bytes - 1], 'z');
    auto* const less = static_cast<char*>(mem->realloc(grown, 5, mem->mem_user_data));
    EXPECT_EQ(less[0], 'a');
    void* const other = mem->realloc(nullptr, bytes, mem->mem_user_data);
    mem->free(less, mem->mem_user_data);
    mem->free(other, mem->mem_user_data);
    mem->free(nullptr, mem->mem_user_data);
  }
  EXPECT_EQ(mem->calloc(SIZE_MAX / 2, 4, mem->mem_user_data), nullptr);
  static_cast<void>(mem->realloc(nullptr, 1U << 20U, mem->mem_user_data));  // given back with it
}

}  // namespace
}  // namespace bowline::rpc
