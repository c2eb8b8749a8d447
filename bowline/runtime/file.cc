// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/file.h"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <optional>
#include <set>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/runtime/fault.h"

namespace bowline::runtime {
namespace {

using Kind = Transfer::Kind;

constexpr std::uint64_t most_bytes = 1 << 30;  // of one transfer; the kernel takes 2 GiB at most
constexpr int most_attempts = 1000;            // a kernel that has no time so often has a fault

bool is_aligned(std::uint64_t number) { return number % env::block_bytes == 0; }

std::uint64_t down_to_block(std::uint64_t number) { return number - number % env::block_bytes; }

bool has_no_time(std::int64_t result) { return result == -EINTR || result == -EAGAIN; }

// To read once more harms nobody, and what could not be looked at is not damaged.
bool may_be_read_later(std::int64_t result) { return has_no_time(result) || result == -ENOMEM; }

}  // namespace

struct File::State : std::enable_shared_from_this<State> {
  struct Write {
    std::uint64_t number = 0;
    env::Sync sync = env::Sync::no;
    env::Done<Result<void>, env::Buffer> done;
    std::size_t wanted = 0;
    int attempts = 0;
  };
  struct Read {
    env::Done<Result<env::Buffer>> done;
    std::size_t wanted = 0;
    int attempts = 0;
  };
  struct Syncing {
    std::uint64_t after = 0;  // all writes with smaller numbers
    env::Done<Result<void>> done;
  };

  State(std::shared_ptr<DiskLife> l, OpenFile f) : life(std::move(l)), file(std::move(f)) {}

  bool is_heard() const { return !is_closed && !life->is_gone; }
  std::unique_ptr<Transfer> transfer(Kind kind, std::uint64_t offset, env::Buffer buffer) const;
  Error failed(std::int64_t result, const char* doing, const Transfer&) const;

  void write(Write, std::unique_ptr<Transfer>);
  void wrote(Write, std::unique_ptr<Transfer>, std::int64_t result);
  void sync_written(Write, std::unique_ptr<Transfer>);
  void end_write(Write&, env::Buffer, Result<void>);

  void start_syncs();
  void sync(env::Done<Result<void>>, int attempts);

  void read(Read, std::unique_ptr<Transfer>);
  void have_read(Read, std::unique_ptr<Transfer>, std::int64_t result);

  const std::shared_ptr<DiskLife> life;
  const OpenFile file;
  bool is_closed = false;
  // The first error of a write or a sync. From then on nobody knows what the disk holds, and a
  // kernel that reports success later must not be believed: all that follows fails with it.
  std::optional<Error> doubt;
  std::uint64_t next_write = 0;
  std::set<std::uint64_t> writing;
  std::deque<Syncing> syncs;  // that wait for earlier writes
};

std::unique_ptr<Transfer> File::State::transfer(Kind kind, std::uint64_t offset,
                                                env::Buffer buffer) const {
  auto made = std::make_unique<Transfer>();
  made->kind = kind;
  made->file = file.handle;
  made->offset = offset;
  made->bytes = static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), most_bytes));
  made->buffer = std::move(buffer);
  return made;
}

Error File::State::failed(std::int64_t result, const char* doing, const Transfer& what) const {
  // A transfer of nothing is no error to the kernel, but it would not end either.
  const int number = result < 0 ? static_cast<int>(-result) : EIO;
  return system_error(number, std::string("cannot ") + doing + " " + std::to_string(what.bytes) +
                                  " bytes at " + std::to_string(what.offset) + " of " + file.path);
}

void File::State::write(Write write, std::unique_ptr<Transfer> transfer) {
  transfer->ended = [self = shared_from_this(), write = std::move(write)](
                        std::unique_ptr<Transfer> ended, std::int64_t result) mutable {
    self->wrote(std::move(write), std::move(ended), result);
  };
  life->transfers->start(std::move(transfer));
}

void File::State::wrote(Write write, std::unique_ptr<Transfer> transfer, std::int64_t result) {
  if (has_no_time(result) && ++write.attempts < most_attempts)
    return this->write(std::move(write), std::move(transfer));
  std::size_t progress = static_cast<std::size_t>(std::max<std::int64_t>(result, 0));
  if (progress < transfer->bytes) progress = down_to_block(progress);
  if (progress == 0) {
    const Error error = failed(result, "write", *transfer);
    if (!doubt) doubt = error;
    return end_write(write, std::move(transfer->buffer), std::unexpected(error));
  }
  transfer->offset += progress;
  transfer->from += progress;
  if (const std::size_t left = write.wanted - transfer->from; left > 0) {
    transfer->bytes = std::min<std::size_t>(left, most_bytes);
    return this->write(std::move(write), std::move(transfer));
  }
  if (write.sync == env::Sync::yes && transfer->kind != Kind::durable_write)
    return sync_written(std::move(write), std::move(transfer));
  end_write(write, std::move(transfer->buffer), {});
}

void File::State::sync_written(Write write, std::unique_ptr<Transfer> written) {
  auto told = [self = shared_from_this(), write = std::move(write),
               buffer = std::move(written->buffer)](Result<void> result) mutable {
    self->end_write(write, std::move(buffer), std::move(result));
  };
  sync(std::move(told), 0);
}

void File::State::end_write(Write& write, env::Buffer buffer, Result<void> result) {
  writing.erase(write.number);
  start_syncs();
  if (is_heard()) write.done(std::move(result), std::move(buffer));
}

void File::State::start_syncs() {
  while (!syncs.empty() && (writing.empty() || *writing.begin() >= syncs.front().after)) {
    env::Done<Result<void>> done = std::move(syncs.front().done);
    syncs.pop_front();
    sync(
        [self = shared_from_this(), done = std::move(done)](Result<void> result) mutable {
          if (self->is_heard()) done(std::move(result));
        },
        0);
  }
}

void File::State::sync(env::Done<Result<void>> done, int attempts) {
  std::unique_ptr<Transfer> made = transfer(Kind::sync, 0, {});
  made->ended = [self = shared_from_this(), done = std::move(done), attempts](
                    std::unique_ptr<Transfer>, std::int64_t result) mutable {
    if (has_no_time(result) && attempts < most_attempts)
      return self->sync(std::move(done), attempts + 1);
    if (result < 0 && !self->doubt)
      self->doubt = system_error(static_cast<int>(-result), "cannot sync " + self->file.path);
    if (self->doubt) return done(std::unexpected(*self->doubt));
    done({});
  };
  life->transfers->start(std::move(made));
}

void File::State::read(Read read, std::unique_ptr<Transfer> transfer) {
  transfer->ended = [self = shared_from_this(), read = std::move(read)](
                        std::unique_ptr<Transfer> ended, std::int64_t result) mutable {
    self->have_read(std::move(read), std::move(ended), result);
  };
  life->transfers->start(std::move(transfer));
}

void File::State::have_read(Read read, std::unique_ptr<Transfer> transfer, std::int64_t result) {
  if (may_be_read_later(result) && ++read.attempts < most_attempts)
    return this->read(std::move(read), std::move(transfer));
  if (!is_heard()) return;
  if (result < 0) {
    return read.done(std::unexpected(failed(result, "read", *transfer)));
  }
  const std::size_t got = transfer->from + static_cast<std::size_t>(result);
  const std::size_t progress = down_to_block(static_cast<std::size_t>(result));
  if (got < read.wanted && progress > 0) {
    transfer->offset += progress;
    transfer->from += progress;
    transfer->bytes = std::min<std::size_t>(transfer->buffer.size() - transfer->from, most_bytes);
    return this->read(std::move(read), std::move(transfer));
  }
  transfer->buffer.shrink(std::min(got, read.wanted));
  read.done(std::move(transfer->buffer));
}

File::File(std::shared_ptr<DiskLife> life, OpenFile file)
    : state_(std::make_shared<State>(std::move(life), std::move(file))) {}

File::~File() { state_->is_closed = true; }

std::uint64_t File::size() const { return state_->file.size; }

void File::write(std::uint64_t offset, env::Buffer buffer, env::Sync sync,
                 env::Done<Result<void>, env::Buffer> done) {
  ensure(!state_->life->is_gone);
  ensure(is_aligned(offset) && is_aligned(buffer.size()) && !buffer.empty());
  ensure(offset <= size() && buffer.size() <= size() - offset);
  State::Write write{state_->next_write++, sync, std::move(done), buffer.size()};
  state_->writing.insert(write.number);
  if (state_->doubt) {
    return state_->life->loop.soon(
        [state = state_, write = std::move(write), buffer = std::move(buffer)]() mutable {
          state->end_write(write, std::move(buffer), std::unexpected(*state->doubt));
        });
  }
  const bool at_once = sync == env::Sync::yes && state_->file.is_direct;
  const Kind kind = at_once ? Kind::durable_write : Kind::write;
  state_->write(std::move(write), state_->transfer(kind, offset, std::move(buffer)));
}

void File::sync(env::Done<Result<void>> done) {
  ensure(!state_->life->is_gone);
  state_->syncs.push_back({state_->next_write, std::move(done)});
  state_->start_syncs();
}

void File::read(std::uint64_t offset, std::uint64_t bytes, env::Done<Result<env::Buffer>> done) {
  ensure(!state_->life->is_gone);
  ensure(is_aligned(offset) && is_aligned(bytes));
  const std::uint64_t there = offset < size() ? std::min(bytes, size() - offset) : 0;
  if (there == 0) {
    return state_->life->loop.soon([state = state_, done = std::move(done)]() mutable {
      if (state->is_heard()) done(env::Buffer());
    });
  }
  const Kind kind = state_->file.is_direct ? Kind::read : Kind::read_uncached;
  env::Buffer buffer = state_->life->transfers->lend(static_cast<std::size_t>(there));
  state_->read({std::move(done), static_cast<std::size_t>(there)},
               state_->transfer(kind, offset, std::move(buffer)));
}

}  // namespace bowline::runtime
