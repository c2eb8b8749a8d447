// SPDX-License-Identifier: Apache-2.0
#include "bowline/rpc/test_client.h"

#include <algorithm>

#include "bowline/base/ensure.h"
#include "bowline/rpc/framing.h"

namespace bowline::rpc {
namespace {

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

nghttp2_nv header_of(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view from) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(from.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

std::string big_endian(std::uint32_t number, std::size_t bytes) {
  std::string result;
  for (std::size_t i = bytes; i > 0; --i)
    result += static_cast<char>(number >> (8 * (i - 1)) & 0xffU);
  return result;
}

}  // namespace

std::string frame(std::uint8_t type, std::uint8_t flags, std::uint32_t stream,
                  std::string_view payload) {
  return big_endian(static_cast<std::uint32_t>(payload.size()), 3) + static_cast<char>(type) +
         static_cast<char>(flags) + big_endian(stream, 4) + std::string(payload);
}

std::string framed_message(std::string_view bytes) {
  return prefix_of(static_cast<std::uint32_t>(bytes.size())) + std::string(bytes);
}

std::string Heard::field(std::string_view name) const {
  for (const Fields* fields : {&trailers, &head})
    for (const auto& [its, value] : *fields)
      if (its == name) return value;
  return {};
}

std::optional<Code> Heard::code() const {
  const std::string number = field("grpc-status");
  if (number.empty()) return std::nullopt;
  return static_cast<Code>(std::stoi(number));
}

std::string Heard::message() const { return percent_decode(field("grpc-message")); }

struct TestClient::Callbacks {
  static TestClient& of(void* user) { return *static_cast<TestClient*>(user); }

  static std::ptrdiff_t read(nghttp2_session*, std::int32_t id, std::uint8_t* to, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source*, void* user) {
    Body& body = of(user).body(id);
    const std::size_t count = std::min(room, body.bytes.size());
    if (count == 0 && !body.ends) {
      body.waits = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    std::ranges::copy(body.bytes.substr(0, count), to);
    body.bytes.erase(0, count);
    if (body.bytes.empty() && body.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<std::ptrdiff_t>(count);
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    Heard& heard = of(user).heard_[frame->hd.stream_id];
    const bool is_head = frame->headers.cat == NGHTTP2_HCAT_RESPONSE;
    (is_head ? heard.head : heard.trailers)
        .emplace_back(text(name, name_size), text(value, value_size));
    return 0;
  }

  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    Heard& heard = of(user).heard_[id];
    heard.body += text(bytes, size);
    std::size_t at = 0;
    heard.messages.clear();
    while (heard.body.size() - at >= prefix_bytes) {
      const std::uint32_t length = size_in(std::string_view(heard.body).substr(at));
      if (heard.body.size() - at < prefix_bytes + length) break;
      heard.messages.push_back(heard.body.substr(at + prefix_bytes, length));
      at += prefix_bytes + length;
    }
    return 0;
  }

  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
    TestClient& self = of(user);
    const bool ends = (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
    if (ends && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS))
      self.heard_[frame->hd.stream_id].ended = true;
    if (frame->hd.type == NGHTTP2_PING && (frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) ++self.pongs_;
    if (frame->hd.type != NGHTTP2_GOAWAY) return 0;
    self.goaway_ = frame->goaway.error_code;
    self.goaway_text_ = text(frame->goaway.opaque_data, frame->goaway.opaque_data_len);
    return 0;
  }

  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
    Heard& heard = of(user).heard_[id];
    heard.closed = true;
    heard.error = error;
    return 0;
  }
};

TestClient::TestClient(const Options& options) : options_(options) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session* session = nullptr;
  ensure(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Callbacks::frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
  if (!options.updates_windows) nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_peer_max_concurrent_streams(option, 100'000);
  ensure(nghttp2_session_client_new2(&session, callbacks, this, option) == 0);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);
  session_.reset(session);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, options.window}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, 1);
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, 256 << 20);
}

TestClient::~TestClient() = default;

std::int32_t TestClient::open(std::string_view path, const CallOptions& options) {
  std::vector<nghttp2_nv> head = {
      header_of(":method", options.verb), header_of(":scheme", "http"), header_of(":path", path),
      header_of(":authority", options.authority), header_of("te", "trailers")};
  if (!options.content_type.empty())
    head.push_back(header_of("content-type", options.content_type));
  for (const auto& [name, value] : options.more) head.push_back(header_of(name, value));
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::read;
  return nghttp2_submit_request(session_.get(), nullptr, head.data(), head.size(), &body, nullptr);
}

void TestClient::resume(std::int32_t id) {
  if (std::exchange(body(id).waits, false)) nghttp2_session_resume_data(session_.get(), id);
}

void TestClient::message(std::int32_t id, std::string_view bytes) {
  raw(id, framed_message(bytes));
}

void TestClient::raw(std::int32_t id, std::string_view bytes) {
  body(id).bytes += bytes;
  resume(id);
}

void TestClient::half_close(std::int32_t id) {
  body(id).ends = true;
  resume(id);
}

void TestClient::reset(std::int32_t id) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
}

std::int32_t TestClient::call(std::string_view path, std::string_view request,
                              const CallOptions& options) {
  const std::int32_t id = open(path, options);
  message(id, request);
  half_close(id);
  return id;
}

std::int32_t TestClient::get(std::string_view path) {
  const std::int32_t id = open(path, {.verb = "GET", .content_type = ""});
  half_close(id);
  return id;
}

void TestClient::ping() { nghttp2_submit_ping(session_.get(), NGHTTP2_FLAG_NONE, nullptr); }

void TestClient::give_window(std::int32_t id, std::int32_t bytes) {
  nghttp2_submit_window_update(session_.get(), NGHTTP2_FLAG_NONE, id, bytes);
}

void TestClient::received(std::string_view bytes) {
  nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                           bytes.size());
}

std::string TestClient::take() {
  std::string result;
  const std::uint8_t* bytes = nullptr;
  for (std::ptrdiff_t count = 1; count > 0;) {
    count = nghttp2_session_mem_send(session_.get(), &bytes);
    if (count > 0) result += text(bytes, static_cast<std::size_t>(count));
  }
  return result + std::exchange(injected_, {});
}

}  // namespace bowline::rpc
