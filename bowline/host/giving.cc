// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/giving.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace bowline::host {
namespace {

std::unexpected<Error> misbehaves(std::string why) {
  return std::unexpected(Error{Fault::corrupt, std::move(why)});
}

}  // namespace

Result<void> Giving::hear(const wire::Parcel& parcel) {
  if (const auto* const want = std::get_if<wire::WantSnapshot>(&parcel)) return offer(*want);
  if (const auto* const want = std::get_if<wire::WantPiece>(&parcel)) return enqueue(*want);
  return misbehaves("whoever fetches a snapshot sends none");
}

Result<void> Giving::offer(const wire::WantSnapshot& want) {
  if (std::string why = terms_.why_not(want.group); !why.empty()) {
    held_.erase(want.group);
    return say(frame_of(wire::NoSnapshot{want.group, std::move(why)}));
  }
  wanted_.insert(want.group);
  HeldSnapshotPtr newest = snapshots_.hold(want.group);
  if (newest == nullptr || !covers(newest->manifest().base.id, want.at_least)) {
    held_.erase(want.group);
    const std::string why = newest == nullptr
                                ? "there is none of this group here"
                                : "the newest one here ends at entry " +
                                      std::to_string(newest->manifest().base.id.index.value);
    return say(frame_of(wire::NoSnapshot{want.group, why}));
  }
  std::string have =
      frame_of(wire::HaveSnapshot{want.group, Bytes::own(encode(newest->manifest()))});
  held_[want.group] = std::move(newest);
  return say(std::move(have));
}

// Not within a piece.
Result<void> Giving::say(std::string frame) {
  if (sent_ == 0) {
    channel_.send(std::move(frame));
    return {};
  }
  said_meanwhile_ += frame;
  if (said_meanwhile_.size() > most_queued) return misbehaves("it asks and does not listen");
  return {};
}

Result<void> Giving::enqueue(const wire::WantPiece& want) {
  if (asked_.size() == most_asked)
    return misbehaves("too many pieces of snapshots are wanted at once");
  const HeldSnapshotPtr snapshot = held(want);
  if (snapshot != nullptr && want.number >= snapshot->manifest().pieces())
    return misbehaves("a snapshot has no piece with this number");
  asked_.push_back(want);
  next();
  return {};
}

// Who was removed since is given no more of it.
HeldSnapshotPtr Giving::held(const wire::WantPiece& want) {
  const auto found = held_.find(want.group);
  const bool same = found != held_.end() && found->second->manifest().identity == want.identity;
  return same && terms_.why_not(want.group).empty() ? found->second : nullptr;
}

void Giving::next() {
  if (busy_ || asked_.empty() || channel_.queued() >= most_queued) return;
  busy_ = true;
  const wire::WantPiece want = asked_.front();
  const HeldSnapshotPtr snapshot = held(want);
  const std::uint64_t bytes = snapshot == nullptr ? 0 : snapshot->manifest().bytes_of(want.number);
  pace_.ask(life_, std::min(bytes, terms_.part_bytes), [this, want] { read(want); });
}

void Giving::read(wire::WantPiece want) {
  const HeldSnapshotPtr snapshot = held(want);
  if (snapshot == nullptr)
    return send(want, std::unexpected(Error{Fault::not_found, "another one was offered since"}));
  snapshots_.read_piece(
      snapshot, want.number,
      life_.guard([this, want](const Result<env::Buffer>& piece) { send(want, piece); }));
}

void Giving::send(wire::WantPiece want, const Result<env::Buffer>& piece) {
  if (!piece) {
    channel_.send(frame_of(wire::GonePiece{want.group, want.identity, want.number}));
    return done();
  }
  frame_ = wire::piece_frame(want.group, want.identity, want.number, piece->view());
  unsent_ = piece->size();
  send_part(std::min(unsent_, terms_.part_bytes));
}

// With the first of them goes the head.
void Giving::send_part(std::uint64_t bytes) {
  unsent_ -= bytes;
  given_bytes_ += bytes;
  const std::size_t end = frame_.size() - unsent_;
  const bool whole = sent_ == 0 && unsent_ == 0;
  channel_.send(whole ? std::move(frame_) : frame_.substr(sent_, end - sent_));
  sent_ = end;
  if (unsent_ == 0) return done();
  const std::uint64_t next = std::min(unsent_, terms_.part_bytes);
  pace_.ask(life_, next, [this, next] { send_part(next); });
}

void Giving::done() {
  frame_ = {};
  sent_ = 0;
  if (!said_meanwhile_.empty()) channel_.send(std::exchange(said_meanwhile_, {}));
  busy_ = false;
  asked_.pop_front();
  next();
}

}  // namespace bowline::host
