// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/loading.h"

namespace bowline::host {

namespace {

constexpr std::size_t reads_at_once = 3;

}  // namespace

void Loading::next() {
  const std::uint32_t pieces = snapshot_->manifest().pieces();
  if (piece_ == pieces) return end(writer_->commit());
  while (ahead_.size() < reads_at_once && piece_ + ahead_.size() < pieces) {
    const auto piece = static_cast<std::uint32_t>(piece_ + ahead_.size());
    ahead_.emplace_back();
    shelf_.read_piece_patiently(
        snapshot_, piece,
        life_.guard([this, piece](Result<env::Buffer> read) { came(piece, std::move(read)); }));
  }
}

// They may come in any order, and go on in theirs.
void Loading::came(std::uint32_t piece, Result<env::Buffer> read) {
  if (is_over()) return;
  ahead_[piece - piece_] = std::move(read);
  while (!ahead_.empty() && ahead_.front())
    if (Result<void> added = add_first(); !added) return end(std::move(added));
  next();
}

Result<void> Loading::add_first() {
  const Result<env::Buffer> read = *std::move(ahead_.front());
  ahead_.pop_front();
  ++piece_;
  if (!read) return std::unexpected(read.error());
  bytes_ += read->size();
  return writer_->add(read->view());
}

void Loading::end(Result<void> result) {
  if (is_over()) return;
  writer_.reset();
  if (!result) return done_(std::unexpected(std::move(result.error())));
  done_(snapshot_->manifest().base);
}

}  // namespace bowline::host
