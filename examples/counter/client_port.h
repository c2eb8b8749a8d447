// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <functional>
#include <string>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

namespace counter {

using Answer = std::move_only_function<void(std::string)>;
// A line, and where the answer goes: at once or later, from any thread.
using Asked = std::function<void(const std::string&, Answer)>;

// Where clients call. They send lines, and each gets a line for an answer, one at a time.
class ClientPort {
 public:
  static constexpr std::size_t max_line = 256;
  static constexpr std::size_t max_clients = 64;

  ClientPort(asio::io_context& loop, Asked asked) : acceptor_(loop), asked_(std::move(asked)) {}
  // "host:port". Empty, or what was wrong.
  std::string open(const std::string& address);

 private:
  void accept();

  asio::ip::tcp::acceptor acceptor_;
  Asked asked_;
  std::size_t clients_ = 0;
};

// The two parts of "127.0.0.1:80"; false: it is none.
bool read_endpoint(const std::string& address, asio::ip::tcp::endpoint&);

}  // namespace counter
