// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include <nghttp2/nghttp2.h>

#include "bowline/base/ensure.h"
#include "bowline/rpc/http2_session.h"

// Between nghttp2 and the session: what it calls, how it is set up, and what is counted of frames.
namespace bowline::rpc {
namespace {

[[maybe_unused]] constexpr std::uint64_t absurd_count = 1ULL << 40U;

Http2Session& session_of(void* user) { return *static_cast<Http2Session*>(user); }

}  // namespace

struct Http2Session::Callbacks {
  static Http2Stream* stream_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static std::ptrdiff_t send(nghttp2_session*, const std::uint8_t* bytes, std::size_t size, int,
                             void* user) {
    Http2Session& self = session_of(user);
    if (self.out_->size() >= self.out_end_) return NGHTTP2_ERR_WOULDBLOCK;
    self.out_->append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<std::ptrdiff_t>(size);
  }

  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* head,
                       std::size_t bytes, nghttp2_data_source* source, void* user) {
    Http2Session& self = session_of(user);
    if (self.out_->size() >= self.out_end_) return NGHTTP2_ERR_WOULDBLOCK;
    self.send_data(*static_cast<Http2Stream*>(source->ptr), head, bytes);
    return 0;
  }

  static int begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    if (frame->hd.type == NGHTTP2_HEADERS && frame->headers.cat == NGHTTP2_HCAT_REQUEST)
      session_of(user).open(frame->hd.stream_id);
    return 0;
  }

  static int header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    Http2Session& self = session_of(user);
    if (self.closing_ || self.current_ == nullptr) return 0;
    self.header(*self.current_, {reinterpret_cast<const char*>(name), name_size},
                {reinterpret_cast<const char*>(value), value_size});
    return 0;
  }

  static int data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                  const std::uint8_t* bytes, std::size_t size, void* user) {
    Http2Session& self = session_of(user);
    if (Http2Stream* const stream = stream_of(session, id))
      self.data(*stream, {reinterpret_cast<const char*>(bytes), size});
    else
      self.to_consume_ += size;
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    session_of(user).framed(*frame);
    return 0;
  }

  static int begin_frame(nghttp2_session*, const nghttp2_frame_hd* head, void* user) {
    session_of(user).begun(*head);
    return 0;
  }

  static int sent(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    session_of(user).sent(*frame);
    return 0;
  }

  static int closed(nghttp2_session* session, std::int32_t id, std::uint32_t error, void* user) {
    if (Http2Stream* const stream = stream_of(session, id)) session_of(user).closed(*stream, error);
    return 0;
  }

  static nghttp2_session_callbacks* make() {
    nghttp2_session_callbacks* all = nullptr;
    ensure(nghttp2_session_callbacks_new(&all) == 0);
    nghttp2_session_callbacks_set_send_callback(all, send);
    nghttp2_session_callbacks_set_send_data_callback(all, send_data);
    nghttp2_session_callbacks_set_on_begin_headers_callback(all, begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(all, header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(all, data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(all, frame);
    nghttp2_session_callbacks_set_on_begin_frame_callback(all, begin_frame);
    nghttp2_session_callbacks_set_on_frame_send_callback(all, sent);
    nghttp2_session_callbacks_set_on_stream_close_callback(all, closed);
    return all;
  }

  static nghttp2_option* make_options(const Limits& limits) {
    nghttp2_option* option = nullptr;
    ensure(nghttp2_option_new(&option) == 0);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_option_set_no_closed_streams(option, 1);
    nghttp2_option_set_no_http_messaging(option, 1);  // HeadRules does that
    nghttp2_option_set_max_outbound_ack(option, 1000);
    nghttp2_option_set_max_settings(option, 32);
    // Newer ones count these themselves, one of them by the clock of the machine. Ours come first.
#ifdef BOWLINE_NGHTTP2_LIMITS_RESETS
    nghttp2_option_set_stream_reset_rate_limit(option, absurd_count, absurd_count);
#endif
#ifdef BOWLINE_NGHTTP2_LIMITS_CONTINUATIONS
    nghttp2_option_set_max_continuations(option, std::size_t{limits.continuations} + 1);
#endif
    (void)limits;
    return option;
  }
};

Http2Session::Http2Session(Router& router, const Limits& limits, std::string peer, Time now,
                           Wakes wakes)
    : router_(router),
      limits_(limits),
      peer_(std::move(peer)),
      wakes_(std::move(wakes)),
      now_(now),
      begun_at_(now),
      heard_at_(now),
      idle_since_(now),
      resets_(limits.resets_a_second, limits.resets_at_once),
      controls_(limits.controls_a_second, limits.controls_at_once) {
  const std::unique_ptr<nghttp2_session_callbacks, decltype(&nghttp2_session_callbacks_del)>
      callbacks(Callbacks::make(), nghttp2_session_callbacks_del);
  const std::unique_ptr<nghttp2_option, decltype(&nghttp2_option_del)> option(
      Callbacks::make_options(limits_), nghttp2_option_del);
  nghttp2_session* session = nullptr;
  ensure(nghttp2_session_server_new3(&session, callbacks.get(), this, option.get(),
                                     memory_.for_nghttp2()) == 0);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits_.most_streams},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, limits_.stream_window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits_.most_header_bytes},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  ensure(nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings)) == 0);
  ensure(nghttp2_session_set_local_window_size(
             session, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(limits_.connection_window)) ==
         0);
}

// A frame begins: what costs us something and brings nothing is counted.
void Http2Session::begun(const nghttp2_frame_hd& head) {
  if (closing_) return;
  if (head.type == NGHTTP2_CONTINUATION) {
    if (++continuations_ <= limits_.continuations) return;
    return close(
        "it sent a header in more than " + std::to_string(limits_.continuations) + " pieces",
        NGHTTP2_ENHANCE_YOUR_CALM, "too many continuations");
  }
  continuations_ = 0;
  if (head.type == NGHTTP2_RST_STREAM) {
    if (resets_.take(now_)) return;
    return close(
        "it reset streams faster than " + std::to_string(limits_.resets_a_second) + " a second",
        NGHTTP2_ENHANCE_YOUR_CALM, "too many resets");
  }
  const bool is_empty =
      head.type == NGHTTP2_DATA && head.length == 0 && (head.flags & NGHTTP2_FLAG_END_STREAM) == 0;
  // Behind the head of its request, or when that is over, there is nothing to say in headers.
  const bool begins = head.type == NGHTTP2_HEADERS && head.stream_id > newest_;
  const bool is_work = head.type == NGHTTP2_DATA || begins || head.type == NGHTTP2_WINDOW_UPDATE;
  if ((is_work && !is_empty) || controls_.take(now_)) return;
  close("it sent more than " + std::to_string(limits_.controls_a_second) +
            " frames a second that bring nothing",
        NGHTTP2_ENHANCE_YOUR_CALM, "too many control frames");
}

void Http2Session::framed(const nghttp2_frame& frame) {
  if (closing_) return;
  if (frame.hd.type == NGHTTP2_PING) return pinged(frame);
  if (frame.hd.type == NGHTTP2_SETTINGS) has_begun_ = true;
  if (frame.hd.type != NGHTTP2_DATA && frame.hd.type != NGHTTP2_HEADERS) return;
  Http2Stream* const stream = Callbacks::stream_of(session_.get(), frame.hd.stream_id);
  if (stream == nullptr) return;
  if (frame.hd.type == NGHTTP2_HEADERS && stream == current_) head_ends(*stream);
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) request_ends(*stream);
}

// As gRPC counts: pings may come as often as we send something, else not too often; the third that
// comes too early is one too many.
void Http2Session::pinged(const nghttp2_frame& frame) {
  constexpr int most_strikes = 2;
  if ((frame.hd.flags & NGHTTP2_FLAG_ACK) != 0) {
    if (!std::ranges::equal(frame.ping.opaque_data, drain_mark) || drains_since_ == never) return;
    drain_is_told_ = true;
    nghttp2_submit_goaway(session_.get(), NGHTTP2_FLAG_NONE,
                          nghttp2_session_get_last_proc_stream_id(session_.get()), NGHTTP2_NO_ERROR,
                          nullptr, 0);
    return end_drain();
  }
  const bool is_early = client_has_pinged_ && now_ < client_pinged_at_ + limits_.ping_at_most_every;
  client_pinged_at_ = now_;
  client_has_pinged_ = true;
  if (std::exchange(forgives_, false)) {
    strikes_ = 0;
  } else if (is_early && ++strikes_ > most_strikes) {
    close("it pings more often than it may", NGHTTP2_ENHANCE_YOUR_CALM, "too_many_pings");
  }
}

}  // namespace bowline::rpc
