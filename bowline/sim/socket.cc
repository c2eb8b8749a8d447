// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/socket.h"

#include <string_view>

#include "bowline/base/ensure.h"
#include "bowline/sim/cables.h"
#include "bowline/sim/simulated_connection.h"

namespace bowline::sim {

void Socket::opened() {
  tenant_->call(cables_.now(), [self = shared_from_this()] {
    if (!self->tenant_->alive) return;
    Birth birth = self->orphan();
    birth(std::make_unique<SimulatedConnection>(self));
  });
}

void Socket::closed() { end({Fault::unreachable, peer_ + ": the other side has closed it"}); }

void Socket::broke(Fault fault, const char* why) {
  broke_ = true;
  end({fault, peer_ + ": " + why});
}

void Socket::end(Error why) {
  end_ = std::move(why);
  if (begun_) return wake();
  if (!birth_) return;  // whoever has the connection will begin
  tenant_->call(cables_.now(), [self = shared_from_this()] {
    if (!self->tenant_->alive || !self->birth_) return;
    Birth birth = self->orphan();
    birth(std::unexpected(*self->end_));
  });
}

void Socket::arrived(std::string bytes) {
  if (came_.empty()) {
    came_ = std::move(bytes);
  } else {
    came_ += bytes;
  }
  wake();
}

void Socket::drained() {
  drained_ = true;
  wake();
}

void Socket::begin(env::Connection::Hooks hooks) {
  ensure(!begun_);
  begun_ = true;
  hooks_ = std::move(hooks);
  wake();
}

void Socket::send(std::string bytes) { cables_.send(plug_, std::move(bytes)); }

std::uint64_t Socket::queued() const { return cables_.queued(plug_); }

void Socket::hold(bool held) {
  held_ = held;
  wake();
}

// A hook of ours may be what does this. It was moved out of here before it was called.
void Socket::abandon() {
  over_ = true;
  const env::Connection::Hooks hooks = std::exchange(hooks_, {});
  came_ = {};
  cables_.leave(plug_);
}

// That it broke is told even while it is held; that the other side is done, in its turn.
bool Socket::may_tell_end() const {
  if (!end_) return false;
  return held_ ? broke_ : came_.empty();
}

bool Socket::has_news() const {
  return !over_ && begun_ && (drained_ || (!held_ && !came_.empty()) || may_tell_end());
}

void Socket::wake(Duration wait) {
  if (waking_ || !has_news()) return;
  waking_ = true;
  tenant_->call(cables_.now() + wait, [self = shared_from_this()] { self->tell(); });
}

void Socket::tell() {
  waking_ = false;
  if (!tenant_->alive || !has_news()) return;
  if (drained_) return tell_drained();
  if (!held_ && !came_.empty()) return tell_bytes();
  tell_end();
}

void Socket::tell_drained() {
  drained_ = false;
  auto hook = std::move(hooks_.drained);
  // If something was queued since, there will be another time.
  if (hook && !end_ && queued() == 0) hook();
  if (over_) return;
  hooks_.drained = std::move(hook);
  wake();
}

void Socket::tell_bytes() {
  const std::string bytes = next_bytes();
  const bool all = came_.empty();
  auto hook = std::move(hooks_.received);
  hook(bytes);
  if (over_) return;
  hooks_.received = std::move(hook);
  cables_.took(plug_, bytes.size());
  wake(all ? Duration(0) : chance().exponential("rest after", cables_.climate().rest));
}

// All that came; or a part of it, such that the rest looks as if it had come later, with what comes
// after it.
std::string Socket::next_bytes() {
  std::string bytes = std::exchange(came_, {});
  if (bytes.size() < 2 || !chance().happens("in pieces", cables_.climate().pieces_ppm))
    return bytes;
  ++cables_.counters().in_pieces;
  const std::size_t rest = 1 + chance().below("rest", bytes.size() - 1);
  came_ = bytes.substr(bytes.size() - rest);
  bytes.resize(bytes.size() - rest);
  return bytes;
}

void Socket::tell_end() {
  over_ = true;
  auto hook = std::move(hooks_.closed);
  const Error why = *end_;
  hook(why);
}

}  // namespace bowline::sim
