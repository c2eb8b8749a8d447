// SPDX-License-Identifier: Apache-2.0
// bowline-bench-rpc: a server that echoes, in a process of its own, and what a call costs it.
#include <cstdio>
#include <cstdlib>
#include <future>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/bench/child.h"
#include "apps/bench/grpc_load.h"
#include "bowline/rpc/server.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"

namespace bowline::bench {
namespace {

struct Arguments {
  double seconds = 3;
  double warm_seconds = 1;
  std::size_t bytes = 256;
  int rounds = 1;
  std::string endpoint;  // of a server that is there already
  std::string path = "/bench.Echo/Unary";
};

// Lives in the other process, with a thread of its own.
class EchoServer {
 public:
  EchoServer() {
    router_.unary("/bench.Echo/Unary", [](rpc::Call call, std::string_view request) {
      call.answer(std::string(request));
    });
    std::promise<std::string> address;
    auto known = address.get_future();
    thread_ = std::thread([this, address = std::move(address)]() mutable { live(address); });
    address_ = known.get();
  }

  std::string answer(std::istream& words) {
    std::string what;
    words >> what;
    if (what == "address") return address_;
    if (what == "cpu") return std::to_string(cpu_of_this_process());
    return "?";
  }

 private:
  void live(std::promise<std::string>& address) {
    runtime::Loop loop;
    runtime::Network network(loop);
    rpc::Server server(loop, loop.clock(), network, router_);
    server.listen("127.0.0.1:0", [&](Result<std::string> at) { address.set_value(at.value()); });
    loop.run();
  }

  rpc::Router router_;
  std::thread thread_;
  std::string address_;
};

struct Cell {
  std::size_t clients;
  std::size_t connections;
};

void measure(const Arguments& arguments, const Cell& cell, Child* server,
             const std::string& address) {
  double cpu = 0;
  const std::string payload(arguments.bytes, 'x');
  GrpcLoad load;
  load.endpoints = {address};
  load.connections = cell.connections;
  load.clients = cell.clients;
  load.seconds = arguments.seconds;
  load.warm_seconds = arguments.warm_seconds;
  load.request = [&](std::uint64_t, std::string& message) {
    message = payload;
    return std::string_view(arguments.path);
  };
  const auto server_cpu = [&] { return server == nullptr ? 0 : std::stod(server->ask("cpu")); };
  load.begins = [&] { cpu = server_cpu(); };
  load.ends = [&] { cpu = server_cpu() - cpu; };
  const Result<GrpcLoadReport> report = run(load);
  if (!report) {
    std::fprintf(stderr, "bowline-bench-rpc: %s\n", report.error().what.c_str());
    std::exit(1);
  }
  const auto done = static_cast<double>(report->done);
  const auto us = [&](std::uint64_t permille) {
    return static_cast<double>(report->latency_ns.at(permille)) / 1e3;
  };
  std::printf("%5zu /%4zu  %10.0f  %8.2f  %8.2f  %9.1f %9.1f %9.1f  %6llu\n", cell.clients,
              cell.connections, report->per_second(), cpu / done * 1e6,
              report->cpu_seconds / done * 1e6, us(500), us(990), us(999),
              static_cast<unsigned long long>(report->errors));
  std::fflush(stdout);
}

int bench(const Arguments& arguments) {
  std::unique_ptr<Child> server;
  std::string address = arguments.endpoint;
  if (address.empty()) {
    server = std::make_unique<Child>([]() -> Child::Answer {
      return [echo = std::make_shared<EchoServer>()](std::istream& words) {
        return echo->answer(words);
      };
    });
    address = server->ask("address");
  }
  std::printf(
      "clients/conn.    calls/s  server us  client us    p50 us    p99 us  p99.9 us  errors\n");
  for (int round = 0; round < arguments.rounds; ++round)
    for (const Cell& cell : {Cell{1, 1}, Cell{64, 8}, Cell{256, 16}, Cell{1000, 100}})
      measure(arguments, cell, server.get(), address);
  return 0;
}

}  // namespace
}  // namespace bowline::bench

int main(int argc, char** argv) {
  bowline::bench::Arguments arguments;
  CLI::App app("Unary gRPC calls against a server that echoes: CPU for a call on both sides.");
  app.add_option("--seconds", arguments.seconds, "that count, of each row");
  app.add_option("--warm-up", arguments.warm_seconds, "seconds before them");
  app.add_option("--bytes", arguments.bytes, "of a message");
  app.add_option("--rounds", arguments.rounds, "of all rows");
  app.add_option("--endpoint", arguments.endpoint, "of another server; its CPU is not known then");
  app.add_option("--path", arguments.path, "of the method there");
  CLI11_PARSE(app, argc, argv);
  return bowline::bench::bench(arguments);
}
