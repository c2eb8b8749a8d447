// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/thread_transfers.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

namespace bowline::runtime {
namespace {

// A log that writes, one that is read by followers, and some room for a disk that likes company.
constexpr std::size_t threads = 4;

std::int64_t carry_out(Transfer& transfer) {
  const int file = transfer.file->number();
  const iovec memory{transfer.buffer.data() + transfer.from, transfer.bytes};
  const auto offset = static_cast<off_t>(transfer.offset);
  std::int64_t result = 0;
  switch (transfer.kind) {
    case Transfer::Kind::write: result = ::pwritev2(file, &memory, 1, offset, 0); break;
    case Transfer::Kind::durable_write:
      result = ::pwritev2(file, &memory, 1, offset, RWF_DSYNC);
      break;
    case Transfer::Kind::read_uncached:
      // Only advice, hence whatever it answers; it reaches what is on the disk already.
      (void)::posix_fadvise(file, offset, static_cast<off_t>(transfer.bytes), POSIX_FADV_DONTNEED);
      [[fallthrough]];
    case Transfer::Kind::read: result = ::preadv2(file, &memory, 1, offset, 0); break;
    case Transfer::Kind::sync: result = ::fdatasync(file); break;
  }
  return result < 0 ? -errno : result;
}

}  // namespace

ThreadTransfers::ThreadTransfers(Loop& loop)
    : workers_(threads, [&loop](env::Done<> done) { loop.post(std::move(done)); }) {}

void ThreadTransfers::start(std::unique_ptr<Transfer> transfer) {
  struct Run {
    std::unique_ptr<Transfer> transfer;
    std::int64_t result = 0;
  };
  const auto run = std::make_shared<Run>(std::move(transfer));
  workers_.run([run] { run->result = carry_out(*run->transfer); },
               [run] { end(std::move(run->transfer), run->result); });
}

}  // namespace bowline::runtime
