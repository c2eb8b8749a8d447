// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/client_socket.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bowline::apps {
namespace {

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

std::unexpected<Error> broke() {
  return std::unexpected(Error{Fault::unreachable, std::strerror(errno)});
}

}  // namespace

HostPort parts_of(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  HostPort parts{.host = address.substr(0, colon), .port = {}};
  if (colon != std::string::npos) parts.port = address.substr(colon + 1);
  if (parts.host.starts_with('[') && parts.host.ends_with(']'))
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  return parts;
}

Result<int> connected_to(const std::string& address, Until until) {
  const HostPort parts = parts_of(address);
  if (parts.port.empty()) return cannot(address, "it has no port; write 127.0.0.1:2379");
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int fault = ::getaddrinfo(parts.host.c_str(), parts.port.c_str(), &wanted, &found))
    return cannot(address, ::gai_strerror(fault));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  int fault = 0;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    const int socket =
        ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, one->ai_protocol);
    if (socket < 0) return cannot(address, std::strerror(errno));
    fault = connect_to(socket, *one, until);
    if (fault == 0) return socket;
    ::close(socket);
  }
  return cannot(address, std::strerror(fault));
}

ClientSocket::ClientSocket(int socket) : socket_(socket) {
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

ClientSocket::~ClientSocket() { ::close(socket_); }

Result<std::size_t> ClientSocket::send(std::string_view bytes) {
  while (true) {
    const ssize_t count = ::send(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return broke();
  }
}

Result<std::size_t> ClientSocket::receive(std::span<char> to) {
  while (true) {
    const ssize_t count = ::recv(socket_, to.data(), to.size(), MSG_DONTWAIT);
    if (count > 0) return static_cast<std::size_t>(count);
    if (count == 0) return std::unexpected(Error{Fault::unreachable, "it closed the connection"});
    if (errno == EAGAIN) return 0;
    if (errno != EINTR) return broke();
  }
}

bool ClientSocket::wait(Until until, bool also_to_send) {
  return is_ready(socket_, also_to_send ? POLLIN | POLLOUT : POLLIN, until);
}

}  // namespace bowline::apps
