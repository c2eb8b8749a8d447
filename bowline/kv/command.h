// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "bowline/kv/request.h"

// The requests that write, as they lie in the log. A range that is asked for by itself never does,
// nor does a transaction that can only read: see writes().
namespace bowline::kv {

using Command = std::variant<Put, DeleteRange, Txn, Compact, LeaseGrant, LeaseRevoke,
                             LeaseCheckpoint, AlarmChange>;

inline constexpr std::uint8_t command_version = 1;
// Transactions within transactions; deeper ones are malformed.
inline constexpr std::uint32_t most_nesting = 128;

// version u8 | kind u8 | fields; numbers are varints (signed ones in zigzag), bytes have their
// length in front of them, flags are one byte.
std::string encode(const Command&);
// What is in it views the bytes. nullopt: malformed, or of a version that is not known here. Of
// what it takes, encode() gives the same bytes again.
std::optional<Command> decode_command(std::string_view bytes);

// Does it put or delete on either branch, at any depth? If not, it need not go through the log.
bool writes(const Txn&);

}  // namespace bowline::kv
