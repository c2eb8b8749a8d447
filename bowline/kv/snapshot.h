// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bowline/base/result.h"
#include "bowline/kv/run.h"
#include "bowline/machine/state_machine.h"

// The state as bytes. Blocks of a few records each:
//   bytes u32 | their CRC-32C u32 | records
// A record is its kind u8 and its fields, written as those of commands are:
//   head     format | revision | compacted | leases ever granted   the first one
//   lease    id | tenure | ttl | left
//   alarm    member | kind u8
//   key      bytes                                      by rising keys; its versions follow
//   version  main | sub | create | version | lease | value   the oldest first; 0: it was erased
//   end      keys | versions                            the last one
// What is compacted is not in it, even if its memory has not come back yet.
namespace bowline::kv {

inline constexpr std::uint64_t snapshot_format = 1;

// Of the state as it is now, whatever happens to it later. It reads from the store, piece by piece;
// if the state is replaced or gone meanwhile, that is an error.
std::unique_ptr<machine::Reader> snapshot_of(const State&, std::size_t block_bytes = 64 << 10);

class StoreLoader;

// Takes a snapshot in, piece by piece, into a state of its own.
class SnapshotLoader {
 public:
  explicit SnapshotLoader(const ValueMemory& = {});
  ~SnapshotLoader();

  Result<void> add(std::string_view bytes);
  // That was all. An error: it was not, or it makes no sense.
  Result<void> finish();
  State& state() { return *state_; }  // when it is finished

 private:
  Result<void> take_block(std::string_view block);

  std::unique_ptr<State> state_;
  std::unique_ptr<StoreLoader> loader_;
  std::string gathered_;
  bool is_begun_ = false;
  bool is_over_ = false;
};

}  // namespace bowline::kv
