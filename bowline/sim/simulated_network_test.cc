// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/simulated_network.h"

#include <bit>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/sim/stream_rig.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr NodeId one{1};
constexpr NodeId two{2};
constexpr NodeId three{3};

struct SimulatedNetworks : testing::Test {
  bool arrives(const Speaker& speaker, const std::string& text, Duration within = 1min) {
    return rig.run_until([&] { return speaker.received.size() >= text.size(); }, within) &&
           speaker.received == text;
  }
  std::string words(int from, int to) {
    std::string all;
    for (int i = from; i < to; ++i) all += std::to_string(i) + ' ';
    return all;
  }
  // In one chunk each.
  void say(const Speaker& speaker, int from, int to) {
    for (int i = from; i < to; ++i) speaker.send(std::to_string(i) + ' ');
  }
  Fault refusal(NodeId from, const std::string& address) {
    const auto connection = rig.connect(from, address);
    EXPECT_FALSE(connection.has_value());
    return connection ? Fault::full : connection.error().fault;
  }
  StreamRig rig;
};

TEST_F(SimulatedNetworks, an_address_names_a_node) {
  EXPECT_EQ(SimulatedNetwork::address_of(three), "node3:2380");
  const auto address = NodeAddress::from("node3:2380");
  ASSERT_TRUE(address);
  EXPECT_EQ(address->node, three);
  EXPECT_EQ(address->port, 2380);
  for (const char* const bad : {"", "node", "node3", "node:1", "3:1", "node3:", "node3:65536",
                                "node3:1 ", "node 3:1", "node3x:1", "node-3:1"})
    EXPECT_FALSE(NodeAddress::from(bad)) << bad;
}

TEST_F(SimulatedNetworks, a_listener_may_have_any_free_port) {
  std::vector<std::unique_ptr<env::Listener>> listeners;
  for (int i = 0; i < 2; ++i)
    rig.network(one).listen(
        "node1:0", [](std::unique_ptr<env::Connection>) {},
        [&](Result<std::unique_ptr<env::Listener>> listener) {
          listeners.push_back(std::move(*listener));
        });
  ASSERT_TRUE(rig.run_until([&] { return listeners.size() == 2; }));
  EXPECT_NE(listeners[0]->address(), listeners[1]->address());
  EXPECT_TRUE(rig.connect(two, listeners[1]->address()).has_value());
  std::optional<Fault> fault;
  rig.network(one).listen(
      "node2:2380", [](std::unique_ptr<env::Connection>) {},
      [&](const Result<std::unique_ptr<env::Listener>>& listener) {
        fault = listener.error().fault;
      });
  rig.run(1s);
  EXPECT_EQ(fault, Fault::not_found);
}

TEST_F(SimulatedNetworks, to_connect_takes_a_round_trip) {
  rig.listen(two);
  rig.links().set_latency(one, two, 30ms);
  rig.links().set_latency(two, one, 40ms);
  const Time before = rig.now();
  ASSERT_TRUE(rig.connect(one, "node2:2380").has_value());
  EXPECT_EQ(rig.now() - before, 70ms);
  EXPECT_EQ(rig.counters().connections, 1U);
}

TEST_F(SimulatedNetworks, who_cannot_be_reached_says_so_or_is_silent) {
  rig.links().set_latency(one, two, 30ms);
  rig.links().set_latency(two, one, 40ms);
  Time before = rig.now();
  const auto took = [&] { return rig.now() - std::exchange(before, rig.now()); };
  EXPECT_EQ(refusal(one, "node2:9"), Fault::unreachable);
  EXPECT_EQ(took(), 70ms);
  EXPECT_EQ(refusal(one, "node9:2380"), Fault::unreachable);
  EXPECT_EQ(refusal(one, "elsewhere"), Fault::io);
  EXPECT_EQ(took(), 0ms);
  rig.stop(two, Ending::kill);
  EXPECT_EQ(refusal(one, "node2:2380"), Fault::unreachable);
  EXPECT_EQ(took(), 70ms);
  rig.start(two);
  rig.stop(two, Ending::power);
  EXPECT_EQ(refusal(one, "node2:2380"), Fault::timeout);
  EXPECT_EQ(took(), 1s);
  rig.cables().return_power(two);
  EXPECT_EQ(refusal(one, "node2:2380"), Fault::unreachable);
  rig.start(two);
  rig.listen(two);
  rig.cut(one, two);
  took();
  EXPECT_EQ(refusal(one, "node2:2380"), Fault::timeout);
  EXPECT_EQ(took(), 1s);
  rig.heal(one, two);
  rig.links().add_cut(two, one);  // the answer does not come back
  EXPECT_EQ(refusal(one, "node2:2380"), Fault::timeout);
  EXPECT_EQ(rig.counters().refused, 3U);
  EXPECT_EQ(rig.counters().unanswered, 3U);
  EXPECT_EQ(rig.counters().connections, 0U);
  rig.run(10s);
  EXPECT_EQ(rig.cables().open(), 0U);
}

TEST_F(SimulatedNetworks, a_cut_that_heals_in_time_loses_nothing) {
  const auto [caller, answerer] = rig.pair(one, two);
  say(*caller, 0, 100);
  rig.run(50us);  // they are on their way
  rig.cut(one, two);
  say(*caller, 100, 200);
  say(*answerer, 0, 50);
  rig.run(2300ms);  // it is tried again after 2.4 s, and given up after 3 s
  EXPECT_EQ(answerer->received, "");
  EXPECT_FALSE(caller->closed);
  EXPECT_FALSE(answerer->closed);
  rig.heal(one, two);
  EXPECT_TRUE(arrives(*answerer, words(0, 200), 1s));
  EXPECT_TRUE(arrives(*caller, words(0, 50), 1s));
  rig.run(10s);
  EXPECT_FALSE(caller->closed);
  EXPECT_GT(rig.counters().retransmits, 0U);
  EXPECT_EQ(rig.counters().timeouts, 0U);
}

TEST_F(SimulatedNetworks, a_longer_cut_ends_the_sender_and_leaves_the_other_half_open) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.cut(one, two);
  const Time before = rig.now();
  caller->send(std::string(1 << 20, 'l'));
  EXPECT_GT(caller->connection->queued(), 0U);
  ASSERT_TRUE(rig.run_until([&] { return caller->closed.has_value(); }));
  EXPECT_EQ(rig.now() - before, 3s);
  EXPECT_EQ(caller->closed->fault, Fault::timeout);
  EXPECT_EQ(caller->connection->queued(), 0U);
  rig.heal(one, two);
  rig.run(1h);
  EXPECT_FALSE(answerer->closed);
  EXPECT_EQ(answerer->received, "");
  answerer->send("anybody there?");
  rig.run(10ms);
  EXPECT_TRUE(answerer->closed_with(Fault::unreachable));
  EXPECT_EQ(rig.counters().timeouts, 1U);
  EXPECT_EQ(rig.counters().resets, 1U);
  EXPECT_EQ(rig.cables().open(), 0U);
}

TEST_F(SimulatedNetworks, who_is_not_answered_ends_though_all_arrives) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.links().add_cut(two, one);
  caller->send("heard");
  rig.run(10s);
  EXPECT_EQ(answerer->received, "heard");
  EXPECT_TRUE(caller->closed_with(Fault::timeout));
  EXPECT_FALSE(answerer->closed);
}

TEST_F(SimulatedNetworks, a_lost_answer_is_given_again) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.links().add_cut(two, one);
  caller->send("heard");
  rig.run(1s);
  rig.heal(one, two);
  rig.run(1h);
  EXPECT_EQ(answerer->received, "heard");
  EXPECT_FALSE(caller->closed);
}

TEST_F(SimulatedNetworks, of_several_copies_the_first_counts) {
  rig.weather.doubled_ppm = rig.weather.late_ppm = 1'000'000;
  rig.weather.late = 1h;
  const auto [caller, answerer] = rig.pair(one, two);
  say(*caller, 0, 100);
  EXPECT_TRUE(arrives(*answerer, words(0, 100), 10ms));
  rig.run(10h);
  EXPECT_EQ(answerer->received, words(0, 100));
  EXPECT_EQ(rig.counters().retransmits, 0U);
}

TEST_F(SimulatedNetworks, a_power_failure_is_silent_until_the_next_life_is_spoken_to) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.stop(two, Ending::power);
  rig.run(1h);
  EXPECT_FALSE(caller->closed);
  rig.start(two);
  rig.run(1h);
  EXPECT_FALSE(caller->closed);
  caller->send("old");
  rig.run(10ms);
  EXPECT_TRUE(caller->closed_with(Fault::unreachable));
  EXPECT_EQ(rig.cables().open(), 0U);
}

TEST_F(SimulatedNetworks, the_next_life_knows_nobody_who_waits_for_room) {
  const auto [caller, answerer] = rig.pair(one, two);
  answerer->connection->hold(true);
  caller->send(std::string(1 << 20, 'w'));
  rig.run(10s);
  rig.stop(two, Ending::power);
  rig.start(two);
  EXPECT_FALSE(caller->closed);
  rig.run(1s);
  EXPECT_TRUE(caller->closed_with(Fault::unreachable));
}

TEST_F(SimulatedNetworks, nobody_answers_without_power) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.stop(two, Ending::power);
  caller->send("x");
  rig.run(2900ms);
  EXPECT_FALSE(caller->closed);
  rig.run(200ms);
  EXPECT_TRUE(caller->closed_with(Fault::timeout));
}

TEST_F(SimulatedNetworks, a_kill_resets_what_it_had) {
  const auto [caller, answerer] = rig.pair(one, two);
  const auto [other_caller, other_answerer] = rig.pair(three, two);
  rig.cut(three, two);
  rig.links().set_latency(two, one, 5ms);
  answerer->send("lost with it");
  rig.run(1ms);
  rig.stop(two, Ending::kill);
  rig.run(3ms);
  EXPECT_FALSE(caller->closed);
  rig.run(3ms);
  EXPECT_TRUE(caller->closed_with(Fault::unreachable));
  EXPECT_FALSE(answerer->closed);  // that life hears no more
  rig.run(1h);
  EXPECT_FALSE(other_caller->closed);  // nobody sends a reset again
}

TEST_F(SimulatedNetworks, what_left_memory_arrives_before_the_end) {
  auto [caller, answerer] = rig.pair(one, two);
  rig.cut(one, two);
  say(*caller, 0, 100);
  caller->connection.reset();
  rig.run(1s);
  rig.stop(one, Ending::kill);  // its kernel goes on
  rig.run(1s);
  rig.heal(one, two);
  ASSERT_TRUE(rig.run_until([&] { return answerer->closed.has_value(); }, 1s));
  EXPECT_EQ(answerer->received, words(0, 100));
  rig.run(1s);
  EXPECT_EQ(rig.cables().open(), 0U);
}

TEST_F(SimulatedNetworks, without_power_the_kernel_of_a_dead_process_goes_on_no_more) {
  auto [caller, answerer] = rig.pair(one, two);
  rig.cut(one, two);
  say(*caller, 0, 100);
  caller->connection.reset();
  rig.stop(one, Ending::kill);
  rig.run(1s);
  rig.cables().lose_power(one);
  rig.heal(one, two);
  rig.run(1h);
  EXPECT_EQ(answerer->received, "");
  EXPECT_FALSE(answerer->closed);
}

TEST_F(SimulatedNetworks, a_chunk_may_come_in_pieces_and_with_the_next_one) {
  rig.climate.pieces_ppm = 500'000;
  const auto [caller, answerer] = rig.pair(one, two);
  for (int i = 0; i < 100; i += 10) {
    caller->send(words(i, i + 5));
    caller->send(words(i + 5, i + 10));
    rig.run(10ms);
  }
  EXPECT_TRUE(arrives(*answerer, words(0, 100)));
  EXPECT_GT(answerer->receptions, 20U);
  EXPECT_GT(rig.counters().in_pieces, 0U);
  EXPECT_EQ(rig.counters().chunks, 20U);
  EXPECT_EQ(rig.counters().bytes, words(0, 100).size());
}

TEST_F(SimulatedNetworks, the_rest_of_a_chunk_comes_later) {
  rig.climate.pieces_ppm = 1'000'000;
  rig.climate.rest = 1s;
  const auto [caller, answerer] = rig.pair(one, two);
  caller->send(words(0, 100));
  rig.run(1ms);
  const std::size_t first = answerer->received.size();
  EXPECT_GT(first, 0U);
  EXPECT_LT(first, words(0, 100).size());
  EXPECT_TRUE(arrives(*answerer, words(0, 100)));
}

TEST_F(SimulatedNetworks, a_link_that_loses_and_reorders_delivers_all_in_order) {
  for (const bool in_order : {true, false}) {
    rig.weather.in_order = in_order;
    rig.weather.lost_ppm = 0;
    const auto [caller, answerer] = rig.pair(one, two);
    rig.weather.lost_ppm = 300'000;
    rig.weather.doubled_ppm = 100'000;
    rig.weather.late_ppm = 100'000;
    rig.weather.late = 100ms;
    for (int i = 0; i < 1000; i += 10) {
      say(*caller, i, i + 10);
      say(*answerer, i, i + 10);
      rig.run(10ms);
    }
    EXPECT_TRUE(arrives(*answerer, words(0, 1000)));
    EXPECT_TRUE(arrives(*caller, words(0, 1000)));
  }
  EXPECT_GT(rig.counters().retransmits, 1000U);
}

TEST_F(SimulatedNetworks, who_still_answers_is_not_given_up) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.weather.lost_ppm = 600'000;
  for (int i = 0; i < 6000; i += 10) {
    say(*caller, i, i + 10);
    rig.run(100ms);
  }
  EXPECT_FALSE(caller->closed);
  rig.weather.lost_ppm = 0;
  EXPECT_TRUE(arrives(*answerer, words(0, 6000)));
}

TEST_F(SimulatedNetworks, for_a_paused_process_the_kernel_takes_what_fits) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.pause(two, true);
  say(*caller, 0, 1000);
  rig.run(1min);
  EXPECT_EQ(caller->connection->queued(), 0U);
  const std::string much(1 << 20, 'm');
  caller->send(much);
  const std::uint64_t fits = rig.climate.window_bytes - words(0, 1000).size();
  EXPECT_EQ(caller->connection->queued(), much.size() - fits);
  rig.run(1min);
  EXPECT_EQ(caller->connection->queued(), much.size() - fits);
  EXPECT_FALSE(caller->closed);
  EXPECT_EQ(answerer->received, "");
  EXPECT_EQ(caller->drained, 0U);
  rig.pause(two, false);
  EXPECT_TRUE(arrives(*answerer, words(0, 1000) + much, 100ms));  // nobody has to ask for room
  EXPECT_EQ(caller->drained, 1U);
}

TEST_F(SimulatedNetworks, that_there_is_room_again_may_be_lost_on_the_way) {
  const auto [caller, answerer] = rig.pair(one, two);
  answerer->connection->hold(true);
  const std::string much(1 << 20, 'm');
  caller->send(much);
  rig.run(10s);
  rig.cut(one, two);
  answerer->connection->hold(false);
  rig.run(1500ms);
  EXPECT_EQ(answerer->received.size(), rig.climate.window_bytes);
  rig.heal(one, two);
  EXPECT_TRUE(arrives(*answerer, much, 2s));
}

TEST_F(SimulatedNetworks, a_bit_may_flip_on_the_way) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.climate.flipped_ppm = 1'000'000;
  const std::string sent(1000, 's');
  caller->send(sent);
  rig.run(1s);
  ASSERT_EQ(answerer->received.size(), sent.size());
  int wrong = 0;
  for (const char letter : answerer->received)
    wrong += std::popcount(static_cast<unsigned>(letter) ^ static_cast<unsigned>('s'));
  EXPECT_EQ(wrong, 1);
  EXPECT_EQ(rig.counters().flipped, 1U);
}

TEST_F(SimulatedNetworks, a_connection_may_break_by_itself) {
  const auto [caller, answerer] = rig.pair(one, two);
  rig.climate.breaks_ppm = 1'000'000;
  caller->send("x");
  caller->send("y");
  EXPECT_FALSE(caller->closed);
  rig.run(1s);
  EXPECT_TRUE(caller->closed_with(Fault::unreachable));
  EXPECT_TRUE(answerer->closed_with(Fault::unreachable));
  EXPECT_EQ(rig.counters().broken, 1U);
}

TEST_F(SimulatedNetworks, that_it_broke_is_told_though_it_is_held) {
  const auto [caller, answerer] = rig.pair(one, two);
  const auto [other_caller, other_answerer] = rig.pair(one, two);
  for (const Speaker* speaker : {caller.get(), other_caller.get()}) {
    speaker->connection->hold(true);
  }
  answerer->send("x");
  other_answerer->send("y");
  rig.run(1s);
  other_answerer->connection.reset();
  rig.run(1s);
  rig.stop(two, Ending::kill);
  rig.run(1s);
  EXPECT_TRUE(caller->closed);
  EXPECT_FALSE(other_caller->closed);
  other_caller->connection->hold(false);
  rig.run(1s);
  EXPECT_TRUE(other_caller->closed);
  EXPECT_EQ(other_caller->received, "y");
  EXPECT_EQ(caller->received, "");
}

TEST_F(SimulatedNetworks, a_process_calls_itself) {
  const auto [caller, answerer] = rig.pair(one, one);
  caller->send("myself");
  EXPECT_TRUE(arrives(*answerer, "myself"));
  answerer->connection.reset();
  rig.run(1s);
  EXPECT_TRUE(caller->closed);
  EXPECT_EQ(rig.cables().open(), 0U);
}

TEST_F(SimulatedNetworks, who_died_while_it_called_hears_nothing) {
  rig.listen(two);
  for (const Ending ending : {Ending::kill, Ending::power}) {
    bool called = false;
    rig.network(one).connect("node2:2380", [&](const auto&) { called = true; });
    rig.run(60us);
    rig.stop(one, ending);
    rig.run(1min);
    rig.start(one);
    rig.run(1min);
    EXPECT_FALSE(called);
    EXPECT_EQ(rig.cables().open(), 0U);
  }
}

TEST_F(SimulatedNetworks, whose_network_is_gone_hears_nothing_of_what_came_before) {
  rig.listen(two);
  bool called = false;
  rig.pause(one, true);
  rig.network(one).connect("node2:2380", [&](const auto&) { called = true; });
  rig.run(1s);
  EXPECT_EQ(rig.counters().connections, 1U);
  rig.reopen(one);
  rig.pause(one, false);
  rig.run(1s);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace bowline::sim
