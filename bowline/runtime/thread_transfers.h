// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <memory>

#include "bowline/runtime/buffers.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/transfer.h"
#include "bowline/runtime/workers.h"

namespace bowline::runtime {

// Transfers by threads that block, for machines that refuse io_uring.
class ThreadTransfers final : public Transfers {
 public:
  explicit ThreadTransfers(Loop&);

  void start(std::unique_ptr<Transfer>) override;
  void finish() override { workers_.finish(); }
  env::Buffer lend(std::size_t bytes) override { return buffers_.lend(bytes); }

 private:
  Buffers buffers_;
  Workers workers_;
};

}  // namespace bowline::runtime
