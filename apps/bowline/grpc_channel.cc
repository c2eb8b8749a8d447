// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/grpc_channel.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/rpc/framing.h"

namespace bowline::apps {
namespace {

constexpr std::uint32_t window_bytes = 16U << 20U;
constexpr std::size_t most_message_bytes = 1U << 30U;

nghttp2_nv header_of(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

int left_ms(Until until) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

bool is_ready(int socket, short what, Until until) {
  pollfd one{.fd = socket, .events = what, .revents = 0};
  while (true) {
    const int count = ::poll(&one, 1, left_ms(until));
    if (count > 0) return true;
    if (count == 0 || errno != EINTR) return false;
  }
}

// 0: it is connected; else why not.
int connect_to(int socket, const addrinfo& to, Until until) {
  if (::connect(socket, to.ai_addr, to.ai_addrlen) == 0) return 0;
  if (errno != EINPROGRESS) return errno;
  if (!is_ready(socket, POLLOUT, until)) return ETIMEDOUT;
  int fault = 0;
  socklen_t size = sizeof fault;
  ::getsockopt(socket, SOL_SOCKET, SO_ERROR, &fault, &size);
  return fault;
}

std::unexpected<Error> cannot(const std::string& address, const std::string& why) {
  return std::unexpected(Error{Fault::unreachable, "cannot connect to " + address + ": " + why});
}

}  // namespace

struct GrpcChannel::Callbacks {
  static GrpcChannel& of(void* user) { return *static_cast<GrpcChannel*>(user); }

  static std::ptrdiff_t send(nghttp2_session*, const std::uint8_t* bytes, std::size_t size, int,
                             void* user) {
    of(user).out_.append(reinterpret_cast<const char*>(bytes), size);
    return static_cast<std::ptrdiff_t>(size);
  }

  static std::ptrdiff_t read(nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t room,
                             std::uint32_t* flags, nghttp2_data_source*, void* user) {
    GrpcChannel& self = of(user);
    const std::size_t count = std::min(room, self.request_.size());
    if (count == 0 && !self.ends_) {
      self.waits_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
    std::ranges::copy(std::string_view(self.request_).substr(0, count), to);
    self.request_.erase(0, count);
    if (self.request_.empty() && self.ends_) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<std::ptrdiff_t>(count);
  }

  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
                    std::size_t name_size, const std::uint8_t* value, std::size_t value_size,
                    std::uint8_t, void* user) {
    GrpcChannel& self = of(user);
    if (frame->hd.stream_id != self.id_) return 0;
    const std::string_view its(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    int number = 0;
    const bool good =
        std::from_chars(text.data(), text.data() + text.size(), number).ec == std::errc();
    if (its == ":status" && good) self.http_status_ = number;
    if (its == "grpc-status" && good) self.code_ = number;
    if (its == "grpc-message") self.message_ = rpc::percent_decode(text);
    return 0;
  }

  static int data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes,
                  std::size_t size, void* user) {
    GrpcChannel& self = of(user);
    if (id == self.id_) self.answer_.append(reinterpret_cast<const char*>(bytes), size);
    return 0;
  }

  static int closed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* user) {
    GrpcChannel& self = of(user);
    if (id != self.id_) return 0;
    self.closed_ = true;
    self.close_code_ = code;
    return 0;
  }
};

Result<std::unique_ptr<GrpcChannel>> GrpcChannel::connect(const std::string& address, Until until) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size())
    return cannot(address, "it has no port; write 127.0.0.1:2379");
  std::string host = address.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int fault = ::getaddrinfo(host.c_str(), address.c_str() + colon + 1, &wanted, &found))
    return cannot(address, ::gai_strerror(fault));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  int fault = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int socket =
        ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, one->ai_protocol);
    if (socket < 0) return cannot(address, std::strerror(errno));
    fault = connect_to(socket, *one, until);
    if (fault == 0) return std::make_unique<GrpcChannel>(socket, address);
    ::close(socket);
  }
  return cannot(address, std::strerror(fault));
}

GrpcChannel::GrpcChannel(int socket, std::string address)
    : socket_(socket), address_(std::move(address)) {
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session* session = nullptr;
  ensure(nghttp2_session_callbacks_new(&callbacks) == 0);
  nghttp2_session_callbacks_set_send_callback(callbacks, Callbacks::send);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, Callbacks::header);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Callbacks::data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Callbacks::closed);
  ensure(nghttp2_session_client_new(&session, callbacks, this) == 0);
  nghttp2_session_callbacks_del(callbacks);
  session_.reset(session);
  const std::array settings = {
      nghttp2_settings_entry{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window_bytes},
      nghttp2_settings_entry{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, window_bytes);
}

GrpcChannel::~GrpcChannel() { ::close(socket_); }

void GrpcChannel::open(std::string_view path, std::optional<Until> deadline) {
  request_.clear();
  answer_.clear();
  message_.clear();
  code_.reset();
  http_status_ = 0;
  ends_ = waits_ = left_ = closed_ = false;
  std::string timeout;
  if (deadline)
    timeout = rpc::encode_timeout(
        std::max<Duration>(*deadline - std::chrono::steady_clock::now(), Duration(1)));
  std::vector<nghttp2_nv> head = {header_of(":method", "POST"),
                                  header_of(":scheme", "http"),
                                  header_of(":path", path),
                                  header_of(":authority", address_),
                                  header_of("content-type", "application/grpc"),
                                  header_of("te", "trailers"),
                                  header_of("user-agent", "bowline")};
  if (deadline) head.push_back(header_of("grpc-timeout", timeout));
  nghttp2_data_provider body{};
  body.read_callback = Callbacks::read;
  id_ = nghttp2_submit_request(session_.get(), nullptr, head.data(), head.size(), &body, nullptr);
  if (id_ < 0) {
    broken_ = true;
    fault_ = nghttp2_strerror(id_);
  }
}

void GrpcChannel::send(std::string_view message) {
  request_ += rpc::prefix_of(static_cast<std::uint32_t>(message.size()));
  request_ += message;
  if (std::exchange(waits_, false)) nghttp2_session_resume_data(session_.get(), id_);
}

void GrpcChannel::half_close() {
  ends_ = true;
  if (std::exchange(waits_, false)) nghttp2_session_resume_data(session_.get(), id_);
}

void GrpcChannel::cancel() {
  if (closed_ || broken_) return;
  nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_CANCEL);
  broken_ = !flush();
}

bool GrpcChannel::flush() {
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
    if (nghttp2_session_send(session_.get()) != 0) return false;
  }
  while (sent_ < out_.size()) {
    const ssize_t count =
        ::send(socket_, out_.data() + sent_, out_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count < 0) return fault_ = std::strerror(errno), false;
    sent_ += static_cast<std::size_t>(count);
    left_ = true;
  }
  return true;
}

bool GrpcChannel::receive() {
  std::array<std::uint8_t, 64UL << 10U> bytes{};
  while (true) {
    const ssize_t count = ::recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return true;
    if (count < 0) return fault_ = std::strerror(errno), false;
    if (count == 0) return fault_ = "it closed the connection", false;
    const auto size = static_cast<std::size_t>(count);
    const auto done = nghttp2_session_mem_recv(session_.get(), bytes.data(), size);
    if (done < 0 || !greets({reinterpret_cast<const char*>(bytes.data()), size}))
      return fault_ = "it does not speak HTTP/2", false;
  }
}

// A frame of settings. Another protocol would be taken for a frame of some millions of bytes.
bool GrpcChannel::greets(std::string_view bytes) {
  constexpr std::size_t type_at = 3;
  if (greeting_.size() <= type_at) greeting_ += bytes.substr(0, type_at + 1);
  return greeting_.size() <= type_at || greeting_[type_at] == NGHTTP2_SETTINGS;
}

bool GrpcChannel::wait(Until until) {
  const short what = sent_ < out_.size() ? POLLIN | POLLOUT : POLLIN;
  return is_ready(socket_, what, until);
}

std::optional<std::string> GrpcChannel::take() {
  if (answer_.size() < rpc::prefix_bytes) return std::nullopt;
  const std::size_t end = rpc::prefix_bytes + rpc::size_in(answer_);
  if (end > most_message_bytes) {
    broken_ = true;
    fault_ = "it sent a message that is too long";
  }
  if (broken_ || answer_.size() < end) return std::nullopt;
  std::string message = answer_.substr(rpc::prefix_bytes, end - rpc::prefix_bytes);
  answer_.erase(0, end);
  return message;
}

CallEnd GrpcChannel::end_of_call() {
  CallEnd end;
  if (code_)
    return {.status = rpc::Status{static_cast<rpc::Code>(*code_), message_}, .untouched = false};
  end.untouched = !left_ || (closed_ && close_code_ == NGHTTP2_REFUSED_STREAM);
  if (http_status_ != 0 && http_status_ != 200) {
    end.why = address_ + " answers with HTTP status " + std::to_string(http_status_);
  } else if (closed_ && !broken_) {
    end.why = address_ + " broke the call off: " + nghttp2_http2_strerror(close_code_);
  } else {
    end.why = "the connection to " + address_ + " broke: " + fault_;
  }
  return end;
}

std::variant<std::string, CallEnd, GrpcChannel::Late> GrpcChannel::next(Until until) {
  while (true) {
    if (auto message = take()) return *std::move(message);
    if (closed_ || broken_) return end_of_call();
    if (!flush()) {
      // What it said before is still to be heard.
      static_cast<void>(receive());
      broken_ = true;
      continue;
    }
    if (!wait(until)) return Late{};
    if (!receive()) broken_ = true;
  }
}

std::variant<std::string, CallEnd> GrpcChannel::call(std::string_view path,
                                                     std::string_view request, Until until) {
  open(path, until);
  send(request);
  half_close();
  std::optional<std::string> answer;
  while (true) {
    auto heard = next(until);
    if (auto* message = std::get_if<std::string>(&heard)) {
      answer = std::move(*message);
      continue;
    }
    if (std::holds_alternative<Late>(heard)) {
      const bool left = left_;
      cancel();
      return CallEnd{
          .status = std::nullopt, .untouched = !left, .why = address_ + " did not answer in time"};
    }
    CallEnd end = std::get<CallEnd>(std::move(heard));
    if (end.status && end.status->ok() && answer) return *std::move(answer);
    if (end.status && end.status->ok()) end = {.why = address_ + " answered with nothing"};
    return end;
  }
}

}  // namespace bowline::apps
