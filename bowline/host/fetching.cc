// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/fetching.h"

#include <utility>
#include <variant>

#include "bowline/base/ensure.h"

namespace bowline::host {

void Fetching::begin() {
  ensure(state_ == State::idle);
  state_ = State::asked;
  channel_.send(frame_of(wire::WantSnapshot{group_, at_least_}));
}

Fetching::Progress Fetching::progress() const {
  Progress progress = progress_;
  if (state_ == State::beginning) progress.bytes = snapshots_.incoming_bytes(group_);
  return progress;
}

// Nobody is called from within a call.
void Fetching::end(Result<raft::Base> result) {
  if (state_ == State::over) return;
  state_ = State::over;
  loop_.soon(life_.guard([this, result = std::move(result)]() mutable {
    auto ended = std::move(ended_);
    ended(std::move(result));
  }));
}

void Fetching::fail(Fault fault, const std::string& why) {
  end(std::unexpected(
      Error{fault, "fetching a snapshot of group " + std::to_string(group_.value) + ": " + why}));
}

void Fetching::hear(const wire::Parcel& parcel) {
  if (state_ == State::over) return;
  if (const auto* const have = std::get_if<wire::HaveSnapshot>(&parcel)) return offered(*have);
  if (const auto* const piece = std::get_if<wire::Piece>(&parcel)) return came(*piece);
  if (const auto* const no = std::get_if<wire::NoSnapshot>(&parcel))
    return fail(Fault::not_found, "the other node says: " + no->why);
  if (std::holds_alternative<wire::GonePiece>(parcel))
    return fail(Fault::not_found, "the other node does not have all of it any more");
  fail(Fault::corrupt, "the other node asks instead of answering");
}

void Fetching::offered(const wire::HaveSnapshot& have) {
  if (state_ != State::asked) return fail(Fault::corrupt, "one was offered that nobody asked for");
  Result<Manifest> manifest = decode_manifest(have.manifest.view());
  if (!manifest) return fail(Fault::corrupt, manifest.error().what);
  if (manifest->group != group_ || !covers(manifest->base.id, at_least_))
    return fail(Fault::corrupt, "what was offered is not what was asked for");
  manifest_ = *std::move(manifest);
  progress_.of_pieces = manifest_.pieces();
  progress_.of_bytes = manifest_.bytes;
  state_ = State::beginning;
  snapshots_.begin_incoming(manifest_, life_.guard([this](Result<SnapshotStore::Missing> missing) {
    begun(std::move(missing));
  }));
}

void Fetching::begun(Result<SnapshotStore::Missing> missing) {
  if (state_ == State::over) return;
  if (!missing) {
    // We made one ourselves meanwhile.
    if (missing.error().fault == Fault::exists) return finish();
    return fail(missing.error().fault, missing.error().what);
  }
  progress_.bytes = manifest_.bytes;
  progress_.pieces = manifest_.pieces() - static_cast<std::uint32_t>(missing->size());
  for (const std::uint32_t piece : *missing) progress_.bytes -= manifest_.bytes_of(piece);
  missing_.assign(missing->begin(), missing->end());
  state_ = State::pulling;
  pull();
}

void Fetching::pull() {
  while (!missing_.empty() && asked_.size() + writing_ < window) {
    const std::uint32_t piece = missing_.front();
    missing_.pop_front();
    asked_.insert(piece);
    channel_.send(frame_of(wire::WantPiece{group_, manifest_.identity, piece}));
  }
  if (!missing_.empty() || !asked_.empty() || writing_ > 0) return;
  state_ = State::ending;
  snapshots_.end_incoming(group_, life_.guard([this](const Result<void>& result) {
    if (!result) return fail(result.error().fault, result.error().what);
    finish();
  }));
}

void Fetching::came(const wire::Piece& piece) {
  const bool wanted = state_ == State::pulling && piece.identity == manifest_.identity &&
                      asked_.erase(piece.number) == 1;
  if (!wanted) return fail(Fault::corrupt, "a piece came that nobody asked for");
  ++writing_;
  snapshots_.put_piece(group_, piece.number, piece.bytes.view(),
                       life_.guard([this, number = piece.number](const Result<void>& result) {
                         put(number, result);
                       }));
}

void Fetching::put(std::uint32_t piece, const Result<void>& result) {
  if (state_ == State::over) return;
  --writing_;
  if (!result) return fail(result.error().fault, result.error().what);
  ++progress_.pieces;
  progress_.bytes += manifest_.bytes_of(piece);
  progress_.fetched_bytes += manifest_.bytes_of(piece);
  pull();
}

// The newest may be another one, which is newer than what came.
void Fetching::finish() {
  const Manifest* const newest = snapshots_.newest(group_);
  if (newest == nullptr || !covers(newest->base.id, at_least_))
    return fail(Fault::exists, "there is another one here");
  end(newest->base);
}

}  // namespace bowline::host
