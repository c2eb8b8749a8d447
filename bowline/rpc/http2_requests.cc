// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <utility>

#include "bowline/rpc/framing.h"
#include "bowline/rpc/http2_session.h"

// What comes of a request: its head, its messages, its end.
namespace bowline::rpc {
namespace {

// What HTTP and gRPC need for themselves: no service asks for it.
constexpr std::array<std::string_view, 4> not_metadata = {"te", "grpc-accept-encoding",
                                                          "content-length", "accept-encoding"};

std::string larger_than_most(std::uint64_t size, std::uint64_t most) {
  return "grpc: received message larger than max (" + std::to_string(size) + " vs. " +
         std::to_string(most) + ")";
}

}  // namespace

void Http2Session::open(std::int32_t id) {
  if (closing_) return;
  if (spare_.empty()) {
    streams_.push_back(std::make_shared<Http2Stream>(*this));
    streams_.back()->head_.peer = peer_;
  } else {
    streams_.push_back(std::move(spare_.back()));
    spare_.pop_back();
  }
  Http2Stream& stream = *streams_.back();
  stream.reset(id);
  stream.place_ = streams_.size() - 1;
  stream.session_ = this;
  current_ = &stream;
  newest_ = id;
  nghttp2_session_set_stream_user_data(session_.get(), id, &stream);
}

// Beyond the limit nothing is kept any more; far beyond, the connection is not worth having: a few
// bytes on the wire can stand for many headers.
void Http2Session::header(Http2Stream& stream, std::string_view name, std::string_view value) {
  constexpr std::uint32_t around_each = 32;  // as RFC 9113 counts
  constexpr std::uint32_t far_beyond = 16;
  const std::size_t bytes = name.size() + value.size() + around_each;
  stream.header_bytes_ += static_cast<std::uint32_t>(bytes);
  ++stream.headers_;
  stream.is_malformed_ = !stream.rules_.takes(name, value) || stream.is_malformed_;
  if (stream.header_bytes_ / far_beyond > limits_.most_header_bytes ||
      stream.headers_ / far_beyond > limits_.most_headers)
    return close("it sent a header of more than " + std::to_string(stream.header_bytes_) +
                     " bytes; " + std::to_string(limits_.most_header_bytes) + " are allowed",
                 NGHTTP2_ENHANCE_YOUR_CALM, "header list too large");
  if (stream.header_bytes_ > limits_.most_header_bytes || stream.headers_ > limits_.most_headers)
    return;
  head_header(stream, name, value);
}

void Http2Session::head_header(Http2Stream& stream, std::string_view name, std::string_view value) {
  if (name == ":path") {
    stream.head_.method = value;
  } else if (name == ":method") {
    stream.verb_ = value;
  } else if (name == ":authority" || (name == "host" && stream.authority_.empty())) {
    stream.authority_ = value;
  } else if (name == "content-type") {
    stream.content_type_ = value;
  } else if (name == "grpc-encoding") {
    stream.encoding_ = value;
  } else if (name == "grpc-timeout") {
    stream.timeout_ = parse_timeout(value);
    if (!stream.timeout_) stream.fault_ = "malformed grpc-timeout: \"" + std::string(value) + "\"";
  } else if (name.starts_with(':') || std::ranges::find(not_metadata, name) != not_metadata.end()) {
    return;
  } else if (name.ends_with("-bin")) {
    if (const auto bytes = base64_decode(value)) return stream.head_.metadata.add(name, *bytes);
    stream.fault_ = "malformed binary metadata in header " + std::string(name);
  } else {
    stream.head_.metadata.add(name, value);
  }
}

void Http2Session::head_ends(Http2Stream& stream) {
  current_ = nullptr;
  if (closing_) return;
  if (stream.is_malformed_ || !stream.rules_.is_whole()) {
    stream.over_ = true;
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream.id_,
                              NGHTTP2_PROTOCOL_ERROR);
    return;
  }
  decide(stream);
  if (stream.over_ || stream.kind_ == Http2Stream::Kind::stream) return;
  expect_more(stream);
}

// From now on, it is up to the client that the rest comes in time.
void Http2Session::expect_more(Http2Stream& stream) {
  stream.since_ = now_;
  wake_at(later(now_, limits_.body_within));
}

void Http2Session::decide(Http2Stream& stream) {
  const bool is_grpc = is_grpc_content(stream.content_type_);
  if (stream.header_bytes_ > limits_.most_header_bytes || stream.headers_ > limits_.most_headers)
    return refuse(
        stream,
        {Code::resource_exhausted, "the headers of this request are too long: at most " +
                                       std::to_string(limits_.most_header_bytes) + " bytes in " +
                                       std::to_string(limits_.most_headers) + " fields"},
        is_grpc ? 200 : 431);
  if (!is_grpc) {
    const std::string_view path(stream.head_.method);
    if (router_.find_http(path.substr(0, path.find('?'))) != nullptr) {
      stream.kind_ = Http2Stream::Kind::plain;
      return;
    }
    return refuse(stream,
                  {Code::invalid_argument,
                   "invalid gRPC request content-type \"" + stream.content_type_ + "\""},
                  415);
  }
  if (!check_call(stream)) return;
  Method& method = *stream.method_;
  stream.count_begun();
  if (stream.timeout_) {
    stream.head_.deadline = later(now_, *stream.timeout_);
    wake_at(stream.head_.deadline);
  }
  stream.kind_ = method.unary ? Http2Stream::Kind::unary : Http2Stream::Kind::stream;
  if (stream.kind_ == Http2Stream::Kind::stream) method.stream(Call(stream.shared_from_this()));
}

bool Http2Session::check_call(Http2Stream& stream) {
  if (stream.verb_ != "POST") {
    refuse(stream, {Code::internal, "a gRPC call is a POST, and not a " + stream.verb_}, 405);
    return false;
  }
  if (!stream.fault_.empty()) {
    refuse(stream, {Code::internal, stream.fault_}, 400);
    return false;
  }
  if (!stream.encoding_.empty() && stream.encoding_ != "identity") {
    refuse(stream,
           {Code::unimplemented,
            "grpc: Decompressor is not installed for grpc-encoding \"" + stream.encoding_ + "\""});
    return false;
  }
  stream.method_ = router_.find(stream.head_.method);
  stream.is_patient_ = stream.method_ != nullptr && stream.method_->is_patient;
  if (stream.method_ == nullptr) refuse(stream, router_.unknown(stream.head_.method));
  return stream.method_ != nullptr;
}

void Http2Session::data(Http2Stream& stream, std::string_view bytes) {
  to_consume_ += bytes.size();
  if (closing_ || stream.over_ || stream.finished_) return;
  if (stream.kind_ != Http2Stream::Kind::plain) return take_messages(stream, bytes);
  nghttp2_session_consume_stream(session_.get(), stream.id_, bytes.size());
  if (stream.in_.size() + bytes.size() > limits_.most_body_bytes)
    return refuse_plain(
        stream, 413,
        "the body is too long: at most " + std::to_string(limits_.most_body_bytes) + " bytes\n");
  keep(stream, bytes);
}

void Http2Session::keep(Http2Stream& stream, std::string_view bytes) {
  stream.in_ += bytes;
  stream.unfinished_ += bytes.size();
  unfinished_ += bytes.size();
  check_unfinished(stream);
}

void Http2Session::check_unfinished(Http2Stream& stream) {
  if (unfinished_ <= limits_.most_unfinished_bytes) return;
  refuse(stream, {Code::resource_exhausted,
                  "too many bytes of unfinished requests on this connection: at most " +
                      std::to_string(limits_.most_unfinished_bytes)});
}

void Http2Session::take_messages(Http2Stream& stream, std::string_view bytes) {
  while (!bytes.empty() && !stream.over_ && !stream.finished_) {
    const bool is_whole_here = stream.kind_ == Http2Stream::Kind::stream && stream.in_.empty() &&
                               bytes.size() >= prefix_bytes;
    if (is_whole_here) {
      if (!check_prefix(stream, bytes)) return;
      const std::uint64_t whole = prefix_bytes + std::uint64_t{size_in(bytes)};
      if (bytes.size() >= whole) {
        came(stream, bytes.substr(prefix_bytes, whole - prefix_bytes));
        bytes.remove_prefix(whole);
        continue;
      }
    }
    const bool has_prefix = stream.in_.size() >= prefix_bytes;
    const std::uint64_t need = prefix_bytes + (has_prefix ? std::uint64_t{size_in(stream.in_)} : 0);
    const std::uint64_t count = std::min<std::uint64_t>(bytes.size(), need - stream.in_.size());
    if (count == 0)
      return refuse(stream, {Code::internal, "a unary call has one message, and this had more"});
    if (stream.in_.empty()) expect_more(stream);
    keep(stream, bytes.substr(0, count));
    bytes.remove_prefix(count);
    if (stream.over_) return;
    if (!has_prefix) {
      if (stream.in_.size() < prefix_bytes) return;
      if (!check_prefix(stream, stream.in_)) return;
      if (size_in(stream.in_) > 0) continue;
    }
    const bool is_whole = stream.in_.size() == prefix_bytes + size_in(stream.in_);
    if (!is_whole || stream.kind_ == Http2Stream::Kind::unary) continue;
    const std::string whole = std::exchange(stream.in_, {});
    release(stream);
    came(stream, std::string_view(whole).substr(prefix_bytes));
  }
}

// Before anything of that size is asked for.
bool Http2Session::check_prefix(Http2Stream& stream, std::string_view bytes) {
  const auto flag = static_cast<unsigned char>(bytes.front());
  const std::uint32_t size = size_in(bytes);
  if (flag == 1) {
    refuse(stream, {Code::internal, "grpc: compressed flag set with identity or empty encoding"});
  } else if (flag != 0) {
    refuse(stream,
           {Code::internal, "grpc: received unexpected payload format " + std::to_string(flag)});
  } else if (size > limits_.most_message_bytes) {
    refuse(stream, {Code::resource_exhausted, larger_than_most(size, limits_.most_message_bytes)});
  } else {
    grant(stream, size);
    return true;
  }
  return false;
}

// The window of a stream fits most messages. What is longer gets more, as long as that is not too
// much for the connection: then it waits for others.
void Http2Session::grant(Http2Stream& stream, std::uint64_t message_bytes) {
  const std::uint64_t need = prefix_bytes + message_bytes;
  if (need <= limits_.stream_window || stream.granted_ > 0 || stream.wants_grant_) return;
  if (granted_ > 0 && granted_ + need > limits_.most_unfinished_bytes / 2) {
    stream.wants_grant_ = true;
    want_grant_.push_back(stream.id_);
    return;
  }
  stream.granted_ = need;
  granted_ += need;
  expect_more(stream);
  nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, stream.id_,
                                        static_cast<std::int32_t>(limits_.stream_window + need));
  // What was consumed while the window was small is given back only when this is asked.
  nghttp2_session_consume_stream(session_.get(), stream.id_, 0);
}

void Http2Session::grant_next() {
  while (!want_grant_.empty()) {
    auto* const stream = static_cast<Http2Stream*>(
        nghttp2_session_get_stream_user_data(session_.get(), want_grant_.front()));
    if (stream != nullptr && stream->wants_grant_ && stream->in_.size() >= prefix_bytes) {
      stream->wants_grant_ = false;
      grant(*stream, size_in(stream->in_));
      if (stream->wants_grant_) {  // not yet; it went to the end of the line
        want_grant_.pop_back();
        return;
      }
    }
    want_grant_.erase(want_grant_.begin());
  }
}

// Its message is whole, or is not wanted any more.
void Http2Session::release(Http2Stream& stream) {
  unfinished_ -= stream.unfinished_;
  stream.unfinished_ = 0;
  stream.since_ = never;
  stream.wants_grant_ = false;
  if (stream.granted_ == 0) return;
  granted_ -= std::exchange(stream.granted_, 0);
  if (!stream.client_is_done_ && !closing_)
    nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, stream.id_,
                                          static_cast<std::int32_t>(limits_.stream_window));
  grant_next();
}

void Http2Session::came(Http2Stream& stream, std::string_view message) {
  ++stream.method_->messages_in;
  CallHooks* const hooks = stream.hooks_.get();
  if (stream.is_held_ || hooks == nullptr || !hooks->message ||
      stream.first_waiting_ < stream.waiting_.size())
    return wait(stream, message);
  nghttp2_session_consume_stream(session_.get(), stream.id_, prefix_bytes + message.size());
  hooks->message(message);
}

// An empty message costs us more than the window that it takes.
void Http2Session::wait(Http2Stream& stream, std::string_view message) {
  const std::uint64_t bytes = message.size() + sizeof(std::string);
  stream.waiting_.emplace_back(message);
  stream.waiting_bytes_ += bytes;
  unfinished_ += bytes;
  check_unfinished(stream);
}

void Http2Session::request_ends(Http2Stream& stream) {
  stream.client_is_done_ = true;
  if (closing_ || stream.over_ || stream.finished_) return;
  if (stream.kind_ == Http2Stream::Kind::unary) return run_unary(stream);
  if (stream.kind_ == Http2Stream::Kind::plain) return run_plain(stream);
  if (!stream.in_.empty())
    return refuse(stream, {Code::internal, "the request ended in the midst of a message"});
  deliver(stream);
}

void Http2Session::run_unary(Http2Stream& stream) {
  release(stream);
  const bool is_whole =
      stream.in_.size() >= prefix_bytes && stream.in_.size() == prefix_bytes + size_in(stream.in_);
  if (!is_whole)
    return refuse(stream, {Code::internal, stream.in_.empty()
                                               ? "a unary call has one message, and this had none"
                                               : "the request ended in the midst of a message"});
  ++stream.method_->messages_in;
  stream.asked_bytes_ = stream.in_.size() - prefix_bytes;
  // Who answers later may do so much later, and keeps what it needs.
  std::string whole = std::move(stream.in_);
  stream.in_.clear();
  stream.method_->unary(Call(stream.shared_from_this()),
                        std::string_view(whole).substr(prefix_bytes));
  if (whole.capacity() > Http2Stream::most_spare_bytes || stream.session_ != this) return;
  whole.clear();
  stream.in_ = std::move(whole);
}

void Http2Session::run_plain(Http2Stream& stream) {
  release(stream);
  HttpRequest request;
  const std::string_view target(stream.head_.method);
  const std::size_t mark = std::min(target.find('?'), target.size());
  request.method = stream.verb_ == "HEAD" ? "GET" : stream.verb_;
  request.path = target.substr(0, mark);
  request.query = target.substr(std::min(mark + 1, target.size()));
  request.host = stream.authority_;
  request.peer = peer_;
  request.headers = stream.head_.metadata;
  if (!stream.content_type_.empty()) request.headers.add("content-type", stream.content_type_);
  request.body = std::exchange(stream.in_, {});
  router_.answer(Exchange(std::make_unique<Http2Exchange>(stream.shared_from_this())),
                 std::move(request));
}

// What waited for somebody to listen, or was held back.
void Http2Session::deliver(Http2Stream& stream) {
  while (stream.first_waiting_ < stream.waiting_.size()) {
    CallHooks* const hooks = stream.hooks_.get();
    if (stream.over_ || stream.finished_ || stream.is_held_ || hooks == nullptr || !hooks->message)
      return;
    const std::string message = std::move(stream.waiting_[stream.first_waiting_++]);
    const std::uint64_t bytes = message.size() + sizeof(std::string);
    stream.waiting_bytes_ -= bytes;
    unfinished_ -= bytes;
    nghttp2_session_consume_stream(session_.get(), stream.id_, prefix_bytes + message.size());
    hooks->message(message);
  }
  stream.waiting_.clear();
  stream.first_waiting_ = 0;
  CallHooks* const hooks = stream.hooks_.get();
  if (!stream.client_is_done_ || stream.told_done_ || stream.is_held_ || stream.over_ ||
      hooks == nullptr)
    return;
  stream.told_done_ = true;
  if (hooks->half_closed) hooks->half_closed();
}

void Http2Session::closed(Http2Stream& stream, std::uint32_t) {
  const std::shared_ptr<Http2Stream> keep = std::move(streams_[stream.place_]);
  if (stream.place_ + 1 < streams_.size()) {
    streams_[stream.place_] = std::move(streams_.back());
    streams_[stream.place_]->place_ = stream.place_;
  }
  streams_.pop_back();
  if (current_ == &stream) current_ = nullptr;
  if (std::exchange(stream.is_ready_, false)) std::erase(ready_, &stream);
  std::ranges::replace(serving_, &stream, nullptr);
  stream.client_is_done_ = true;
  release(stream);
  unfinished_ -= std::exchange(stream.waiting_bytes_, 0);
  kept_ -= std::exchange(stream.kept_, 0);
  queued_ -= std::exchange(stream.queued_, 0);
  if (!stream.over_ && !stream.finished_) {
    stream.over_ = true;
    stream.count_finished(Code::cancelled);
    stream.tell_cancelled(Cancelled::by_client);
  }
  stream.over_ = true;
  stream.session_ = nullptr;
  constexpr std::size_t most_spare = 256;
  if (keep.use_count() == 1 && spare_.size() < most_spare) spare_.push_back(keep);
  if (!streams_.empty()) return;
  idle_since_ = now_;
  end_drain();
}

}  // namespace bowline::rpc
