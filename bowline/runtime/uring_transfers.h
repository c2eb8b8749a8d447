// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>

#include "bowline/base/result.h"
#include "bowline/runtime/buffers.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/transfer.h"

namespace bowline::runtime {

// Transfers by io_uring. The kernel knows our buffers, and the loop learns of what has ended as of
// anything else.
class UringTransfers final : public Transfers {
 public:
  // On the loop's thread, which alone may use it. An error: the kernel is too old for io_uring, or
  // does not let us.
  static Result<std::shared_ptr<UringTransfers>> open(Loop&);
  explicit UringTransfers(Loop&);  // open() is what makes one that works
  ~UringTransfers() override;
  UringTransfers(const UringTransfers&) = delete;
  UringTransfers& operator=(const UringTransfers&) = delete;

  void start(std::unique_ptr<Transfer>) override;
  void finish() override;
  env::Buffer lend(std::size_t bytes) override { return buffers_.lend(bytes); }

 private:
  struct Ring;  // keeps liburing and Asio out of this header

  Buffers buffers_;
  std::shared_ptr<Ring> ring_;
};

}  // namespace bowline::runtime
