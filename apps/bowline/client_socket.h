// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "bowline/base/result.h"

namespace bowline::apps {

// When somebody loses patience.
using Until = std::chrono::steady_clock::time_point;

// A connected socket of a program that waits. Plain here; with TLS in client_tls.h.
class ClientSocket {
 public:
  explicit ClientSocket(int socket);
  virtual ~ClientSocket();  // closes it
  ClientSocket(const ClientSocket&) = delete;
  ClientSocket& operator=(const ClientSocket&) = delete;

  // How much of it was sent; 0: wait. An error is a sentence, and the end.
  virtual Result<std::size_t> send(std::string_view bytes);
  // How much came; 0: wait. The end is an error, too.
  virtual Result<std::size_t> receive(std::span<char> to);
  // Until something can be received, or also sent. False: it is late.
  virtual bool wait(Until, bool also_to_send);

 protected:
  int socket() const { return socket_; }

 private:
  int socket_;
};

// To "host:port". The error is a sentence.
Result<int> connected_to(const std::string& address, Until);
// "host:port" in its parts, without the brackets of IPv6; no port: it is empty.
struct HostPort {
  std::string host;
  std::string port;
};
HostPort parts_of(const std::string& address);

}  // namespace bowline::apps
