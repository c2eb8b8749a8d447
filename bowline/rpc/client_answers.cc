// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <string>
#include <utility>

#include "bowline/rpc/client_session.h"
#include "bowline/rpc/client_slot.h"
#include "bowline/rpc/framing.h"

// What comes of an answer: its head, its messages, its end. A server may send anything.
namespace bowline::rpc {
namespace {

constexpr std::size_t most_shown = 100;  // of what a server says where we expected something else

std::optional<int> digits_in(std::string_view text) {
  int number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

Code code_in(int number) {
  return number < static_cast<int>(codes) ? static_cast<Code>(number) : Code::unknown;
}

// Of a text that a stranger chose, and that ends up on somebody's screen.
std::string shown(std::string_view text) {
  std::string result;
  for (const char one : text.substr(0, most_shown)) result += one >= ' ' && one <= '~' ? one : '?';
  return result;
}

}  // namespace

// A frame begins: what costs us something and brings nothing is counted.
void ClientSession::begun(const nghttp2_frame_hd& head) {
  if (closing_) return;
  if (head.type == NGHTTP2_CONTINUATION) {
    if (++continuations_ <= options_.continuations) return;
    return close(
        "it sent a header in more than " + std::to_string(options_.continuations) + " pieces",
        NGHTTP2_ENHANCE_YOUR_CALM);
  }
  continuations_ = 0;
  const bool ends = (head.flags & NGHTTP2_FLAG_END_STREAM) != 0;
  bool is_work = head.type == NGHTTP2_WINDOW_UPDATE || head.type == NGHTTP2_RST_STREAM ||
                 (head.type == NGHTTP2_DATA && (head.length > 0 || ends));
  if (head.type == NGHTTP2_HEADERS) {
    auto* const slot =
        static_cast<Slot*>(nghttp2_session_get_stream_user_data(session_.get(), head.stream_id));
    is_work = slot != nullptr && !slot->over;
    if (is_work && ++slot->heads > options_.most_heads)
      return fail(*slot, "it sent more than " + std::to_string(options_.most_heads) +
                             " frames of headers for one call");
  }
  if (is_work || controls_.take(now_)) return;
  close("it sent more than " + std::to_string(options_.controls_a_second) +
            " frames a second that bring nothing",
        NGHTTP2_ENHANCE_YOUR_CALM);
}

void ClientSession::framed(const nghttp2_frame& frame) {
  if (closing_) return;
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    is_leaving_ = true;
    if (frame.goaway.error_code != NGHTTP2_NO_ERROR && why_.empty())
      why_ = "it sent us away: " + shown({reinterpret_cast<const char*>(frame.goaway.opaque_data),
                                          frame.goaway.opaque_data_len});
  }
  if (frame.hd.type != NGHTTP2_DATA && frame.hd.type != NGHTTP2_HEADERS) return;
  auto* const slot =
      static_cast<Slot*>(nghttp2_session_get_stream_user_data(session_.get(), frame.hd.stream_id));
  if (slot == nullptr || slot->over) return;
  if (frame.hd.type == NGHTTP2_HEADERS) head_ends(*slot);
  if ((frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0 || slot->over) return;
  slot->server_ended = true;
  if (!slot->is_held) answer_ends(*slot);
}

// A few bytes on the wire can stand for many headers.
void ClientSession::header(Slot& slot, std::string_view name, std::string_view value) {
  constexpr std::uint32_t around_each = 32;  // as RFC 9113 counts
  slot.header_bytes += static_cast<std::uint32_t>(name.size() + value.size()) + around_each;
  ++slot.headers;
  if (slot.header_bytes > options_.most_header_bytes || slot.headers > options_.most_headers)
    return fail(slot, "it sent headers of more than " + std::to_string(options_.most_header_bytes) +
                          " bytes, or more than " + std::to_string(options_.most_headers) +
                          " of them");
  if (name == ":status") {
    slot.http_status = digits_in(value).value_or(0);
  } else if (name == "content-type") {
    slot.is_grpc = is_grpc_content(value);
    slot.content_type = value.substr(0, most_shown);
  } else if (name == "grpc-status") {
    slot.code = digits_in(value).value_or(static_cast<int>(Code::unknown));
  } else if (name == "grpc-message") {
    slot.message = value;
  }
}

// The first one that is no "wait a moment" says what the answer is.
void ClientSession::head_ends(Slot& slot) {
  constexpr int first_final = 200;
  if (slot.has_head || slot.http_status < first_final) return;
  slot.has_head = true;
  if (slot.code) return;  // an error, and nothing else
  if (slot.http_status != first_final)
    return fail(slot, "it answers with HTTP status " + std::to_string(slot.http_status));
  if (!slot.is_grpc)
    fail(slot, "it answers with '" + shown(slot.content_type) + "', and that is not gRPC");
}

void ClientSession::data(Slot& slot, std::string_view bytes) {
  std::size_t used = bytes.size();
  if (!slot.over && slot.is_held) {
    slot.waiting += bytes;
    used = 0;
  } else if (!slot.over) {
    const std::int32_t id = slot.id;
    used = take_messages(slot, bytes);
    nghttp2_session_consume_stream(session_.get(), id, used);
    return;
  }
  nghttp2_session_consume_stream(session_.get(), slot.id, used);
}

// How many bytes it has used: all, unless somebody holds the call meanwhile.
std::size_t ClientSession::take_messages(Slot& slot, std::string_view bytes) {
  const std::size_t all = bytes.size();
  while (!bytes.empty() && !slot.over) {
    if (slot.is_held) {
      slot.waiting += bytes;
      return all - bytes.size();
    }
    // Most messages come in one piece.
    if (slot.in.empty() && bytes.size() >= prefix_bytes) {
      if (!check_prefix(slot, bytes)) return all;
      const std::size_t end = prefix_bytes + size_in(bytes);
      if (bytes.size() >= end) {
        came(slot, bytes.substr(prefix_bytes, end - prefix_bytes));
        bytes.remove_prefix(end);
        continue;
      }
    }
    const bool has_prefix = slot.in.size() >= prefix_bytes;
    const std::size_t end = has_prefix ? prefix_bytes + size_in(slot.in) : prefix_bytes;
    const std::size_t part = std::min(end - slot.in.size(), bytes.size());
    keep(slot, bytes.substr(0, part));
    bytes.remove_prefix(part);
    if (slot.over || slot.in.size() < end) continue;
    if (!has_prefix && !check_prefix(slot, slot.in)) return all;
    if (slot.in.size() < prefix_bytes + size_in(slot.in)) continue;
    unfinished_ -= std::exchange(slot.unfinished, 0);
    const std::string whole = std::exchange(slot.in, {});
    came(slot, std::string_view(whole).substr(prefix_bytes));
  }
  return all;
}

bool ClientSession::check_prefix(Slot& slot, std::string_view prefix) {
  if (slot.has_answer) return fail(slot, "it answered with more than one message"), false;
  if (prefix[0] != 0)
    return fail(slot, "it sent a message that is compressed, which nobody asked it for"), false;
  if (size_in(prefix) <= options_.most_message_bytes) return true;
  fail(slot, "it sent a message of " + std::to_string(size_in(prefix)) + " bytes; " +
                 std::to_string(options_.most_message_bytes) + " are allowed");
  return false;
}

void ClientSession::keep(Slot& slot, std::string_view bytes) {
  slot.in += bytes;
  slot.unfinished += bytes.size();
  unfinished_ += bytes.size();
  if (unfinished_ <= options_.most_unfinished_bytes) return;
  fail(slot, "messages of more than " + std::to_string(options_.most_unfinished_bytes) +
                 " bytes are on their way at once");
}

void ClientSession::came(Slot& slot, std::string_view message) {
  if (!slot.is_unary) {
    if (hooks_.message) hooks_.message(slot.tag, message);
    return;
  }
  slot.answer = message;
  slot.has_answer = true;
}

// It was held: what came meanwhile is told now.
void ClientSession::release(Slot& slot) {
  const ClientCall call = slot.self;
  const std::string waited = std::exchange(slot.waiting, {});
  const std::int32_t id = slot.id;
  const std::size_t used = take_messages(slot, waited);
  if (id != 0) nghttp2_session_consume_stream(session_.get(), id, used);
  const Slot* const still = find(call);
  if (still != nullptr && slot.server_ended && !slot.is_held) answer_ends(slot);
}

// The server says nothing more.
void ClientSession::answer_ends(Slot& slot) {
  CallEnd end;
  if (slot.code && (*slot.code != 0 || slot.in.empty()))
    end.status = Status{code_in(*slot.code), percent_decode(slot.message)};
  if (!slot.code) end.why = "it ended its answer without a status";
  if (slot.code && !end.status) end.why = "its answer ends in the midst of a message";
  if (end.status && end.status->ok() && slot.is_unary && !slot.has_answer) {
    end.status.reset();
    end.why = "it answered with nothing";
  }
  // We may have more to say, and it would not be heard.
  const bool is_done = slot.ends && slot.request.empty();
  if (!is_done && slot.id != 0)
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, slot.id, NGHTTP2_CANCEL);
  finish(slot, end);
}

// nghttp2 has let the stream go.
void ClientSession::closed(Slot& slot, std::uint32_t error) {
  if (!slot.over && slot.is_held && slot.server_ended) {
    // What came is still to be told.
    --submitted_;
    slot.id = 0;
    return;
  }
  if (!slot.over) {
    const bool untouched = error == NGHTTP2_REFUSED_STREAM || !slot.left;
    finish(slot, {.untouched = untouched,
                  .why = std::string("it broke the call off: ") + nghttp2_http2_strerror(error)});
  }
  free(slot);
}

// We end it.
void ClientSession::fail(Slot& slot, std::string why, std::uint32_t error) {
  if (slot.over) return;
  if (slot.id != 0) nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, slot.id, error);
  finish(slot, {.untouched = !slot.left, .why = std::move(why)});
}

void ClientSession::finish(Slot& slot, const CallEnd& end) {
  if (slot.over) return;
  slot.over = true;
  --open_;
  unfinished_ -= std::exchange(slot.unfinished, 0);
  std::swap(answer_, slot.answer);
  const std::string_view answer =
      slot.has_answer && end.status && end.status->ok() ? std::string_view(answer_) : "";
  const Tag tag = slot.tag;
  if (slot.id == 0) free(slot);
  if (hooks_.ended) hooks_.ended(tag, end, answer);
}

void ClientSession::sent(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY && frame.goaway.error_code != NGHTTP2_NO_ERROR && !closing_) {
    // nghttp2 found something that we do not look at.
    closing_ = true;
    why_ = "it does not speak HTTP/2: " +
           shown({reinterpret_cast<const char*>(frame.goaway.opaque_data),
                  frame.goaway.opaque_data_len});
  }
  if (frame.hd.type != NGHTTP2_HEADERS) return;
  auto* const slot =
      static_cast<Slot*>(nghttp2_session_get_stream_user_data(session_.get(), frame.hd.stream_id));
  if (slot != nullptr) slot->left = true;
}

// The head of a call could not leave: the server goes, or the call was cancelled before.
void ClientSession::not_sent(const nghttp2_frame& frame) {
  if (frame.hd.type != NGHTTP2_HEADERS) return;
  for (Slot& slot : slots_) {
    if (slot.is_free || slot.id != frame.hd.stream_id) continue;
    finish(slot, {.untouched = true, .why = "the server is leaving"});
    return free(slot);
  }
}

}  // namespace bowline::rpc
