// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/taking.h"

#include <cstring>
#include <string>

#include "bowline/base/crc32c.h"
#include "bowline/base/ensure.h"

namespace bowline::host {

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
  done_(std::move(result));
}

void Taking::next() {
  Manifest& manifest = snapshot_->draft();
  env::Buffer piece = shelf_.buffer(manifest.piece_bytes);
  const Result<std::uint32_t> filled = fill(piece);
  if (!filled) return end(std::unexpected(filled.error()));
  if (*filled == 0) return finish();
  was_last_ = *filled < manifest.piece_bytes;
  if (manifest.pieces() == most_pieces)
    return end(std::unexpected(Error{Fault::full, "the snapshot has too many pieces"}));
  manifest.bytes += *filled;
  manifest.sums.push_back(crc32c(piece.view().substr(0, *filled)));
  const std::size_t padded = (*filled + env::block_bytes - 1) / env::block_bytes * env::block_bytes;
  std::memset(piece.data() + *filled, 0, padded - *filled);
  piece.shrink(padded);
  pace_.ask(life_, padded, [this, piece = std::move(piece)]() mutable {
    if (!is_over()) write(std::move(piece));
  });
}

// As much of a piece as there is.
Result<std::uint32_t> Taking::fill(env::Buffer& piece) {
  const std::size_t most = snapshot_->manifest().piece_bytes;
  std::size_t filled = 0;
  while (filled < most) {
    const Result<std::string> part = reader_->next(most - filled);
    if (!part) return std::unexpected(part.error());
    if (part->empty()) break;
    ensure(part->size() <= most - filled);
    std::memcpy(piece.data() + filled, part->data(), part->size());
    filled += part->size();
  }
  return static_cast<std::uint32_t>(filled);
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
