// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/rpc/framing.h"
#include "bowline/rpc/http2_session.h"

// What becomes of an answer: its head, its messages piece by piece, its trailers.
namespace bowline::rpc {
namespace {

// nghttp2 only looks at what it is given, and does not copy it: it compresses a head when it takes
// it from its queue. So what is not a constant has to be copied.
constexpr std::uint8_t constant = NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE;
constexpr std::uint8_t constant_name = NGHTTP2_NV_FLAG_NO_COPY_NAME;

nghttp2_nv field(std::string_view name, std::string_view value, std::uint8_t flags) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), flags};
}

constexpr std::array<std::string_view, codes> code_numbers = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};

std::string_view number(Code code) { return code_numbers[static_cast<std::size_t>(code)]; }

std::ptrdiff_t read_source(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t room,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
  return static_cast<Http2Stream*>(source->ptr)->read(room, *flags);
}

}  // namespace

void Http2Session::ready(Http2Stream& stream) {
  if (stream.is_ready_) return;
  stream.is_ready_ = true;
  ready_.push_back(&stream);
  wake();
}

// Hooks that are told something may make other streams ready, and these again.
void Http2Session::serve_ready() {
  while (!ready_.empty()) {
    std::swap(ready_, serving_);
    for (std::size_t i = 0; i < serving_.size(); ++i) {
      if (serving_[i] == nullptr) continue;  // it was closed meanwhile
      serving_[i]->is_ready_ = false;
      serve(*serving_[i]);
    }
    serving_.clear();
  }
}

void Http2Session::serve(Http2Stream& stream) {
  if (closing_) return;
  deliver(stream);
  if (std::exchange(stream.resumes_, false) && stream.since_ != never) expect_more(stream);
  if (stream.owes_drained_) {
    stream.owes_drained_ = false;
    if (stream.hooks_ && stream.hooks_->drained) stream.hooks_->drained();
    if (stream.plain_hooks_ && stream.plain_hooks_->drained) stream.plain_hooks_->drained();
  }
  if (stream.deferred_ && (stream.queued_ > 0 || stream.finished_)) {
    stream.deferred_ = false;
    nghttp2_session_resume_data(session_.get(), stream.id_);
  } else if (!stream.submitted_ &&
             (stream.kind_ == Http2Stream::Kind::plain ? stream.answer_.has_value()
                                                       : stream.queued_ > 0 || stream.finished_)) {
    stream.submitted_ = true;
    if (stream.kind_ == Http2Stream::Kind::plain)
      respond_plain(stream);
    else
      respond(stream);
  }
  if (stream.finished_) stream.is_patient_ = false;
  if (stream.queued_ == 0 || stream.is_patient_ || stream.waits_since_ != never) return;
  stream.waits_since_ = now_;
  wake_at(later(now_, limits_.taken_within));
}

void Http2Session::respond(Http2Stream& stream) {
  if (stream.finished_ && stream.queued_ == 0) return respond_with_trailers_only(stream, 200);
  static const std::array head = {field(":status", "200", constant),
                                  field("content-type", "application/grpc", constant)};
  submit(stream, head, true);
}

// An error without any message: one frame says it all.
void Http2Session::respond_with_trailers_only(Http2Stream& stream, int http_status) {
  const std::string status = std::to_string(http_status);
  const std::string message = percent_encode(stream.status_.message);
  std::vector<nghttp2_nv> head;
  head.reserve(5);
  head.push_back(http_status == 200 ? field(":status", "200", constant)
                                    : field(":status", status, constant_name));
  head.push_back(field("content-type", "application/grpc", constant));
  head.push_back(field("grpc-status", number(stream.status_.code), constant));
  if (!message.empty()) head.push_back(field("grpc-message", message, constant_name));
  if (stream.status_.code == Code::unimplemented)
    head.push_back(field("grpc-accept-encoding", "identity", constant));
  submit(stream, head, false);
}

void Http2Session::respond_plain(Http2Stream& stream) {
  const HttpAnswer& answer = *stream.answer_;
  const std::string status = std::to_string(answer.status);
  const std::string length = std::to_string(stream.queued_);
  std::vector<nghttp2_nv> head = {field(":status", status, constant_name)};
  if (!answer.content_type.empty())
    head.push_back(field("content-type", answer.content_type, constant_name));
  const bool has_length = stream.finished_ && !stream.cut_off_ && stream.verb_ != "HEAD";
  if (has_length) head.push_back(field("content-length", length, constant_name));
  for (std::size_t i = 0; i < answer.headers.size(); ++i)
    head.push_back(field(answer.headers.name(i), answer.headers.value(i), 0));
  submit(stream, head, !stream.finished_ || stream.queued_ > 0 || stream.cut_off_);
}

void Http2Session::submit(Http2Stream& stream, std::span<const nghttp2_nv> head, bool with_body) {
  nghttp2_data_provider body{};
  body.source.ptr = &stream;
  body.read_callback = read_source;
  nghttp2_submit_response(session_.get(), stream.id_, head.data(), head.size(),
                          with_body ? &body : nullptr);
  if (!with_body) return;
  // Large answers take turns with others.
  static constexpr nghttp2_extpri shares = {.urgency = NGHTTP2_EXTPRI_DEFAULT_URGENCY, .inc = 1};
  if (stream.queued_ > 16U << 10U || !stream.finished_)
    nghttp2_session_change_extpri_stream_priority(session_.get(), stream.id_, &shares, 1);
}

std::ptrdiff_t Http2Stream::read(std::size_t room, std::uint32_t& flags) {
  if (cut_off_ && queued_ == 0) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  if (queued_ == 0 && !finished_) {
    deferred_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  const std::uint64_t bytes = std::min<std::uint64_t>(room, queued_);
  if (bytes == queued_ && finished_ && !cut_off_) {
    flags |= NGHTTP2_DATA_FLAG_EOF;
    if (kind_ != Kind::plain) {
      flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      session_->trailers(*this);
    }
  }
  return static_cast<std::ptrdiff_t>(bytes);
}

void Http2Session::trailers(Http2Stream& stream) {
  if (stream.trailed_) return;
  stream.trailed_ = true;
  static const std::array good = {field("grpc-status", "0", constant)};
  if (stream.status_.ok() && stream.status_.message.empty()) {
    nghttp2_submit_trailer(session_.get(), stream.id_, good.data(), good.size());
    return;
  }
  const std::string message = percent_encode(stream.status_.message);
  const std::array bad = {field("grpc-status", number(stream.status_.code), constant),
                          field("grpc-message", message, constant_name)};
  nghttp2_submit_trailer(session_.get(), stream.id_, bad.data(), message.empty() ? 1 : 2);
}

// A frame of data: its head, and then so many bytes of what is queued.
void Http2Session::send_data(Http2Stream& stream, const std::uint8_t* head, std::size_t bytes) {
  constexpr std::size_t head_bytes = 9;
  const std::uint64_t before = stream.queued_;
  const std::size_t around = stream.kind_ == Http2Stream::Kind::plain ? 0 : prefix_bytes;
  ensure(bytes <= stream.queued_);
  stream.queued_ -= bytes;
  queued_ -= bytes;
  out_->append(reinterpret_cast<const char*>(head), head_bytes);
  while (bytes > 0) {
    std::string& first = stream.out_[stream.first_out_];
    if (stream.sent_of_first_ < around) {
      const std::string prefix = prefix_of(static_cast<std::uint32_t>(first.size()));
      const std::size_t part = std::min<std::size_t>(bytes, around - stream.sent_of_first_);
      out_->append(prefix, stream.sent_of_first_, part);
      stream.sent_of_first_ += part;
      bytes -= part;
    }
    const std::size_t at =
        stream.sent_of_first_ - std::min<std::size_t>(stream.sent_of_first_, around);
    const std::size_t part = std::min<std::size_t>(bytes, first.size() - at);
    out_->append(first, at, part);
    stream.sent_of_first_ += part;
    bytes -= part;
    if (stream.sent_of_first_ < around + first.size()) break;
    first = {};
    stream.sent_of_first_ = 0;
    ++stream.first_out_;
  }
  if (stream.first_out_ == stream.out_.size()) {
    stream.out_.clear();
    stream.first_out_ = 0;
  } else if (stream.first_out_ > 64 && stream.first_out_ * 2 > stream.out_.size()) {
    stream.out_.erase(stream.out_.begin(),
                      stream.out_.begin() + static_cast<std::ptrdiff_t>(stream.first_out_));
    stream.first_out_ = 0;
  }
  taken(stream, before);
}

void Http2Session::taken(Http2Stream& stream, std::uint64_t before) {
  stream.waits_since_ = stream.queued_ == 0 || stream.is_patient_ ? never : now_;
  const bool is_low = before > limits_.low_queue_bytes && stream.queued_ <= limits_.low_queue_bytes;
  if (!stream.hooks_ && !stream.plain_hooks_) return;
  if (!is_low && stream.queued_ > 0) return;
  stream.owes_drained_ = true;
  ready(stream);
}

// Who has the last word, and the client still sends: it may stop.
void Http2Session::sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR &&
      why_.empty())
    why_ = "it broke the rules of HTTP/2: " +
           std::string(reinterpret_cast<const char*>(frame.goaway.opaque_data),
                       frame.goaway.opaque_data_len);
  if (frame.hd.type != NGHTTP2_DATA && frame.hd.type != NGHTTP2_HEADERS) return;
  forgives_ = true;
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  const auto* const stream = static_cast<const Http2Stream*>(
      nghttp2_session_get_stream_user_data(session_.get(), frame.hd.stream_id));
  if (stream == nullptr || stream->client_is_done_) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, frame.hd.stream_id,
                            NGHTTP2_NO_ERROR);
}

// We answer, and not the handler.
void Http2Session::refuse(Http2Stream& stream, Status status, int http_status) {
  if (stream.kind_ == Http2Stream::Kind::plain)
    return refuse_plain(stream, http_status == 200 ? 429 : http_status, status.message + "\n");
  if (stream.kind_ != Http2Stream::Kind::unknown)
    return cancel(stream, Cancelled::by_us, std::move(status));
  if (stream.submitted_) return;
  stream.submitted_ = stream.finished_ = stream.over_ = true;
  stream.status_ = std::move(status);
  respond_with_trailers_only(stream, http_status);
}

void Http2Session::refuse_plain(Http2Stream& stream, int http_status, std::string sentence) {
  release(stream);
  stream.in_.clear();
  stream.begin_plain({.status = http_status, .body = std::move(sentence)});
  stream.end_plain(true);
  stream.over_ = true;
}

// What waits is not sent any more; only the end of the message that is on its way would make
// sense to the client, and it may not take that. Then there is no good way to say why.
void Http2Session::cancel(Http2Stream& stream, Cancelled why, Status status) {
  if (stream.over_ || stream.finished_) return;
  stream.over_ = stream.finished_ = true;
  release(stream);
  // Trailers come behind what was begun, and that needs a window.
  const bool is_blocked =
      stream.submitted_ &&
      (nghttp2_session_get_stream_remote_window_size(session_.get(), stream.id_) <= 0 ||
       nghttp2_session_get_remote_window_size(session_.get()) <= 0);
  const bool is_in_midst = stream.sent_of_first_ > 0;
  queued_ -= std::exchange(stream.queued_, 0);
  stream.out_.clear();
  stream.first_out_ = stream.sent_of_first_ = 0;
  stream.count_finished(status.code);
  stream.status_ = std::move(status);
  if (is_in_midst || is_blocked)
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_, NGHTTP2_CANCEL);
  else
    ready(stream);
  stream.tell_cancelled(why);
}

void Http2Session::bury(std::unique_ptr<CallHooks> hooks) { buried_.push_back(std::move(hooks)); }

void Http2Session::bury(std::unique_ptr<ExchangeHooks> hooks) {
  buried_plain_.push_back(std::move(hooks));
}

}  // namespace bowline::rpc
