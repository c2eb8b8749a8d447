// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/sim/stream_rig.h"

// Anything may happen at any time, and still each side receives a beginning of what the other sent.
namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

// One end that a test uses. What it sends names it in each line, so that nothing can be mistaken.
struct Talker {
  Speaker speaker;
  NodeId node;
  std::size_t id = 0;
  std::string sent;
  std::size_t lines = 0;
  bool dies = false;  // when it next receives something
};

class Chaos {
 public:
  explicit Chaos(std::uint64_t seed) : rig_(seed), prng_(seed) {
    rig_.weather.lost_ppm = prng_.chance(50) ? 50'000 : 0;
    rig_.weather.in_order = prng_.chance(50);
    rig_.climate.pieces_ppm = 100'000;
    rig_.climate.breaks_ppm = prng_.chance(50) ? 50'000 : 0;
    rig_.climate.window_bytes = 1000 + prng_.below(5000);
    for (std::uint64_t node = 1; node <= StreamRig::nodes; ++node) listen({node});
  }

  void act() {
    const NodeId node = any_node();
    switch (prng_.below(24)) {
      case 0: return end(node, prng_.chance(50) ? Ending::kill : Ending::power);
      case 1:
      case 2: return begin(node);
      case 3: return rig_.pause(node, rig_.runs(node) && prng_.chance(30));
      case 4: return rig_.cut(node, any_node());
      case 5: return rig_.links().add_cut(node, any_node());
      case 6: return heal(node);
      case 7:
      case 8:
      case 9: return call(node, any_node());
      case 10: return with_any([](Talker& talker) { talker.speaker.connection.reset(); });
      case 11: return with_any([](Talker& talker) { talker.dies = true; });
      case 12:
        return with_any([&](Talker& talker) { talker.speaker.connection->hold(prng_.chance(50)); });
      default: return with_any([&](Talker& talker) { talk(talker); });
    }
  }
  void run() {
    for (int i = 0; i < 600; ++i) {
      act();
      rig_.run(Duration(
          static_cast<std::int64_t>(prng_.below(prng_.chance(10) ? 2'000'000'000 : 2'000'000))));
    }
    calm_down();
  }
  // Every end that is still there must be of use, or hear that it is not.
  void calm_down() {
    rig_.weather.lost_ppm = 0;
    rig_.climate.breaks_ppm = 0;
    for (std::uint64_t a = 1; a <= StreamRig::nodes; ++a) {
      heal({a});
      begin({a});
      rig_.pause({a}, false);
    }
    for (const auto& talker : talkers_)
      if (usable(*talker)) {
        talker->dies = false;
        talker->speaker.connection->hold(false);
        talk(*talker);
      }
    rig_.run(10s);
    judge();
    for (const auto& talker : talkers_) talker->speaker.connection.reset();
    rig_.run(10s);
    EXPECT_EQ(rig_.cables().open(), 0U);
  }
  void judge() {
    std::size_t living = 0;
    for (const auto& talker : talkers_) {
      const std::string& received = talker->speaker.received;
      const std::size_t colon = received.find(':');
      if (colon == std::string::npos) continue;
      const std::size_t id = std::stoul(received);
      ASSERT_LT(id, talkers_.size());
      const Talker& other = *talkers_[id];
      EXPECT_TRUE(other.sent.starts_with(received)) << talker->id << " from " << id;
      if (!usable(*talker) || !usable(other)) continue;
      ++living;
      EXPECT_EQ(received, other.sent) << talker->id << " from " << id;
    }
    EXPECT_EQ(living % 2, 0U);
    living_ = living;
  }
  std::size_t living() const { return living_; }
  std::uint64_t hash() const {
    std::uint64_t hash = rig_.hash();
    for (const auto& talker : talkers_) hash = mixed(hash, talker->speaker.received);
    return hash;
  }
  const StreamCounters& counters() const { return rig_.counters(); }

 private:
  void heal(NodeId node) {
    for (std::uint64_t other = 1; other <= StreamRig::nodes; ++other) rig_.heal(node, {other});
  }
  NodeId any_node() { return {1 + prng_.below(StreamRig::nodes)}; }
  bool usable(const Talker& talker) const {
    return talker.speaker.connection != nullptr && !talker.speaker.closed && talker.node.value != 0;
  }
  template <class Act>
  void with_any(Act act) {
    std::vector<Talker*> usable_ones;
    for (const auto& talker : talkers_)
      if (usable(*talker)) usable_ones.push_back(talker.get());
    if (!usable_ones.empty()) act(*usable_ones[prng_.below(usable_ones.size())]);
  }
  void add(NodeId node, std::unique_ptr<env::Connection> connection) {
    Talker& talker = *talkers_.emplace_back(std::make_unique<Talker>());
    talker.node = node;
    talker.id = talkers_.size() - 1;
    talker.speaker.connection = std::move(connection);
    talker.speaker.on_received = [&talker] {
      if (talker.dies) talker.speaker.connection.reset();
    };
    talker.speaker.begin();
    talk(talker);
  }
  void talk(Talker& talker) {
    std::string line = std::to_string(talker.id) + ':' + std::to_string(++talker.lines) + ' ';
    line.append(prng_.below(prng_.chance(10) ? 20'000 : 100), '.');
    talker.sent += line;
    talker.speaker.send(line);
  }
  void listen(NodeId node) {
    rig_.network(node).listen(
        SimulatedNetwork::address_of(node),
        [this, node](std::unique_ptr<env::Connection> connection) {
          add(node, std::move(connection));
        },
        [this, node](Result<std::unique_ptr<env::Listener>> listener) {
          ASSERT_TRUE(listener.has_value());
          listeners_[node.value - 1] = std::move(*listener);
        });
  }
  void call(NodeId from, NodeId to) {
    if (!rig_.runs(from)) return;
    rig_.network(from).connect(SimulatedNetwork::address_of(to),
                               [this, from](StreamRig::Connected connection) {
                                 if (connection) add(from, std::move(*connection));
                               });
  }
  void end(NodeId node, Ending ending) {
    if (!rig_.runs(node)) return;
    rig_.stop(node, ending);
    listeners_[node.value - 1].reset();
    for (const auto& talker : talkers_)
      if (talker->node == node) {
        talker->node = {};
        if (prng_.chance(50)) talker->speaker.connection.reset();
      }
  }
  void begin(NodeId node) {
    if (rig_.runs(node)) return;
    rig_.start(node);
    listen(node);
  }

  StreamRig rig_;
  Prng prng_;
  std::array<std::unique_ptr<env::Listener>, StreamRig::nodes> listeners_;
  std::vector<std::unique_ptr<Talker>> talkers_;
  std::size_t living_ = 0;
};

TEST(Cables, whatever_happens_all_that_comes_was_sent_and_is_in_order) {
  StreamCounters seen;
  std::size_t living = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chaos chaos(seed);
    chaos.run();
    living += chaos.living();
    seen.resets += chaos.counters().resets;
    seen.timeouts += chaos.counters().timeouts;
    seen.refused += chaos.counters().refused;
    seen.unanswered += chaos.counters().unanswered;
    seen.broken += chaos.counters().broken;
    seen.retransmits += chaos.counters().retransmits;
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GT(living, 100U);
  EXPECT_GT(seen.resets, 100U);
  EXPECT_GT(seen.timeouts, 100U);
  EXPECT_GT(seen.refused, 100U);
  EXPECT_GT(seen.unanswered, 100U);
  EXPECT_GT(seen.broken, 100U);
  EXPECT_GT(seen.retransmits, 100U);
}

TEST(Cables, the_same_seed_gives_the_same_history) {
  const auto hash = [](std::uint64_t seed) {
    Chaos chaos(seed);
    chaos.run();
    return chaos.hash();
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) EXPECT_EQ(hash(seed), hash(seed));
  EXPECT_NE(hash(1), hash(2));
}

}  // namespace
}  // namespace bowline::sim
