// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/incoming.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::host {
namespace {

// What the power takes, at most, has to be fetched once more.
constexpr std::uint32_t most_unnamed = 16;

Result<void> no(Fault fault, std::string why) {
  return std::unexpected(Error{fault, std::move(why)});
}

// The same bytes, as whole blocks.
env::Buffer padded(Shelf& shelf, std::string_view bytes) {
  env::Buffer buffer = shelf.buffer(bytes.size());
  std::memcpy(buffer.data(), bytes.data(), bytes.size());
  std::memset(buffer.data() + bytes.size(), 0, buffer.size() - bytes.size());
  return buffer;
}

}  // namespace

Incoming::Incoming(env::Loop& loop, Shelf& shelf, Pace& pace, SnapshotPtr snapshot)
    : loop_(loop),
      shelf_(shelf),
      pace_(pace),
      snapshot_(std::move(snapshot)),
      here_(snapshot_->manifest().pieces()) {}

void Incoming::later(Done done, Result<void> result) {
  loop_.soon(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

void Incoming::ended(State now, Result<void> result) {
  if (result) state_ = now;
  for (Done& waits : std::exchange(waiting_, {})) later(std::move(waits), result);
  Done done = std::exchange(done_, nullptr);
  done(std::move(result));  // and we may be gone
}

// ---- beginning

void Incoming::begin(ConstSnapshotPtr left, Done done) {
  done_ = std::move(done);
  shelf_.write_head(snapshot_, life_.guard([this, left](Result<void> result) mutable {
    if (!result) return ended(State::open, std::move(result));
    shelf_.sync_names(life_.guard([this, left](Result<void> synced) mutable {
      if (!synced) return ended(State::open, std::move(synced));
      copy_next(std::move(left), 0);
    }));
  }));
}

void Incoming::copy_next(ConstSnapshotPtr left, std::uint32_t piece) {
  const std::uint32_t pieces = snapshot_->manifest().pieces();
  while (left != nullptr && piece < pieces && !left->may_have(piece)) ++piece;
  if (left == nullptr || piece == pieces) return ended(State::open, {});
  auto came = [this, left, piece](Result<env::Buffer> read) mutable {
    if (!read) return copy_next(std::move(left), piece + 1);
    copy(std::move(left), piece, *std::move(read));
  };
  shelf_.read_piece_patiently(left, piece, life_.guard(std::move(came)));
}

void Incoming::copy(ConstSnapshotPtr left, std::uint32_t piece, env::Buffer bytes) {
  auto then = [this, left = std::move(left), piece](Result<void> result) mutable {
    if (!result) return ended(State::open, std::move(result));
    copy_next(std::move(left), piece + 1);
  };
  write(piece, padded(shelf_, bytes.view()), std::move(then));
}

// ---- pieces

std::vector<std::uint32_t> Incoming::missing() const {
  std::vector<std::uint32_t> missing;
  for (std::uint32_t piece = 0; piece < here_.size(); ++piece)
    if (!here_[piece]) missing.push_back(piece);
  return missing;
}

void Incoming::put(std::uint32_t piece, std::string_view bytes, Done done) {
  if (!is_open()) return later(std::move(done), no(Fault::exists, "it is being begun or ended"));
  if (piece >= here_.size() || !snapshot_->manifest().is(piece, bytes))
    return later(std::move(done), no(Fault::corrupt, "piece " + std::to_string(piece) +
                                                         " is not what the manifest says"));
  if (here_[piece]) return later(std::move(done), {});
  std::vector<Done>& waiting = writing_[piece];
  waiting.push_back(std::move(done));
  if (waiting.size() > 1) return;
  write(piece, padded(shelf_, bytes),
        [this, piece](const Result<void>& result) { tell(piece, result); });
}

void Incoming::write(std::uint32_t piece, env::Buffer bytes, Done done) {
  const std::uint64_t size = bytes.size();
  pace_.ask(life_, size, [this, piece, bytes = std::move(bytes), done = std::move(done)]() mutable {
    shelf_.write_piece(
        snapshot_, piece, std::move(bytes),
        life_.guard([this, piece, done = std::move(done)](Result<void> result) mutable {
          if (!result) return done(std::move(result));
          written(piece, std::move(done));
        }));
  });
}

void Incoming::written(std::uint32_t piece, Done done) {
  if (!here_[piece]) here_bytes_ += snapshot_->manifest().bytes_of(piece);
  here_[piece] = true;
  if (++unnamed_ < most_unnamed) return done({});
  unnamed_ = 0;
  shelf_.sync_names(life_.guard(std::move(done)));
}

// Each in a turn of its own: one of them may drop us.
void Incoming::tell(std::uint32_t piece, const Result<void>& result) {
  for (Done& done : writing_[piece]) later(std::move(done), result);
  writing_.erase(piece);
}

// ---- the end

void Incoming::end(Done done) {
  if (!is_open()) return later(std::move(done), no(Fault::exists, "it is being begun or ended"));
  if (const auto first = std::ranges::find(here_, false); first != here_.end())
    return later(
        std::move(done),
        no(Fault::not_found, "piece " + std::to_string(first - here_.begin()) + " is missing"));
  state_ = State::ending;
  done_ = std::move(done);
  shelf_.publish(snapshot_, life_.guard([this](Result<void> result) {
    ended(State::ending, std::move(result));
  }));
}

void Incoming::drop(const Error& why) {
  for (auto& [piece, waiting] : writing_)
    for (Done& done : waiting) later(std::move(done), std::unexpected(why));
  writing_.clear();
  for (Done& done : std::exchange(waiting_, {})) later(std::move(done), std::unexpected(why));
  if (done_) later(std::exchange(done_, nullptr), std::unexpected(why));
}

}  // namespace bowline::host
