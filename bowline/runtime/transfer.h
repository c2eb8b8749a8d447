// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "bowline/env/buffer.h"
#include "bowline/runtime/handle.h"

namespace bowline::runtime {

// One call of the kernel on an open file, and all that it needs as long as it runs.
struct Transfer {
  enum class Kind : std::uint8_t { write, durable_write, read, read_uncached, sync };
  using Ended = std::move_only_function<void(std::unique_ptr<Transfer>, std::int64_t result)>;

  Kind kind = Kind::sync;
  std::shared_ptr<const Handle> file;
  env::Buffer buffer;
  std::uint64_t offset = 0;  // in the file
  std::size_t from = 0;      // in the buffer
  std::size_t bytes = 0;
  // On the loop's thread, with the bytes that were transferred or a negative errno.
  Ended ended;
};

inline void end(std::unique_ptr<Transfer> transfer, std::int64_t result) {
  Transfer::Ended ended = std::move(transfer->ended);  // the transfer may be used again
  ended(std::move(transfer), result);
}

// What carries transfers out.
class Transfers {
 public:
  virtual ~Transfers() = default;
  virtual void start(std::unique_ptr<Transfer>) = 0;
  // Waits until none is under way, nor any that an end starts. Calls each `ended` itself.
  virtual void finish() = 0;
  virtual env::Buffer lend(std::size_t bytes) = 0;
};

}  // namespace bowline::runtime
