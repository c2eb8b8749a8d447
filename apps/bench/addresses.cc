// SPDX-License-Identifier: Apache-2.0
#include "apps/bench/addresses.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bowline/base/ensure.h"

namespace bowline::bench {

std::vector<std::string> free_addresses(std::size_t count) {
  std::vector<int> sockets;
  std::vector<std::string> addresses;
  for (std::size_t i = 0; i < count; ++i) {
    const int one = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in name{};
    name.sin_family = AF_INET;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof name;
    ensure(bind(one, reinterpret_cast<sockaddr*>(&name), size) == 0);
    ensure(getsockname(one, reinterpret_cast<sockaddr*>(&name), &size) == 0);
    addresses.push_back("127.0.0.1:" + std::to_string(ntohs(name.sin_port)));
    sockets.push_back(one);
  }
  for (const int one : sockets) close(one);
  return addresses;
}

}  // namespace bowline::bench
