// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/raw_socket.h"

#include <cerrno>
#include <utility>

#include <linux/filter.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "bowline/base/ensure.h"

namespace bowline::runtime {

RawSocket::RawSocket() : RawSocket(in_addr_t{INADDR_LOOPBACK}) {}
RawSocket RawSocket::elsewhere() { return RawSocket(in_addr_t{INADDR_LOOPBACK + 1}); }

RawSocket::RawSocket(in_addr_t address) : RawSocket(Handle(::socket(AF_INET, SOCK_STREAM, 0))) {
  const sockaddr_in any{
      .sin_family = AF_INET, .sin_port = 0, .sin_addr{htonl(address)}, .sin_zero = {}};
  ensure(::bind(number(), reinterpret_cast<const sockaddr*>(&any), sizeof any) == 0);
}

RawSocket::RawSocket(Handle handle) : handle_(std::move(handle)) { ensure(bool(handle_)); }

sockaddr_in RawSocket::place() const {
  sockaddr_in at{};
  socklen_t size = sizeof at;
  ensure(::getsockname(number(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
  return at;
}

std::string RawSocket::address() const {
  return "127.0.0.1:" + std::to_string(ntohs(place().sin_port));
}

void RawSocket::listen() const { ensure(::listen(number(), 10) == 0); }

RawSocket RawSocket::accept() const {
  return RawSocket(Handle(::accept(number(), nullptr, nullptr)));
}

void RawSocket::connect(const RawSocket& to) const {
  const sockaddr_in at = to.place();
  ensure(::connect(number(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
}

void RawSocket::connect(const std::string& address) const {
  const int port = std::stoi(address.substr(address.rfind(':') + 1));
  const sockaddr_in at{.sin_family = AF_INET,
                       .sin_port = htons(static_cast<in_port_t>(port)),
                       .sin_addr{htonl(INADDR_LOOPBACK)},
                       .sin_zero = {}};
  ensure(::connect(number(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
}

void RawSocket::send(const std::string& bytes) const {
  const ssize_t sent = ::send(number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  ensure(sent == static_cast<ssize_t>(bytes.size()));
}

void RawSocket::try_to_send(const std::string& bytes) const {
  (void)::send(number(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

bool RawSocket::is_ended() const {
  std::string memory(4096, '\0');
  ssize_t count = 0;
  while ((count = ::recv(number(), memory.data(), memory.size(), MSG_DONTWAIT)) > 0) {}
  return count == 0 || (errno != EAGAIN && errno != EINTR);
}

void RawSocket::unplug() const {
  sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &nothing};
  ensure(::setsockopt(number(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0);
}

void RawSocket::reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ensure(::setsockopt(number(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
  handle_ = Handle();
}

bool RawSocket::has_repeated() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  ensure(::getsockopt(number(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0);
  return info.tcpi_retransmits > 0;
}

std::size_t allow_many_sockets() {
  rlimit limit{};
  ensure(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max;
  ensure(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
  return limit.rlim_cur;
}

}  // namespace bowline::runtime
