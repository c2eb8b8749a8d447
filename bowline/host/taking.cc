// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/taking.h"

#include <cstring>
#include <string>
#include <utility>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"
#include "bowline/host/snapshot_store.h"

namespace bowline::host {

Taking::Taking(env::Env env, Shelf& shelf, Pace& pace, SnapshotPtr snapshot,
               std::unique_ptr<machine::Reader> reader, env::Done<Result<void>> done)
    : env_(env),
      shelf_(shelf),
      pace_(pace),
      snapshot_(std::move(snapshot)),
      reader_(std::move(reader)),
      done_(std::move(done)) {
  timer_ = env_.loop.timer(life_.guard([this] {
    if (!is_over()) fill();
  }));
}

Taking::~Taking() { env_.loop.drop(timer_); }

template <class Next>
env::Done<Result<void>> Taking::or_end(Next next) {
  return life_.guard([this, next = std::move(next)](Result<void> result) mutable {
    if (is_over()) return;
    if (!result) return end(std::move(result));
    next();
  });
}

void Taking::end(Result<void> result) {
  if (is_over()) return;
  reader_.reset();
  piece_ = {};
  done_(std::move(result));
}

void Taking::next() {
  piece_ = shelf_.buffer(snapshot_->manifest().piece_bytes);
  filled_ = 0;
  fill();
}

// As much of the piece as there is.
void Taking::fill() {
  const std::size_t most = snapshot_->manifest().piece_bytes;
  while (filled_ < most) {
    if (!reader_->is_ready()) return env_.loop.set(timer_, env_.clock.now() + asks_again_after);
    const Result<std::string> part = reader_->next(most - filled_);
    if (!part) return end(std::unexpected(part.error()));
    if (part->empty()) break;
    ensure(part->size() <= most - filled_);
    std::memcpy(piece_.data() + filled_, part->data(), part->size());
    filled_ += part->size();
  }
  filled();
}

void Taking::filled() {
  if (filled_ == 0) return finish();
  Manifest& manifest = snapshot_->draft();
  was_last_ = filled_ < manifest.piece_bytes;
  if (manifest.pieces() == most_pieces)
    return end(std::unexpected(Error{Fault::full, "the snapshot has too many pieces"}));
  manifest.bytes += filled_;
  manifest.sums.push_back(crc32c(piece_.view().substr(0, filled_)));
  const std::size_t padded = (filled_ + env::block_bytes - 1) / env::block_bytes * env::block_bytes;
  std::memset(piece_.data() + filled_, 0, padded - filled_);
  piece_.shrink(padded);
  pace_.ask(life_, padded, [this, piece = std::move(piece_)]() mutable {
    if (!is_over()) write(std::move(piece));
  });
}

void Taking::write(env::Buffer piece) {
  const std::uint32_t number = snapshot_->manifest().pieces() - 1;
  shelf_.write_piece(snapshot_, number, std::move(piece), or_end([this] {
                       if (was_last_) return finish();
                       next();
                     }));
}

void Taking::finish() {
  snapshot_->draft().identity = identity_of(snapshot_->manifest());
  shelf_.write_head(snapshot_,
                    or_end([this] { shelf_.publish(snapshot_, or_end([this] { end({}); })); }));
}

}  // namespace bowline::host
