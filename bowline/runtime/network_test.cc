// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/network.h"

#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/ip/tcp.hpp>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "bowline/env/conformance.h"
#include "bowline/env/env.h"
#include "bowline/runtime/endpoint.h"
#include "bowline/runtime/handle.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/loop_asio.h"
#include "bowline/runtime/pulse.h"
#include "bowline/runtime/raw_socket.h"

namespace bowline::env {

std::ostream& operator<<(std::ostream& out, const NetworkCheck& check) { return out << check.name; }

}  // namespace bowline::env

namespace bowline::runtime {
namespace {

using namespace std::chrono_literals;
using Connected = Result<std::unique_ptr<env::Connection>>;
using Listened = Result<std::unique_ptr<env::Listener>>;

const asio::ip::address localhost = asio::ip::address_v4::loopback();

std::size_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

class RealField final : public env::Field {
 public:
  explicit RealField(const NetworkOptions& options = {})
      : options_(options), another_(loop_, options) {
    reopen();
  }

  Loop& loop() override { return loop_; }
  env::Network& network() override { return *network_; }
  env::Network& another() override { return another_; }
  std::string address() override { return "127.0.0.1:0"; }
  std::string nobodys_address() override { return nobodys_.address(); }
  void reopen() override {
    network_.reset();
    network_ = std::make_unique<Network>(loop_, options_);
  }
  // Gives up after a minute: only a test that fails has to wait.
  bool run_until(const std::function<bool()>& holds) override {
    return loop_.run_until(holds, loop_.clock().now() + 60s);
  }

 private:
  NetworkOptions options_;
  Loop loop_;
  RawSocket nobodys_;  // which does not listen
  std::unique_ptr<Network> network_;
  Network another_;
};

class Conformance : public testing::TestWithParam<env::NetworkCheck> {};

TEST_P(Conformance, holds) {
  RealField field;
  EXPECT_EQ(GetParam().run(field), "");
}

INSTANTIATE_TEST_SUITE_P(Network, Conformance,
                         testing::ValuesIn(env::network_checks().begin(),
                                           env::network_checks().end()),
                         [](const auto& test) { return std::string(test.param.name); });

// What the tests of the kernel's own ways are made of.
class NetworkTest : public testing::Test {
 protected:
  explicit NetworkTest(const NetworkOptions& options = {}) : field_(options) {}

  Listened listen(const std::string& address) {
    std::optional<Listened> result;
    field_.network().listen(
        address,
        [this](std::unique_ptr<env::Connection> connection) {
          accepted_.push_back(std::move(connection));
        },
        [&](Listened listened) { result = std::move(listened); });
    EXPECT_TRUE(field_.run_until([&] { return result.has_value(); }));
    return std::move(*result);
  }

  Connected connect(const std::string& address) {
    std::optional<Connected> result;
    field_.another().connect(address, [&](Connected connected) { result = std::move(connected); });
    EXPECT_TRUE(field_.run_until([&] { return result.has_value(); }));
    return std::move(*result);
  }

  // Which must succeed.
  std::unique_ptr<env::Connection> connected(const std::string& address) {
    Connected connection = connect(address);
    EXPECT_TRUE(connection) << connection.error().what;
    return connection ? std::move(*connection) : nullptr;
  }

  std::string why_not_connect(const std::string& address) {
    const Connected connection = connect(address);
    return connection ? "it is connected" : connection.error().what;
  }
  std::string why_not_listen(const std::string& address) {
    const Listened listener = listen(address);
    return listener ? "it listens" : listener.error().what;
  }

  void begin(env::Connection& connection) {
    connection.begin({.received = [this](std::string_view bytes) { received_ += bytes; },
                      .closed = [this](Error why) { closed_ = std::move(why); },
                      .drained = [this] { is_drained_ = true; }});
  }

  bool run_until(const std::function<bool()>& holds) { return field_.run_until(holds); }
  bool run_until_closed() {
    return run_until([this] { return closed_.has_value(); });
  }
  int turns_in(Duration time) {
    int turns = 0;
    bool is_over = false;
    const env::TimerId timer = field_.loop().timer([&] { is_over = true; });
    field_.loop().set(timer, field_.loop().clock().now() + time);
    EXPECT_TRUE(run_until([&] { return ++turns > 0 && is_over; }));
    field_.loop().drop(timer);
    return turns;
  }

  RealField field_;
  std::vector<std::unique_ptr<env::Connection>> accepted_;
  std::string received_;
  std::optional<Error> closed_;
  bool is_drained_ = false;
};

class Impatient : public NetworkTest {
 protected:
  Impatient() : NetworkTest({.connect_timeout = 20ms, .peer_timeout = 40ms}) {}
};

TEST_F(NetworkTest, a_taken_port_is_told_in_a_sentence) {
  const Listened listener = listen("127.0.0.1:0");
  ASSERT_TRUE(listener);
  const std::string address = (*listener)->address();
  EXPECT_EQ(why_not_listen(address), "cannot listen at " + address +
                                         ": another process has that port; stop it, or take "
                                         "another");
}

TEST_F(NetworkTest, an_address_that_is_none_is_told_in_a_sentence) {
  const std::string advice = ": write it like host:2380 or [::1]:2380";
  EXPECT_EQ(why_not_connect("127.0.0.1"), "no port in 127.0.0.1" + advice);
  EXPECT_EQ(why_not_connect("[::1]"), "no port in [::1]" + advice);
  EXPECT_EQ(why_not_connect("here:"), "no port in here:" + advice);
  EXPECT_EQ(why_not_connect(":1"), "no host in :1" + advice);
  EXPECT_EQ(why_not_connect("::1:2"), "the host in ::1:2 needs brackets" + advice);
  for (const std::string port : {"65536", "-1", "http", "1x"}) {
    EXPECT_EQ(why_not_listen("here:" + port),
              "the port in here:" + port + " is no number up to 65535" + advice);
  }
}

TEST_F(NetworkTest, an_address_of_another_machine_is_told_in_a_sentence) {
  EXPECT_EQ(why_not_listen("192.0.2.1:2380"),
            "cannot listen at 192.0.2.1:2380: this machine has no such address; take one that it "
            "has, or 0.0.0.0 for all of them");
}

TEST_F(NetworkTest, a_host_that_is_none_is_told_in_a_sentence) {
  const Connected connection = connect("no-such-host.invalid:2380");
  ASSERT_FALSE(connection);
  EXPECT_TRUE(connection.error().fault == Fault::unreachable ||
              connection.error().fault == Fault::timeout);  // a server of names may be slow
  EXPECT_NE(connection.error().what.find("no-such-host.invalid:2380"), std::string::npos);
}

TEST_F(NetworkTest, where_nobody_listens_is_told_in_a_sentence) {
  const std::string address = field_.nobodys_address();
  EXPECT_EQ(why_not_connect(address),
            "cannot connect to " + address + ": Connection refused; does it run there?");
}

TEST_F(Impatient, a_machine_that_does_not_answer_is_not_waited_for) {
  RawSocket silent;
  silent.listen();
  silent.unplug();
  const Connected connection = connect(silent.address());
  ASSERT_FALSE(connection);
  EXPECT_EQ(connection.error().fault, Fault::timeout);
  EXPECT_EQ(connection.error().what, "cannot connect to " + silent.address() +
                                         ": nobody answers; is that machine up, and lets us "
                                         "through?");
}

TEST_F(NetworkTest, addresses_have_names_and_versions) {
  for (const std::string host : {"127.0.0.1", "[::1]", "localhost"}) {
    const Listened listener = listen(host + ":0");
    ASSERT_TRUE(listener) << listener.error().what;
    const std::string address = (*listener)->address();
    const std::string port = address.substr(address.rfind(':'));
    EXPECT_TRUE(address == "127.0.0.1" + port || address == "[::1]" + port) << address;
    const auto connection = connected(host + port);
    ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
    EXPECT_EQ(connection->peer(), host + port);
    const std::string peer = accepted_[0]->peer();
    EXPECT_EQ(peer.substr(0, peer.rfind(':')), address.substr(0, address.rfind(':')));
    accepted_.clear();
  }
}

TEST_F(NetworkTest, who_listens_at_all_addresses_sees_those_of_ipv4_as_such) {
  const Listened listener = listen("[::]:0");
  ASSERT_TRUE(listener) << listener.error().what;
  const std::string address = (*listener)->address();
  const auto connection = connected("127.0.0.1" + address.substr(address.rfind(':')));
  ASSERT_TRUE(run_until([&] { return accepted_.size() == 1; }));
  EXPECT_TRUE(accepted_[0]->peer().starts_with("127.0.0.1:")) << accepted_[0]->peer();
  accepted_.clear();
}

TEST_F(NetworkTest, many_small_sends_that_wait_go_out_together) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  const RawSocket other = peer.accept();
  begin(*connection);
  std::string expected;
  while (connection->queued() == 0) {  // until the kernel takes no more
    expected += std::string(100'000, 'x');
    connection->send(std::string(100'000, 'x'));
  }
  for (int i = 0; i < 10'000; ++i) {
    connection->send(std::to_string(i));
    expected += std::to_string(i);
  }
  std::string came;
  std::vector<char> memory(100'000);
  ASSERT_TRUE(run_until([&] {
    const ssize_t count = ::recv(other.number(), memory.data(), memory.size(), MSG_DONTWAIT);
    if (count > 0) came.append(memory.data(), static_cast<std::size_t>(count));
    return came.size() >= expected.size() || closed_;
  }));
  EXPECT_TRUE(came == expected);
}

TEST_F(NetworkTest, a_process_that_was_killed_closes_its_connections) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  RawSocket other = peer.accept();
  begin(*connection);
  other.reset();
  ASSERT_TRUE(run_until_closed());
  EXPECT_EQ(closed_->what,
            "the connection to " + peer.address() + " broke: Connection reset by peer");
  EXPECT_EQ(closed_->fault, Fault::unreachable);
}

// Whoever holds it until the queue is empty would wait for ever.
TEST_F(NetworkTest, a_break_is_told_while_it_is_held_if_something_is_queued) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  RawSocket other = peer.accept();
  begin(*connection);
  connection->hold(true);
  while (connection->queued() == 0) connection->send(std::string(100'000, 'x'));
  other.reset();
  ASSERT_TRUE(run_until_closed());
  EXPECT_EQ(connection->queued(), 0U);
  EXPECT_FALSE(is_drained_);
}

TEST_F(NetworkTest, a_break_that_send_finds_is_told_after_what_had_come) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  RawSocket other = peer.accept();
  other.send("why");
  other.reset();
  connection->send("x");  // before it began
  begin(*connection);
  EXPECT_FALSE(closed_);
  ASSERT_TRUE(run_until_closed());
  EXPECT_EQ(received_, "why");
  EXPECT_EQ(closed_->what,
            "the connection to " + peer.address() + " broke: Connection reset by peer");
}

TEST_F(NetworkTest, what_is_held_wakes_nobody) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  const RawSocket other = peer.accept();
  begin(*connection);
  connection->hold(true);
  other.send("x");
  EXPECT_LT(turns_in(10ms), 20) << "it looks again and again";
  EXPECT_EQ(received_, "");
}

TEST_F(Impatient, a_machine_that_is_gone_is_noticed_when_it_does_not_acknowledge) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  const RawSocket other = peer.accept();
  begin(*connection);
  connection->hold(true);
  other.unplug();
  connection->send("are you there?");
  ASSERT_TRUE(run_until_closed());
  EXPECT_EQ(closed_->fault, Fault::timeout);
  EXPECT_EQ(closed_->what, peer.address() + " does not answer any more");
}

TEST_F(Impatient, what_broke_before_it_began_is_told_then) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  const RawSocket other = peer.accept();
  other.unplug();
  connection->send("are you there?");
  turns_in(600ms);  // the kernel asks once more after 400 ms at most, and that is felt
  begin(*connection);
  ASSERT_TRUE(run_until_closed());
  EXPECT_EQ(closed_->fault, Fault::timeout);
}

// With TCP_USER_TIMEOUT, the kernel ends it.
TEST_F(Impatient, a_peer_that_takes_nothing_but_answers_is_there) {
  const RawSocket peer;
  peer.listen();
  const auto connection = connected(peer.address());
  const RawSocket other = peer.accept();
  begin(*connection);
  while (connection->queued() == 0) connection->send(std::string(100'000, 'x'));
  turns_in(700ms);  // the kernel asks for room after 200 ms, and after 400 more
  EXPECT_FALSE(closed_) << closed_->what;
}

// The first half is done twice: the sanitizers need descriptors, too, for each type that they meet
// for the first time.
TEST_F(NetworkTest, a_listener_waits_until_there_are_descriptors_again) {
  const Listened listener = listen("127.0.0.1:0");
  ASSERT_TRUE(listener);
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit low{.rlim_cur = 64, .rlim_max = limit.rlim_max};
  std::vector<std::unique_ptr<env::Connection>> connections;
  std::vector<Handle> taken;
  int turns = 0;
  for (const bool are_taken : {false, true}) {
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
    while (are_taken && (taken.empty() || taken.back()))
      taken.emplace_back(::open("/dev/null", O_RDONLY));
    if (are_taken) taken.resize(taken.size() - 2);  // one is none, and one is for who connects
    connections.push_back(connected((*listener)->address()));
    turns = turns_in(10ms);
  }
  EXPECT_LT(turns, 20) << "it asks again and again";
  EXPECT_EQ(accepted_.size(), 1U);
  taken.clear();
  EXPECT_TRUE(run_until([&] { return accepted_.size() == 2; }));
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

// By chance it happens too seldom to wait for it: once in some ten thousand times.
TEST(Endpoint, knows_a_socket_that_is_connected_with_itself) {
  Loop loop;
  asio::ip::tcp::acceptor acceptor(loop.asio().context, Endpoint(localhost, 0));
  asio::ip::tcp::socket self(loop.asio().context, Endpoint(localhost, 0));
  EXPECT_FALSE(is_to_itself(self));
  self.connect(self.local_endpoint());
  EXPECT_TRUE(is_to_itself(self));
  asio::ip::tcp::socket other(loop.asio().context);
  other.connect(acceptor.local_endpoint());
  EXPECT_FALSE(is_to_itself(other));
}

TEST_F(NetworkTest, a_connection_that_is_gone_stays_until_the_other_side_ends) {
  const RawSocket peer;
  peer.listen();
  auto connection = connected(peer.address());
  std::optional<RawSocket> other = peer.accept();
  const std::size_t before = descriptors();
  connection.reset();
  EXPECT_EQ(descriptors(), before);
  other->send("x");
  other.reset();
  EXPECT_TRUE(run_until([&] { return descriptors() == before - 2; }));
}

class Unceremonious : public NetworkTest {
 protected:
  Unceremonious() : NetworkTest({.farewell = 20ms, .farewells = 2}) {}
};

TEST_F(Unceremonious, connections_that_are_gone_do_not_stay_for_ever) {
  const RawSocket peer;
  peer.listen();
  std::array<std::unique_ptr<env::Connection>, 5> connections;
  for (auto& connection : connections) connection = connected(peer.address());
  const std::size_t before = descriptors();
  for (auto& connection : connections) connection.reset();
  EXPECT_EQ(descriptors(), before - 3) << "more than two stay";
  EXPECT_TRUE(run_until([&] { return descriptors() == before - 5; }));
}

// Time is what we say it is, and the kernel says when the last answer came.
TEST_F(NetworkTest, an_answer_since_the_pulse_was_felt_last_is_one) {
  const RawSocket peer;
  peer.listen();
  const RawSocket side;
  side.connect(peer);
  const RawSocket other = peer.accept();
  other.unplug();
  side.send("x");
  while (!side.has_repeated()) turns_in(10ms);
  Pulse pulse;
  EXPECT_FALSE(pulse.is_lost(side.number(), {0h}, 1h));
  EXPECT_FALSE(pulse.is_lost(side.number(), {2h}, 1h));
  EXPECT_TRUE(pulse.is_lost(side.number(), {2h + 1ms}, 1ms));
}

}  // namespace
}  // namespace bowline::runtime
