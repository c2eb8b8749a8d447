// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/rpc/server.h"
#include "bowline/rpc/test_rig.h"
#include "bowline/sim/stream_rig.h"

// The server and its clients on the simulated network: its turns, its limits on connections, and
// what becomes of calls when the network does what networks do.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;
using rpc::Code;

constexpr NodeId here{1};
constexpr NodeId there{2};
constexpr NodeId elsewhere{3};

// A client on its own connection, which answers as soon as it hears.
struct Caller {
  rpc::TestClient client;
  std::unique_ptr<env::Connection> connection;
  std::optional<Error> closed;

  void begin(std::unique_ptr<env::Connection> made) {
    connection = std::move(made);
    connection->begin({.received =
                           [this](std::string_view bytes) {
                             client.received(bytes);
                             flush();
                           },
                       .closed = [this](Error why) { closed = std::move(why); }});
    flush();
  }
  void flush() {
    std::string bytes = client.take();
    if (!bytes.empty()) connection->send(std::move(bytes));
  }
};

struct RpcServers : testing::Test {
  void start(const rpc::ServerOptions& options = {}) {
    clock.emplace(rig.loop(here));
    server.emplace(rig.loop(here), *clock, rig.network(here), service.router, options);
    server->listen(SimulatedNetwork::address_of(here),
                   [this](Result<std::string> at) { address = at.value(); });
    ASSERT_TRUE(rig.run_until([&] { return !address.empty(); }));
  }
  std::unique_ptr<Caller> call_in(NodeId from) {
    auto connection = rig.connect(from, address);
    if (!connection) return nullptr;
    auto caller = std::make_unique<Caller>();
    caller->begin(std::move(*connection));
    return caller;
  }
  bool wait(const std::function<bool()>& holds, Duration within = 1min) {
    return rig.run_until(holds, within);
  }
  bool answered(Caller& caller, std::int32_t id) {
    caller.flush();
    return wait([&] { return caller.client.heard(id).closed; });
  }

  StreamRig rig;
  rpc::EchoService service;
  std::optional<ProcessClock> clock;
  std::optional<rpc::Server> server;
  std::string address;
};

TEST_F(RpcServers, calls_are_answered) {
  rig.climate.pieces_ppm = 500'000;
  start();
  const auto caller = call_in(there);
  for (int i = 0; i < 20; ++i) {
    const std::string text(static_cast<std::size_t>(i) * 5'000, 'x');
    const auto id = caller->client.call("/test.Echo/Unary", text);
    ASSERT_TRUE(answered(*caller, id));
    EXPECT_EQ(caller->client.heard(id).messages, std::vector<std::string>{text});
  }
  EXPECT_EQ(server->connections(), 1U);
  EXPECT_GT(server->counters().bytes_in, 950'000U);
  EXPECT_GT(server->counters().bytes_out, 950'000U);
  caller->connection.reset();
  EXPECT_TRUE(wait([&] { return server->connections() == 0; }));
  EXPECT_EQ(server->counters().broken, 0U);
}

TEST_F(RpcServers, all_answers_of_a_turn_leave_at_once) {
  start();
  const auto caller = call_in(there);
  ASSERT_TRUE(answered(*caller, caller->client.call("/test.Echo/Unary", "")));
  rig.run(1s);
  const auto before = rig.counters().chunks;
  for (int i = 0; i < 100; ++i) caller->client.call("/test.Echo/Unary", "x");
  ASSERT_TRUE(answered(*caller, caller->client.call("/test.Echo/Unary", "x")));
  rig.run(1s);
  EXPECT_EQ(rig.counters().chunks - before, 2U) << "one to the server, and one back";
}

TEST_F(RpcServers, a_cut_that_lasts_cancels_calls) {
  start();
  const auto caller = call_in(there);
  caller->client.open("/test.Echo/Open");
  caller->flush();
  ASSERT_TRUE(wait([&] { return !service.kept.empty(); }));
  rig.cut(here, there);
  rig.loop(here).after(1s, [&] { service.kept[0].message("is somebody there?"); });
  EXPECT_TRUE(wait([&] { return !service.cancelled.empty(); }));
  EXPECT_EQ(service.cancelled, std::vector{rpc::Cancelled::with_connection});
  EXPECT_EQ(server->connections(), 0U);
}

TEST_F(RpcServers, deadlines_and_pings_are_kept_without_any_traffic) {
  start({.limits = {.ping_after = 20s, .ping_within = 5s}});
  const auto caller = call_in(there);
  const auto id = caller->client.call("/test.Echo/Later", "", {.more = {{"grpc-timeout", "3S"}}});
  const Time begin = rig.now();
  ASSERT_TRUE(answered(*caller, id));
  EXPECT_EQ(caller->client.heard(id).code(), Code::deadline_exceeded);
  EXPECT_GE(rig.now() - begin, 3s);
  EXPECT_LT(rig.now() - begin, 3100ms);
  rig.run(100s);
  EXPECT_EQ(server->connections(), 1U) << "it answers pings";
  rig.pause(there, true);
  EXPECT_TRUE(wait([&] { return server->connections() == 0; }, 30s));
}

TEST_F(RpcServers, SEC_15_connections_are_limited_in_all_and_for_each_host) {
  start({.most_connections = 5, .most_connections_of_a_host = 3});
  std::vector<std::unique_ptr<Caller>> callers;
  callers.reserve(7);
  for (int i = 0; i < 4; ++i) callers.push_back(call_in(there));
  for (int i = 0; i < 3; ++i) callers.push_back(call_in(elsewhere));
  rig.run(1s);
  EXPECT_EQ(server->connections(), 5U);
  EXPECT_EQ(server->counters().refused, 2U);
  EXPECT_TRUE(callers[3]->closed.has_value());
  EXPECT_TRUE(callers[6]->closed.has_value());
  callers[0].reset();
  rig.run(1s);
  const auto again = call_in(there);
  EXPECT_TRUE(answered(*again, again->client.call("/test.Echo/Unary", "")));
}

TEST_F(RpcServers, SEC_03_who_says_nothing_is_closed_and_others_do_not_notice) {
  start();
  std::vector<std::unique_ptr<Speaker>> silent;
  for (int i = 0; i < 300; ++i) {
    auto connection = rig.connect(elsewhere, address);
    ASSERT_TRUE(connection.has_value());
    silent.push_back(std::make_unique<Speaker>());
    silent.back()->connection = std::move(*connection);
    silent.back()->begin();
    silent.back()->send(std::string("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").substr(0, i % 25U));
  }
  const auto caller = call_in(there);
  for (int i = 0; i < 15; ++i) {
    const auto id = caller->client.call("/test.Echo/Unary", "x");
    const Time begin = rig.now();
    ASSERT_TRUE(answered(*caller, id));
    EXPECT_LT(rig.now() - begin, 100ms);
    rig.run(1s);
  }
  EXPECT_EQ(server->connections(), 1U);
  EXPECT_EQ(server->counters().broken, 300U);
  for (const auto& one : silent) EXPECT_TRUE(one->closed.has_value());
}

// Its kernel fills up, then ours, then the session's queue; then it is not received any more, and
// at last it is closed.
TEST_F(RpcServers, SEC_03_a_client_that_does_not_read_suffers_alone) {
  start({.limits = {.most_queued_bytes = 2'000'000}});
  const auto deaf = call_in(elsewhere);
  deaf->client.give_window(0, 1 << 30);
  deaf->flush();
  rig.run(1s);
  deaf->connection->hold(true);
  for (int i = 0; i < 100; ++i) deaf->client.call("/test.Echo/Unary", std::string(60'000, 'x'));
  deaf->flush();
  const auto caller = call_in(there);
  for (int i = 0; i < 50; ++i) {
    const auto id = caller->client.call("/test.Echo/Unary", "x");
    const Time begin = rig.now();
    ASSERT_TRUE(answered(*caller, id));
    EXPECT_LT(rig.now() - begin, 100ms);
    rig.run(1s);
  }
  const std::uint64_t taken = server->counters().bytes_in;
  EXPECT_LT(taken, 6'000'000U);
  EXPECT_TRUE(wait([&] { return server->connections() == 1; }, 60s));
  EXPECT_EQ(server->counters().broken, 1U);
}

// Each keeps to its own limits.
TEST_F(RpcServers, SEC_15_all_connections_together_are_limited_and_the_largest_goes) {
  start({.most_held_bytes = 3'000'000});
  std::vector<std::unique_ptr<Caller>> deaf;
  const auto hold_some = [&](int calls) {
    deaf.push_back(call_in(elsewhere));
    Caller& one = *deaf.back();
    one.client.give_window(0, 1 << 30);
    one.flush();
    rig.run(1s);
    one.connection->hold(true);
    for (int i = 0; i < calls; ++i) one.client.call("/test.Echo/Unary", std::string(50'000, 'x'));
    one.flush();
    rig.run(1s);
  };
  hold_some(20);
  hold_some(30);
  EXPECT_EQ(server->connections(), 2U);
  const auto caller = call_in(there);
  ASSERT_TRUE(answered(*caller, caller->client.call("/test.Echo/Unary", "x")));
  hold_some(20);
  EXPECT_EQ(server->counters().broken, 1U);
  EXPECT_EQ(server->connections(), 3U);
  EXPECT_FALSE(deaf[0]->closed);
  EXPECT_FALSE(deaf[2]->closed);
  ASSERT_TRUE(answered(*caller, caller->client.call("/test.Echo/Unary", "x")));
}

TEST_F(RpcServers, draining_finishes_what_is_open_and_then_says_so) {
  start();
  const auto caller = call_in(there);
  const auto idle = call_in(there);
  const auto id = caller->client.call("/test.Echo/Later", "");
  caller->flush();
  ASSERT_TRUE(wait([&] { return service.kept.size() == 1; }));
  bool drained = false;
  server->drain([&] { drained = true; });
  rig.loop(here).after(2s, [&] { service.kept[0].answer("done"); });
  rig.run(1s);
  EXPECT_FALSE(drained);
  EXPECT_EQ(call_in(there), nullptr) << "nobody listens any more";
  EXPECT_TRUE(wait([&] { return drained; }, 5s));
  EXPECT_TRUE(wait([&] { return caller->closed.has_value() && idle->closed.has_value(); }));
  EXPECT_EQ(caller->client.heard(id).messages, std::vector<std::string>{"done"});
  EXPECT_EQ(caller->client.goaway_error(), 0U);
}

TEST_F(RpcServers, draining_without_connections_is_done_at_once_and_not_before) {
  start();
  bool drained = false;
  server->drain([&] { drained = true; });
  EXPECT_FALSE(drained);
  EXPECT_TRUE(rig.loop(here).run_until([&] { return drained; }, 1s));
}

TEST_F(RpcServers, a_server_may_go_at_any_time) {
  start();
  const auto caller = call_in(there);
  caller->client.open("/test.Echo/Open");
  caller->client.get("/later");
  caller->flush();
  ASSERT_TRUE(wait([&] { return service.kept.size() == 1 && service.exchanges.size() == 1; }));
  server.reset();
  EXPECT_EQ(service.cancelled.size(), 2U);
  service.kept[0].message("to nobody");
  rig.run(10s);
  EXPECT_TRUE(caller->closed.has_value());
}

TEST_F(RpcServers, an_address_that_is_taken_is_told) {
  start();
  std::optional<Result<std::string>> second;
  server->listen(SimulatedNetwork::address_of(here),
                 [&](Result<std::string> at) { second = std::move(at); });
  ASSERT_TRUE(rig.loop(here).run_until([&] { return second.has_value(); }, 1s));
  EXPECT_FALSE(second->has_value());
}

}  // namespace
}  // namespace bowline::sim
