// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

namespace counter {

// Asks a group that counts, one thing at a time: finds the leader, follows it when it changes, and
// asks again as long as nobody knows. What it adds counts once. Belongs to one thread.
class Client {
 public:
  explicit Client(std::vector<std::string> servers);  // "host:port" of each

  // None: there was no answer in time, and it may have been done.
  std::optional<std::int64_t> increment_and_get(std::int64_t by);
  std::optional<std::int64_t> get();
  // Who answered last.
  const std::string& server() const { return server_; }

  std::chrono::milliseconds patience{30'000};       // for one thing that is asked, in all
  std::chrono::milliseconds answer_timeout{2'000};  // for one server

 private:
  std::optional<std::int64_t> persist(const std::string& line);
  std::optional<std::string> ask(const std::string& line);
  void turn_to(std::string server);
  void turn_to_next();
  void pause();

  std::vector<std::string> servers_;
  std::size_t next_ = 0;
  std::uint64_t id_;
  std::uint64_t sequence_ = 0;
  std::string server_;
  asio::io_context loop_;
  asio::ip::tcp::socket socket_;
  bool connected_ = false;
};

}  // namespace counter
