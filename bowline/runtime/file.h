// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "bowline/env/env.h"
#include "bowline/runtime/handle.h"
#include "bowline/runtime/transfer.h"

namespace bowline::runtime {

struct OpenFile {
  std::shared_ptr<const Handle> handle;
  std::string path;  // for messages
  std::uint64_t size = 0;
  // Past the cache of the kernel (O_DIRECT). Where a file system does not have that, what has to
  // be durable is synced after it was written, and reads ask for the cache to be dropped first.
  bool is_direct = false;
};

// What all of a disk's files share. Gone: nobody is told of anything any more.
struct DiskLife {
  env::Loop& loop;
  std::shared_ptr<Transfers> transfers;
  bool is_gone = false;
};

// Turns what env::File promises into transfers. The kernel may transfer less than it was asked to,
// or have no time: that is seen to here.
class File final : public env::File {
 public:
  File(std::shared_ptr<DiskLife>, OpenFile);
  ~File() override;
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  std::uint64_t size() const override;
  void write(std::uint64_t offset, env::Buffer, env::Sync,
             env::Done<Result<void>, env::Buffer>) override;
  void sync(env::Done<Result<void>>) override;
  void read(std::uint64_t offset, std::uint64_t bytes, env::Done<Result<env::Buffer>>) override;

 private:
  struct State;
  std::shared_ptr<State> state_;  // also with the transfers under way
};

}  // namespace bowline::runtime
