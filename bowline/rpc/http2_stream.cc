// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/http2_stream.h"

#include <limits>
#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/rpc/framing.h"
#include "bowline/rpc/http2_session.h"

namespace bowline::rpc {

// What was long is let go: one big call shall not make all later ones big.
void Http2Stream::reset(std::int32_t id) {
  if (in_.capacity() > most_spare_bytes) in_ = {};
  if (out_.capacity() > 64) out_ = {};
  id_ = id;
  head_.deadline = never;
  head_.metadata.clear();
  rules_ = {};
  is_malformed_ = false;
  verb_.clear();
  authority_.clear();
  content_type_.clear();
  encoding_.clear();
  header_bytes_ = 0;
  headers_ = 0;
  timeout_.reset();
  fault_.clear();
  kind_ = Kind::unknown;
  method_ = nullptr;
  is_patient_ = false;
  in_.clear();
  waiting_.clear();
  first_waiting_ = 0;
  waiting_bytes_ = unfinished_ = kept_ = granted_ = 0;
  wants_grant_ = client_is_done_ = told_done_ = is_held_ = false;
  begun_ = since_ = waits_since_ = never;
  asked_bytes_ = answered_bytes_ = 0;
  out_.clear();
  first_out_ = 0;
  sent_of_first_ = queued_ = 0;
  status_ = {};
  answer_.reset();
  resumes_ = finished_ = over_ = submitted_ = deferred_ = trailed_ = cut_off_ = is_ready_ = false;
  owes_drained_ = false;
}

void Http2Stream::listen(CallHooks hooks) {
  if (session_ == nullptr || over_ || finished_) return;
  forget_hooks();
  hooks_ = std::make_unique<CallHooks>(std::move(hooks));
  session_->ready(*this);
}

void Http2Stream::listen_plain(ExchangeHooks hooks) {
  if (session_ == nullptr || over_ || finished_) return;
  forget_hooks();
  plain_hooks_ = std::make_unique<ExchangeHooks>(std::move(hooks));
}

// One of them may be running just now.
void Http2Stream::forget_hooks() {
  if (hooks_) session_->bury(std::move(hooks_));
  if (plain_hooks_) session_->bury(std::move(plain_hooks_));
}

void Http2Stream::message(std::string bytes) {
  if (session_ == nullptr || over_ || finished_) return;
  ensure(bytes.size() <= std::numeric_limits<std::uint32_t>::max());
  ++method_->messages_out;
  answered_bytes_ += bytes.size();
  push(std::move(bytes));
}

void Http2Stream::push(std::string bytes) {
  const std::uint64_t size = bytes.size() + (kind_ == Kind::plain ? 0 : prefix_bytes);
  queued_ += size;
  session_->queued_ += size;
  out_.push_back(std::move(bytes));
  session_->ready(*this);
}

void Http2Stream::count_begun() {
  ++method_->started;
  if (method_->times) begun_ = method_->times->now();
  if (method_->slow != nullptr) begun_ = method_->slow->now();
}

void Http2Stream::count_finished(Code code) {
  if (method_ == nullptr) return;
  ++method_->finished[static_cast<std::size_t>(code)];
  if (begun_ == never) return;
  if (method_->times) method_->times->ended(begun_);
  if (method_->slow != nullptr)
    method_->slow->ended({.method = method_->path,
                          .begun = begun_,
                          .asked_bytes = asked_bytes_,
                          .answered_bytes = answered_bytes_,
                          .code = code});
}

void Http2Stream::finish(Status status) {
  if (session_ == nullptr || over_ || finished_) return;
  status_ = std::move(status);
  finished_ = true;
  count_finished(status_.code);
  forget_hooks();
  session_->ready(*this);
}

void Http2Stream::hold(bool held) {
  if (session_ == nullptr || is_held_ == held) return;
  is_held_ = held;
  if (!held && since_ != never) resumes_ = true;
  session_->ready(*this);
}

std::uint64_t Http2Stream::queued_beside() const {
  return session_ == nullptr ? 0 : session_->queued_;
}

void Http2Stream::keeps(std::uint64_t bytes) {
  if (session_ == nullptr) return;
  session_->kept_ += bytes - std::exchange(kept_, bytes);
}

void Http2Stream::begin_plain(HttpAnswer answer) {
  if (session_ == nullptr || over_ || finished_ || answer_) return;
  std::string body = std::move(answer.body);
  answer_ = std::move(answer);
  session_->ready(*this);
  body_plain(std::move(body));
}

void Http2Stream::body_plain(std::string bytes) {
  if (session_ == nullptr || over_ || finished_ || bytes.empty()) return;
  if (verb_ == "HEAD") return;
  push(std::move(bytes));
}

void Http2Stream::end_plain(bool whole) {
  if (session_ == nullptr || over_ || finished_) return;
  finished_ = true;
  cut_off_ = !whole;
  forget_hooks();
  session_->ready(*this);
}

// They may drop whoever holds this stream: whoever calls this holds it, too.
void Http2Stream::tell_cancelled(Cancelled why) {
  const auto hooks = std::move(hooks_);
  const auto plain_hooks = std::move(plain_hooks_);
  if (hooks && hooks->cancelled) hooks->cancelled(why);
  if (plain_hooks && plain_hooks->cancelled) plain_hooks->cancelled(why);
}

}  // namespace bowline::rpc
