// SPDX-License-Identifier: Apache-2.0
#include "examples/counter/client.h"

#include <random>
#include <sstream>
#include <system_error>
#include <utility>

#include <asio/buffer.hpp>
#include <asio/connect.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include "examples/counter/client_port.h"

namespace counter {
namespace {

constexpr std::chrono::milliseconds between_tries{20};

std::uint64_t draw() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) + random();
}

}  // namespace

Client::Client(std::vector<std::string> servers)
    : servers_(std::move(servers)), id_(draw()), loop_(1), socket_(loop_) {
  server_ = servers_.front();
}

std::optional<std::int64_t> Client::increment_and_get(std::int64_t by) {
  std::ostringstream line;
  line << "increment_and_get " << id_ << ' ' << ++sequence_ << ' ' << by << '\n';
  return persist(std::move(line).str());
}

std::optional<std::int64_t> Client::get() { return persist("get\n"); }

std::optional<std::int64_t> Client::persist(const std::string& line) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    const std::optional<std::string> answer = ask(line);
    std::istringstream words(answer.value_or("lost"));
    std::string what, rest;
    words >> what >> rest;
    if (what == "ok") return std::stoll(rest);
    if (what == "error:") return std::nullopt;
    if (what == "redirect") {
      turn_to(std::move(rest));
    } else {
      if (!answer) turn_to_next();
      pause();
    }
  }
  return std::nullopt;
}

// Each step begins the next; the time for all of them is one.
std::optional<std::string> Client::ask(const std::string& line) {
  asio::ip::tcp::endpoint endpoint;
  if (!read_endpoint(server_, endpoint)) return std::nullopt;
  std::string said;
  bool answered = false;
  const auto read = [&](std::error_code error, std::size_t) {
    if (error) return;
    asio::async_read_until(socket_, asio::dynamic_buffer(said, ClientPort::max_line), '\n',
                           [&](std::error_code failed, std::size_t) { answered = !failed; });
  };
  const auto write = [&](std::error_code error) {
    connected_ = !error;
    if (connected_) asio::async_write(socket_, asio::buffer(line), read);
  };
  loop_.restart();
  if (connected_) {
    write({});
  } else {
    socket_ = asio::ip::tcp::socket(loop_);
    socket_.async_connect(endpoint, write);
  }
  loop_.run_for(answer_timeout);
  if (answered) return said;
  connected_ = false;
  std::error_code ignored;
  socket_.close(ignored);
  loop_.run();  // the steps refer to what is on this stack
  return std::nullopt;
}

void Client::turn_to(std::string server) {
  if (server != server_) connected_ = false;
  server_ = std::move(server);
}

void Client::turn_to_next() {
  next_ = (next_ + 1) % servers_.size();
  turn_to(servers_[next_]);
}

void Client::pause() {
  asio::steady_timer timer(loop_, between_tries);
  timer.async_wait([](std::error_code) {});
  loop_.restart();
  loop_.run();
}

}  // namespace counter
