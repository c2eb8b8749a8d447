// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bowline/base/result.h"
#include "bowline/machine/state_machine.h"
#include "bowline/session/table.h"

namespace bowline::session {

// The snapshot of a machine with sessions: a head of 20 bytes, the table, and then the snapshot of
// the machine within to its end.
//   magic u32 | version u32 | bytes of the table u64 | their CRC-32C u32
inline constexpr std::uint32_t snapshot_magic = 0x53736e42;  // "BnsS"
inline constexpr std::uint32_t snapshot_version = 1;
inline constexpr std::size_t snapshot_head_bytes = 20;

std::unique_ptr<machine::Reader> snapshot_of(std::string_view table,
                                             std::unique_ptr<machine::Reader> within);

// The beginning of one, as it comes in.
class SnapshotHead {
 public:
  // What follows, in any pieces. Gives what of it belongs to the machine within.
  Result<std::string_view> add(std::string_view bytes);
  // When all has come. An error: that was not all, or it makes no sense.
  Result<std::unique_ptr<Table>> table() const;

 private:
  std::uint64_t wanted() const;

  std::string gathered_;  // the head and the table
};

}  // namespace bowline::session
