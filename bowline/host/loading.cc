// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/loading.h"

namespace bowline::host {

void Loading::next() {
  if (piece_ == snapshot_->manifest().pieces()) return end(writer_->commit());
  shelf_.read_piece(snapshot_, piece_,
                    life_.guard([this](const Result<env::Buffer>& read) { add(read); }));
}

void Loading::add(const Result<env::Buffer>& read) {
  if (!read) return end(std::unexpected(read.error()));
  if (Result<void> added = writer_->add(read->view()); !added) return end(std::move(added));
  ++piece_;
  next();
}

void Loading::end(Result<void> result) {
  writer_.reset();
  if (!result) return done_(std::unexpected(std::move(result.error())));
  done_(snapshot_->manifest().base);
}

}  // namespace bowline::host
