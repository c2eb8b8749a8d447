// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/grpc_client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/rpc/framing.h"

namespace bowline::bench {
namespace {

constexpr std::size_t most_received = 256U << 10U;
constexpr std::uint32_t window = 64U << 20U;

nghttp2_nv constant(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE};
}

Error cannot(const std::string& address) {
  return {Fault::unreachable, "cannot connect to " + address + ": " + std::strerror(errno)};
}

}  // namespace

struct GrpcClient::Callbacks {
  static GrpcClient& of(void* user) { return *static_cast<GrpcClient*>(user); }
  static Slot* slot(nghttp2_session* session, std::int32_t id) {
    return static_cast<Slot*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static std::ptrdiff_t send(nghttp2_session*, const std::uint8_t* bytes, std::size_t size, int,
                             void* user) {
    of(user).out_.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<std::ptrdiff_t>(size);
  }

  static std::ptrdiff_t read(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source* source, void*) {
    Slot& slot = *static_cast<Slot*>(source->ptr);
    const std::size_t count = std::min(room, slot.request.size() - slot.sent);
    if (count == 0 && !slot.ends) {
      slot.waits = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    std::ranges::copy(std::string_view(slot.request).substr(slot.sent, count), to);
    slot.sent += count;
    if (slot.sent == slot.request.size()) {
      if (slot.ends) *flags |= NGHTTP2_DATA_FLAG_EOF;
      slot.request.clear();
      slot.sent = 0;
    }
    return static_cast<std::ptrdiff_t>(count);
  }

  static int header(nghttp2_session* session, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void*) {
    const std::string_view its(reinterpret_cast<const char*>(name), name_size);
    if (!its.starts_with("grpc-")) return 0;
    Slot* const found = slot(session, frame->hd.stream_id);
    const auto* const text = reinterpret_cast<const char*>(value);
    if (found == nullptr) return 0;
    if (its == "grpc-status") std::from_chars(text, text + value_size, found->code);
    if (its == "grpc-message") found->grpc_message.assign(text, value_size);
    return 0;
  }

  static int data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                  const std::uint8_t* bytes, std::size_t size, void* user) {
    Slot* const found = slot(session, id);
    if (found == nullptr) return 0;
    found->answer.append(reinterpret_cast<const char*>(bytes), size);
    if (found->is_stream) of(user).take_messages(*found);
    return 0;
  }

  static int closed(nghttp2_session* session, std::int32_t id, std::uint32_t, void* user) {
    Slot* const found = slot(session, id);
    if (found == nullptr) return 0;
    GrpcClient& self = of(user);
    const std::string answer = std::exchange(found->answer, {});
    const Tag tag = found->tag;
    const int code = found->code;
    self.grpc_message_ = std::exchange(found->grpc_message, {});
    self.free_.push_back(found->place);
    self.hooks_.ended(tag, code,
                      std::string_view(answer).substr(std::min(answer.size(), rpc::prefix_bytes)));
    return 0;
  }
};

Result<std::unique_ptr<GrpcClient>> GrpcClient::connect(const std::string& address, Hooks hooks) {
  const std::size_t colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  const bool is_good = colon != std::string::npos &&
                       inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) == 1;
  if (!is_good)
    return std::unexpected(
        Error{Fault::not_found, "'" + address + "' is no address; write 127.0.0.1:2379"});
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return std::unexpected(cannot(address));
  if (::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    const Error error = cannot(address);
    ::close(socket);
    return std::unexpected(error);
  }
  const int on = 1;
  ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(socket, F_SETFL, O_NONBLOCK);
  return std::make_unique<GrpcClient>(socket, std::move(hooks));
}

GrpcClient::GrpcClient(int socket, Hooks hooks)
    : socket_(socket), hooks_(std::move(hooks)), in_(most_received) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* option = nullptr;
  nghttp2_session* session = nullptr;
  ensure(nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&option) == 0);
  nghttp2_session_callbacks_set_send_callback(callbacks, Callbacks::send);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
  nghttp2_option_set_no_closed_streams(option, 1);
  nghttp2_option_set_peer_max_concurrent_streams(option, 1U << 20U);
  ensure(nghttp2_session_client_new2(&session, callbacks, this, option) == 0);
  nghttp2_session_callbacks_del(callbacks);
  nghttp2_option_del(option);
  session_.reset(session);
  const std::array settings = {nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
                               nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window);
}

GrpcClient::~GrpcClient() { ::close(socket_); }

GrpcClient::Slot& GrpcClient::free_slot() {
  if (free_.empty()) {
    Slot& slot = slots_.emplace_back();
    slot.place = slots_.size() - 1;
    return slot;
  }
  Slot& slot = slots_[free_.back()];
  free_.pop_back();
  slot.request.clear();
  slot.answer.clear();
  slot.grpc_message.clear();
  slot.sent = 0;
  slot.code = no_code;
  slot.is_stream = slot.ends = slot.waits = false;
  return slot;
}

void GrpcClient::submit(std::string_view path, Slot& slot) {
  const std::array head = {constant(":method", "POST"),
                           constant(":scheme", "http"),
                           constant(":path", path),
                           constant(":authority", "localhost"),
                           constant("content-type", "application/grpc"),
                           constant("te", "trailers")};
  nghttp2_data_provider body{};
  body.source.ptr = &slot;
  body.read_callback = Callbacks::read;
  slot.id = nghttp2_submit_request(session_.get(), nullptr, head.data(), head.size(), &body, &slot);
}

void GrpcClient::call(std::string_view path, std::string_view request, Tag tag) {
  Slot& slot = free_slot();
  slot.tag = tag;
  slot.ends = true;
  slot.request = rpc::prefix_of(static_cast<std::uint32_t>(request.size()));
  slot.request += request;
  submit(path, slot);
}

GrpcClient::Stream GrpcClient::open(std::string_view path, Tag tag) {
  Slot& slot = free_slot();
  slot.tag = tag;
  slot.is_stream = true;
  submit(path, slot);
  return slot.place;
}

void GrpcClient::send(Stream stream, std::string_view message) {
  Slot& slot = slots_[stream];
  slot.request += rpc::prefix_of(static_cast<std::uint32_t>(message.size()));
  slot.request += message;
  if (std::exchange(slot.waits, false)) nghttp2_session_resume_data(session_.get(), slot.id);
}

void GrpcClient::half_close(Stream stream) {
  Slot& slot = slots_[stream];
  slot.ends = true;
  if (std::exchange(slot.waits, false)) nghttp2_session_resume_data(session_.get(), slot.id);
}

void GrpcClient::cancel(Stream stream) {
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, slots_[stream].id, NGHTTP2_CANCEL);
}

void GrpcClient::take_messages(Slot& slot) {
  std::size_t at = 0;
  while (slot.answer.size() - at >= rpc::prefix_bytes) {
    const std::size_t end =
        at + rpc::prefix_bytes + rpc::size_in(std::string_view(slot.answer).substr(at));
    if (end > slot.answer.size()) break;
    const std::string_view message =
        std::string_view(slot.answer).substr(at + rpc::prefix_bytes, end - at - rpc::prefix_bytes);
    hooks_.message(slot.tag, message);
    at = end;
  }
  slot.answer.erase(0, at);
}

bool GrpcClient::receive() {
  while (true) {
    const ssize_t count = ::recv(socket_, in_.data(), in_.size(), MSG_DONTWAIT);
    if (count == 0) return false;
    if (count < 0) return errno == EAGAIN || errno == EINTR;
    const auto done =
        nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(in_.data()),
                                 static_cast<std::size_t>(count));
    if (done < 0) return false;
    if (static_cast<std::size_t>(count) < in_.size()) return true;
  }
}

bool GrpcClient::flush() {
  if (!is_waiting()) {
    out_.clear();
    sent_ = 0;
    if (nghttp2_session_send(session_.get()) != 0) return false;
  }
  if (out_.empty()) return true;
  const ssize_t count =
      ::send(socket_, out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  sent_ += static_cast<std::size_t>(count);
  return true;
}

}  // namespace bowline::bench
