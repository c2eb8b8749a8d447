// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>

#include "bowline/kv/answer.h"
#include "bowline/kv/item.h"

// How much of the memory an answer takes. Its items view the store; but sooner or later somebody
// writes them out, and so they weigh what they would take then.
namespace bowline::kv {

// More than what is around the bytes of an item, as an answer (answer.cc) or a message of etcd has
// it. So nothing is longer, written out, than it weighs.
inline constexpr std::uint64_t item_weight = 64;
inline constexpr std::uint64_t op_weight = 64;  // an operation of a transaction
static_assert(sizeof(Item) <= item_weight && sizeof(OpAnswer) <= 2 * op_weight);

// Of the answer to one command. Every replica has to carry out what is in the log, also the one
// that only starts again, and each says the same: so it may never become another number.
inline constexpr std::uint64_t most_answer_weight = 32 << 20;
// Of the answers of one call of KvMachine::apply(), in bytes. Nobody else depends on that.
inline constexpr std::size_t most_answers_bytes = 64 << 20;

// Summed up while items are taken.
struct Weight {
  std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t sum = 0;
  bool is_too_much() const { return sum > most; }
};

}  // namespace bowline::kv
