// SPDX-License-Identifier: Apache-2.0
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <malloc.h>

#include "apps/bench/grpc_load.h"
#include "bowline/rpc/server.h"
#include "bowline/rpc/test_rig.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"

// The server on the kernel's network, with the client of the benchmarks; and what a connection
// costs that does nothing.
namespace bowline::bench {
namespace {

class RealServer {
 public:
  explicit RealServer(rpc::ServerOptions options = {}) : options_(std::move(options)) {
    std::promise<std::string> address;
    auto known = address.get_future();
    thread_ = std::thread([this, address = std::move(address)]() mutable { live(address); });
    address_ = known.get();
  }
  ~RealServer() {
    loop_.stop();
    thread_.join();
  }
  RealServer(const RealServer&) = delete;
  RealServer& operator=(const RealServer&) = delete;
  const std::string& address() const { return address_; }

 private:
  void live(std::promise<std::string>& address) {
    runtime::Network network(loop_);
    rpc::EchoService service;
    rpc::Server server(loop_, loop_.clock(), network, service.router, options_);
    server.listen("127.0.0.1:0", [&](Result<std::string> at) { address.set_value(at.value()); });
    loop_.run();
  }
  rpc::ServerOptions options_;
  runtime::Loop loop_;
  std::thread thread_;
  std::string address_;
};

GrpcLoad load_on(const std::string& address, std::size_t clients, std::size_t connections) {
  GrpcLoad load;
  load.endpoints = {address};
  load.clients = clients;
  load.connections = connections;
  load.warm_seconds = 0.05;
  load.seconds = 0.2;
  return load;
}

TEST(RpcReal, clients_on_many_connections_are_answered) {
  const RealServer server;
  GrpcLoad load = load_on(server.address(), 100, 10);
  load.request = [](std::uint64_t number, std::string& message) {
    message = std::string(number % 5000, 'x');
    return std::string_view("/test.Echo/Unary");
  };
  load.is_good = [](std::string_view answer) {
    return answer.find_first_not_of('x') == std::string_view::npos;
  };
  const auto report = run(load);
  ASSERT_TRUE(report.has_value());
  EXPECT_GT(report->done, 100U);
  EXPECT_EQ(report->errors, 0U);
  EXPECT_EQ(report->latency_ns.count(), report->done);
}

// The kernel takes each piece at once, and so does not call back for the next one.
TEST(RpcReal, an_answer_in_many_pieces_arrives_whole) {
  const RealServer server({.limits = {.most_taken_bytes = 1000}});
  GrpcLoad load = load_on(server.address(), 2, 1);
  load.request = [](std::uint64_t, std::string& message) {
    message = std::string(100'000, 'x');
    return std::string_view("/test.Echo/Unary");
  };
  load.is_good = [](std::string_view answer) { return answer.size() == 100'000; };
  const auto report = run(load);
  ASSERT_TRUE(report.has_value());
  EXPECT_GT(report->done, 5U);
  EXPECT_EQ(report->errors, 0U);
}

TEST(RpcReal, a_load_counts_errors_by_their_codes) {
  const RealServer server;
  GrpcLoad load = load_on(server.address(), 4, 2);
  load.request = [](std::uint64_t, std::string&) { return std::string_view("/test.Echo/Fails"); };
  auto report = run(load);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->done, 0U);
  EXPECT_GT(report->codes[9], 0U);
  load.request = [](std::uint64_t, std::string&) { return std::string_view("/test.Echo/Unary"); };
  load.is_good = [](std::string_view) { return false; };
  report = run(load);
  ASSERT_TRUE(report.has_value());
  EXPECT_GT(report->codes[-2], 0U);
  EXPECT_EQ(report->codes.size(), 1U);
}

TEST(RpcReal, a_load_without_a_server_says_so) {
  GrpcLoad load = load_on("127.0.0.1:1", 1, 1);
  load.request = [](std::uint64_t, std::string&) { return std::string_view("/x"); };
  EXPECT_FALSE(run(load).has_value());
  load.endpoints = {"nowhere"};
  EXPECT_FALSE(run(load).has_value());
}

std::size_t bytes_in_use() { return mallinfo2().uordblks; }

// SEC-03: at most 16 KiB for one that has not even begun; what nghttp2 needs besides for one that
// has, of which 16 KiB are a buffer for frames. A sanitizer's allocator does not count.
TEST(RpcReal, SEC_03_a_connection_that_does_nothing_is_small) {
  struct Case {
    std::string said;
    std::size_t most_bytes;
  };
  constexpr std::size_t count = 200;
  rpc::EchoService service;
  rpc::TestClient client;
  for (const Case& one :
       {Case{"P", 2U << 10U}, Case{"GET / HT", 4U << 10U}, Case{client.take(), 30U << 10U}}) {
    std::vector<std::unique_ptr<rpc::Session>> sessions;
    sessions.reserve(count);
    const std::size_t before = bytes_in_use();
    for (std::size_t i = 0; i < count; ++i) {
      sessions.push_back(rpc::make_connection(service.router, {}, "10.0.0.1:1", {}, [] {}));
      sessions.back()->received(one.said, {});
      std::string out;
      sessions.back()->take(out, 1U << 20U, {});
    }
    EXPECT_LE((bytes_in_use() - before) / count, one.most_bytes) << one.said.size();
  }
}

}  // namespace
}  // namespace bowline::bench
