// SPDX-License-Identifier: Apache-2.0
#include "examples/counter/client_port.h"

#include <charconv>
#include <memory>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/read_until.hpp>
#include <asio/write.hpp>

namespace counter {
namespace {

// One client. It lives as long as something is under way for it.
class Client : public std::enable_shared_from_this<Client> {
 public:
  Client(asio::ip::tcp::socket socket, const Asked& asked, std::size_t& count)
      : socket_(std::move(socket)), asked_(asked), count_(count) {
    ++count_;
  }
  ~Client() { --count_; }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(said_, ClientPort::max_line), '\n',
                           [self = shared_from_this()](std::error_code error, std::size_t size) {
                             if (!error) self->heard(size);  // else it is gone
                           });
  }

 private:
  void heard(std::size_t size) {
    const std::string line = said_.substr(0, size - 1);
    said_.erase(0, size);
    asked_(line, [self = shared_from_this()](std::string answer) mutable {
      asio::any_io_executor mine = self->socket_.get_executor();
      asio::post(mine, [self = std::move(self), answer = std::move(answer)]() mutable {
        self->write(std::move(answer));
      });
    });
  }
  void write(std::string answer) {
    answer_ = std::move(answer) + "\n";
    asio::async_write(socket_, asio::buffer(answer_),
                      [self = shared_from_this()](std::error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  asio::ip::tcp::socket socket_;
  const Asked& asked_;
  std::size_t& count_;
  std::string said_, answer_;
};

}  // namespace

bool read_endpoint(const std::string& address, asio::ip::tcp::endpoint& endpoint) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) return false;
  std::error_code error;
  const auto host = asio::ip::make_address(address.substr(0, colon), error);
  unsigned short port = 0;
  const char* const end = address.data() + address.size();
  const auto read = std::from_chars(address.data() + colon + 1, end, port);
  if (error || read.ec != std::errc{} || read.ptr != end) return false;
  endpoint = {host, port};
  return true;
}

std::string ClientPort::open(const std::string& address) {
  asio::ip::tcp::endpoint endpoint;
  if (!read_endpoint(address, endpoint))
    return "'" + address + "' is no address for clients: write it like 127.0.0.1:8101";
  std::error_code error;
  const auto next = [&error](auto&& step) {
    if (!error) step();
  };
  next([&] { acceptor_.open(endpoint.protocol(), error); });
  next([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), error); });
  next([&] { acceptor_.bind(endpoint, error); });
  next([&] { acceptor_.listen(asio::socket_base::max_listen_connections, error); });
  if (error) return "cannot listen for clients at " + address + ": " + error.message();
  accept();
  return "";
}

void ClientPort::accept() {
  acceptor_.async_accept([this](std::error_code error, asio::ip::tcp::socket socket) {
    if (error == asio::error::operation_aborted) return;
    if (!error && clients_ < max_clients)  // else the socket is closed here
      std::make_shared<Client>(std::move(socket), asked_, clients_)->read();
    accept();
  });
}

}  // namespace counter
