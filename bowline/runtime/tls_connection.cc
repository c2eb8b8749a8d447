// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_connection.h"

#include <algorithm>
#include <utility>

#include "bowline/base/ensure.h"

namespace bowline::runtime {
namespace {

// kind u8 | version u16 | size u16, big-endian
constexpr std::size_t head_bytes = 5;
constexpr std::size_t most_body_bytes = TlsSession::most_record_bytes + 2048;  // as 1.2 allows
constexpr std::size_t most_first_bytes = 8 << 10;  // whoever begins says little
constexpr char alert_kind = 21;
constexpr char greeting_kind = 22;
constexpr std::size_t record_overhead = 64;  // at most

std::unexpected<Error> no(const char* why) { return std::unexpected(Error{Fault::corrupt, why}); }

// How many bytes in front are whole records. What is none is told before OpenSSL sees it: so
// somebody who sends a byte now and then costs us what was sent, and not a session.
Result<std::size_t> whole_records(std::string_view bytes, bool is_first) {
  std::size_t whole = 0;
  while (bytes.size() - whole >= head_bytes) {
    const auto number = [&](std::size_t at) {
      return static_cast<std::size_t>(static_cast<unsigned char>(bytes[whole + at]));
    };
    const std::size_t body = number(3) << 8U | number(4);
    if (body > (is_first ? most_first_bytes : most_body_bytes))
      return no("what it says is longer than TLS allows");
    if (bytes.size() - whole - head_bytes < body) break;
    whole += head_bytes + body;
  }
  return whole;
}

bool is_tls(char first) { return first == greeting_kind || first == alert_kind; }

}  // namespace

TlsStream::TlsStream(TlsTraffic& traffic, std::unique_ptr<env::Connection> plain, TlsSide side)
    : traffic_(traffic), plain_(std::move(plain)), side_(side), peer_(plain_->peer()) {}

env::Connection::Hooks TlsStream::plain_hooks() {
  const auto weak = weak_from_this();
  return {.received =
              [weak](std::string_view bytes) {
                const std::shared_ptr<TlsStream> self = weak.lock();
                if (self != nullptr && self->plain_ != nullptr) self->received(bytes);
              },
          .closed =
              [weak](Error why) {
                const std::shared_ptr<TlsStream> self = weak.lock();
                if (self != nullptr && self->plain_ != nullptr) self->ended(std::move(why));
              },
          .drained =
              [weak] {
                const std::shared_ptr<TlsStream> self = weak.lock();
                if (self != nullptr && self->plain_ != nullptr) self->drained();
              }};
}

// ---- greeting

void TlsStream::greet(Greeted greeted) {
  greeted_ = std::move(greeted);
  if (side_ == TlsSide::calls) {
    session_ = std::make_unique<TlsSession>(traffic_.context, side_);
    const Result<bool> begun = session_->greet();
    if (!begun) fail(begun.error().what);
    flush();
  }
  plain_->begin(plain_hooks());
}

void TlsStream::receive_greeting(std::string_view bytes) {
  const bool is_first = session_ == nullptr;
  rest_ += bytes;
  if (!std::exchange(heard_, true) && !is_tls(rest_.front()))
    return greeted(
        no("it does not speak TLS, and this node takes nothing else: give it a "
           "certificate, too"));
  const Result<std::size_t> whole = whole_records(rest_, is_first);
  if (!whole) return greeted(std::unexpected(whole.error()));
  if (*whole == 0) return;
  if (is_first) session_ = std::make_unique<TlsSession>(traffic_.context, side_);
  session_->show(std::string_view(rest_).substr(0, *whole));
  const Result<bool> done = session_->greet();
  flush();  // even then, as it may say why
  if (!done) return greeted(std::unexpected(done.error()));
  rest_.erase(0, *whole - session_->left().size());
  session_->show({});
  if (!*done) return;
  place_ = traffic_.streams.insert(traffic_.streams.end(), this);
  plain_->hold(true);
  greeted({});
}

void TlsStream::greeted(Result<void> result) {
  auto greeted = std::exchange(greeted_, {});
  if (greeted) greeted(std::move(result));
}

// ---- receiving

void TlsStream::begin(env::Connection::Hooks hooks) {
  ensure(!hooks_.has_value());
  hooks_ = std::move(hooks);
  resume_soon();
}

void TlsStream::hold(bool held) {
  is_held_ = held;
  if (plain_ == nullptr || !hooks_) return;
  if (held || rest_.empty()) return plain_->hold(held);
  resume_soon();
}

void TlsStream::received(std::string_view bytes) {
  if (ended_) return;
  if (greeted_) return receive_greeting(bytes);
  if (!hooks_ || !rest_.empty()) {
    rest_ += bytes;
    return;
  }
  read_on(bytes);
}

// A hook may hold or end it.
void TlsStream::read_on(std::string_view bytes) {
  session_->show(bytes);
  while (plain_ != nullptr && !is_held_) {
    Result<std::string_view> found = session_->read(traffic_.memory);
    if (!found) return close({found.error().fault, peer_ + ": " + found.error().what});
    if (found->empty()) break;
    hooks_->received(*found);
  }
  if (plain_ == nullptr) return;
  rest_ = session_->left();
  session_->show({});
  flush();
  plain_->hold(is_held_ || !rest_.empty());
}

void TlsStream::resume_soon() {
  if (std::exchange(resumes_, true)) return;
  traffic_.loop.soon([weak = weak_from_this()] {
    const std::shared_ptr<TlsStream> self = weak.lock();
    if (self != nullptr && self->plain_ != nullptr) self->resume();
  });
}

void TlsStream::resume() {
  resumes_ = false;
  if (greeted_ && ended_) return greeted(std::unexpected(*std::exchange(ended_, {})));
  if (!hooks_) return;
  const std::string bytes = std::exchange(rest_, {});
  read_on(bytes);
  if (plain_ != nullptr && ended_) close(*std::exchange(ended_, {}));
}

// ---- sending

void TlsStream::send(std::string_view bytes) {
  if (plain_ == nullptr || ended_ || bytes.empty()) return;
  const std::size_t pieces = bytes.size() / TlsSession::most_record_bytes + 1;
  session_->reserve_out(bytes.size() + pieces * record_overhead);
  for (std::string_view rest = bytes; !rest.empty();) {
    const std::string_view piece = rest.substr(0, TlsSession::most_record_bytes);
    if (const Result<void> good = session_->write(piece); !good) return fail(good.error().what);
    records_.push_back({written_ + session_->out_bytes(), piece.size()});
    unsent_ += piece.size();
    rest.remove_prefix(piece.size());
  }
  flush();
  settle();
  is_to_be_drained_ = unsent_ > 0;
}

void TlsStream::flush() {
  std::string out = session_->take_out();
  if (out.empty()) return;
  written_ += out.size();
  plain_->send(std::move(out));
}

// A record counts as long as a part of it is here: the other side can do nothing with the rest.
void TlsStream::settle() {
  if (plain_ == nullptr) return;
  const std::uint64_t left = written_ - plain_->queued();
  for (; !records_.empty() && records_.front().end <= left; records_.pop_front())
    unsent_ -= records_.front().bytes;
}

std::uint64_t TlsStream::queued() {
  settle();
  return unsent_;
}

void TlsStream::drained() {
  settle();
  if (!std::exchange(is_to_be_drained_, false) || ended_) return;
  if (hooks_ && hooks_->drained) hooks_->drained();
}

// ---- the end

// The plain connection is.
void TlsStream::ended(Error why) {
  if (greeted_) return greeted(std::unexpected(std::move(why)));
  if (!ended_) ended_ = std::move(why);
  if (hooks_) close(*std::exchange(ended_, {}));
}

void TlsStream::fail(std::string why) {
  if (plain_ == nullptr || ended_) return;
  ended_ = Error{Fault::unreachable, peer_ + ": " + std::move(why)};
  is_held_ = false;
  rest_.clear();
  resume_soon();
}

void TlsStream::close(Error why) {
  leave();
  hooks_->closed(std::move(why));
}

void TlsStream::end() {
  if (plain_ != nullptr) leave();
}

void TlsStream::leave() {
  greeted_ = {};
  if (place_) traffic_.streams.erase(*place_);
  place_.reset();
  // Half a record, and then this, would be of no use.
  if (session_ != nullptr && plain_->queued() == 0) {
    if (session_->identity()) session_->say_goodbye();
    flush();
  }
  plain_.reset();
  records_.clear();
  unsent_ = 0;
}

}  // namespace bowline::runtime
