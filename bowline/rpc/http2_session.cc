// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/http2_session.h"

#include <algorithm>
#include <utility>

#include "bowline/rpc/http2.h"

namespace bowline::rpc {

std::unique_ptr<Session> make_http2(Router& router, const Limits& limits, std::string peer,
                                    Time now, Session::Wakes wakes) {
  return std::make_unique<Http2Session>(router, limits, std::move(peer), now, std::move(wakes));
}

Http2Session::~Http2Session() {
  closing_ = is_inside_ = true;
  cancel_all(Cancelled::with_connection);
  for (const auto& stream : streams_) stream->session_ = nullptr;
}

// Once nobody can be answered any more.
void Http2Session::cancel_all(Cancelled why) {
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const std::shared_ptr<Http2Stream> stream = streams_[i];
    const bool was_open = !stream->over_ && !stream->finished_;
    if (was_open) stream->count_finished(Code::cancelled);
    stream->over_ = true;
    if (was_open) stream->tell_cancelled(why);
  }
}

void Http2Session::received(std::string_view bytes, Time now) {
  if (over_ || closing_) return;
  now_ = now;
  is_inside_ = true;
  heard_at_ = now;
  pinged_at_ = never;
  to_consume_ = 0;
  const auto done = nghttp2_session_mem_recv(
      session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (done == NGHTTP2_ERR_FLOODED || done == NGHTTP2_ERR_TOO_MANY_SETTINGS)
    close("it flooded us with frames that want an answer", NGHTTP2_ENHANCE_YOUR_CALM, "flooded");
  else if (done < 0)
    close(std::string("it does not speak HTTP/2: ") + nghttp2_strerror(static_cast<int>(done)),
          NGHTTP2_PROTOCOL_ERROR);
  else if (to_consume_ > 0 && !closing_)
    nghttp2_session_consume_connection(session_.get(), to_consume_);
  settle();
}

void Http2Session::settle() {
  serve_ready();
  buried_.clear();
  buried_plain_.clear();
  is_inside_ = false;
}

void Http2Session::take(std::string& out, std::uint64_t room, Time now) {
  if (over_) return;
  now_ = now;
  is_inside_ = true;
  has_woken_ = false;
  out_ = &out;
  out_end_ = out.size() + room;
  serve_ready();
  int sent = nghttp2_session_send(session_.get());
  while (sent == 0 && !ready_.empty() && out.size() < out_end_) {
    serve_ready();
    sent = nghttp2_session_send(session_.get());
  }
  out_ = nullptr;
  if (sent < 0) {
    why_ = std::string("an answer could not be written: ") + nghttp2_strerror(sent);
    closing_ = true;
  }
  const bool has_ended = nghttp2_session_want_read(session_.get()) == 0 &&
                         nghttp2_session_want_write(session_.get()) == 0;
  if (closing_ || has_ended) {
    over_ = true;
    cancel_all(Cancelled::with_connection);
  }
  settle();
  if (!ready_.empty()) wake();
}

// The client is told why, and nothing is heard of it any more.
void Http2Session::close(std::string why, std::uint32_t error, std::string_view told) {
  if (closing_) return;
  closing_ = true;
  why_ = std::move(why);
  nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                        nghttp2_session_get_last_proc_stream_id(session_.get()), error,
                        reinterpret_cast<const std::uint8_t*>(told.data()), told.size());
  cancel_all(Cancelled::with_connection);
  wake();
}

void Http2Session::wake() {
  if (is_inside_ || has_woken_ || over_) return;
  has_woken_ = true;
  wakes_();
}

void Http2Session::wake_at(Time when) {
  if (when >= look_at_) return;
  look_at_ = when;
  wake();
}

void Http2Session::drain(Time now) {
  if (over_ || closing_ || drains_since_ != never) return;
  now_ = now;
  drains_since_ = now;
  // Calls that are on their way are still answered: the last id is told a round trip later.
  nghttp2_submit_shutdown_notice(session_.get());
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, drain_mark.data());
  wake();
}

void Http2Session::end_drain() {
  if (drains_since_ == never || closing_ || !drain_is_told_ || !streams_.empty()) return;
  close({}, NGHTTP2_NO_ERROR);
}

Time Http2Session::deadline() const {
  if (over_) return never;
  if (closing_) return now_;
  Time next = look_at_;
  if (!has_begun_) next = std::min(next, later(begun_at_, limits_.first_within));
  if (drains_since_ != never) next = std::min(next, later(drains_since_, limits_.drain_within));
  if (streams_.empty()) next = std::min(next, later(idle_since_, limits_.idle_within));
  return std::min(next, pinged_at_ != never ? later(pinged_at_, limits_.ping_within)
                                            : later(heard_at_, limits_.ping_after));
}

void Http2Session::tick(Time now) {
  if (over_) return;
  now_ = now;
  is_inside_ = true;
  if (!closing_) look_after_life();
  if (!closing_ && look_at_ <= now) look_after_streams();
  settle();
}

void Http2Session::look_after_life() {
  if (!has_begun_ && later(begun_at_, limits_.first_within) <= now_)
    return close("it connected and said nothing", NGHTTP2_SETTINGS_TIMEOUT);
  if (drains_since_ != never && later(drains_since_, limits_.drain_within) <= now_)
    return close("its calls did not end while we are going", NGHTTP2_NO_ERROR);
  if (streams_.empty() && later(idle_since_, limits_.idle_within) <= now_)
    return close({}, NGHTTP2_NO_ERROR, "idle");
  if (pinged_at_ != never && later(pinged_at_, limits_.ping_within) <= now_)
    return close("it does not answer pings any more", NGHTTP2_NO_ERROR, "ping timeout");
  if (pinged_at_ != never || later(heard_at_, limits_.ping_after) > now_) return;
  pinged_at_ = now_;
  nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr);
}

// All of them, but not for each of them: who sets a thousand deadlines shall not have them all
// looked at a thousand times.
void Http2Session::look_after_streams() {
  constexpr std::chrono::milliseconds at_most_every{2};
  look_at_ = never;
  Time next = never;
  for (std::size_t i = 0; i < streams_.size(); ++i) {
    const std::shared_ptr<Http2Stream> stream = streams_[i];
    next = std::min(next, look_after(*stream));
  }
  look_at_ = std::min(look_at_, next);
  if (look_at_ != never) look_at_ = std::max(look_at_, now_ + at_most_every);
}

// When to look again.
Time Http2Session::look_after(Http2Stream& stream) {
  if (stream.waits_since_ != never && later(stream.waits_since_, limits_.taken_within) <= now_) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_CANCEL);
    cancel(stream, Cancelled::by_us,
           {Code::resource_exhausted, "the client did not take what was sent to it"});
    return never;
  }
  Time next =
      stream.waits_since_ == never ? never : later(stream.waits_since_, limits_.taken_within);
  if (stream.over_ || stream.finished_) return next;
  if (stream.head_.deadline <= now_) {
    cancel(stream, Cancelled::by_deadline, {Code::deadline_exceeded, "context deadline exceeded"});
    return never;
  }
  next = std::min(next, stream.head_.deadline);
  if (stream.since_ == never || stream.is_held_ || stream.wants_grant_) return next;
  if (later(stream.since_, limits_.body_within) > now_)
    return std::min(next, later(stream.since_, limits_.body_within));
  refuse(stream, {Code::deadline_exceeded, "the rest of the request did not come in time"}, 408);
  return never;
}

}  // namespace bowline::rpc
