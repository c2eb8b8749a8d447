// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/quorum.h"

#include <array>
#include <chrono>
#include <expected>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/served_process.h"
#include "bowline/api/node.h"
#include "bowline/env/life.h"
#include "bowline/etcd/served_machine.h"
#include "bowline/kv/answer.h"
#include "bowline/kv/command.h"
#include "bowline/runtime/memory_disk.h"

// Three nodes, and nothing before the quorum of each.
namespace bowline::apps {
namespace {

using namespace std::chrono_literals;
using etcd::Quorum;
using etcd::Wrong;
using Said = std::expected<std::string, Wrong>;

class QuorumLodging final : public Lodger {
 public:
  QuorumLodging(const Room& room, etcd::ServedMachine& machine, Quorum::Options options)
      : quorum(room.env.loop, room.env.clock, room.shard, GroupId{1}, options),
        loop_(room.env.loop),
        machine_(machine) {
    machine_.tell([this] { loop_.soon(life_.guard([this] { quorum.applied(); })); });
  }
  ~QuorumLodging() override { machine_.tell({}); }
  QuorumLodging(const QuorumLodging&) = delete;
  QuorumLodging& operator=(const QuorumLodging&) = delete;

  Quorum quorum;

 private:
  env::Loop& loop_;
  etcd::ServedMachine& machine_;
  env::Life life_;
};

struct QuorumMember {
  std::unique_ptr<Node> node;
  Quorum* quorum = nullptr;
  etcd::ServedMachine* machine = nullptr;

  void run(const std::function<void()>& work) const {  // on the node's thread, and waited for
    std::promise<void> done;
    node->at([&](host::Shard*) {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }
};

class QuorumTest : public testing::Test {
 protected:
  void begin(const Quorum::Options& options = {}) {
    ports_ = free_ports(3);
    for (std::size_t i = 0; i < 3; ++i) begin(i, options);
  }

  void begin(std::size_t i, const Quorum::Options& quorum) {
    NodeOptions options;
    options.id = {i + 1};
    options.listen = address(i);
    const auto files = std::make_shared<runtime::MemoryFiles>();
    options.storage = [files](env::Loop& loop) { return runtime::memory_disk(loop, files); };
    QuorumMember& one = members_[i];
    one.node = *Node::open(options);
    GroupSetup setup;
    for (std::size_t j = 0; j < 3; ++j)
      setup.founders.push_back({.id = {j + 1}, .address = address(j), .metadata = {}});
    auto machine = std::make_unique<etcd::ServedMachine>();
    one.machine = machine.get();
    ASSERT_TRUE(one.node->start(GroupId{1}, setup, std::move(machine)));
    ASSERT_TRUE(one.node->lodge([&](const Room& room) {
      auto lodging = std::make_unique<QuorumLodging>(room, *one.machine, quorum);
      one.quorum = &lodging->quorum;
      return Result<std::unique_ptr<Lodger>>(std::move(lodging));
    }));
  }
  std::string address(std::size_t i) const { return "127.0.0.1:" + std::to_string(ports_[i]); }

  // What was said in the end. `ask` begins it, on the thread of the member.
  using Told = Quorum::Told<std::string>;
  std::future<Said> begin_at(std::size_t i, const std::function<void(Quorum&, Told)>& ask) {
    auto promise = std::make_shared<std::promise<Said>>();
    std::future<Said> future = promise->get_future();
    members_[i].run([&] {
      ask(*members_[i].quorum, [promise](Said said) { promise->set_value(std::move(said)); });
    });
    return future;
  }
  static Said ended(std::future<Said>& future) {
    if (future.wait_for(20s) != std::future_status::ready) return "it is not over";
    return future.get();
  }
  Said propose(std::size_t i, const kv::Command& command) {
    auto future = begin_at(i, [&](Quorum& quorum, Told told) {
      quorum.propose(kv::encode(command), std::move(told));
    });
    return ended(future);
  }
  std::size_t leader() {
    for (;;)
      for (std::size_t i = 0; i < 3; ++i) {
        bool leads = false;
        if (members_[i].node) members_[i].run([&] { leads = members_[i].quorum->leads(); });
        if (leads) return i;
      }
  }
  void leave_alone(std::size_t i) {
    for (std::size_t j = 0; j < 3; ++j)
      if (j != i) members_[j].node.reset();
  }

  std::vector<int> ports_;
  std::array<QuorumMember, 3> members_;
};

TEST_F(QuorumTest, a_command_of_any_member_is_applied_there_when_that_is_told) {
  begin();
  for (std::size_t turn = 0; turn < 300; ++turn) {
    const std::size_t i = turn % 3;
    const std::string key = "key" + std::to_string(turn);
    auto promise = std::make_shared<std::promise<bool>>();
    const kv::Put put{.key = key, .value = "1"};
    members_[i].run([&] {
      members_[i].quorum->propose(
          kv::encode(kv::Command(put)), [promise, key, machine = members_[i].machine](Said said) {
            const bool good = said && kv::decode_answer(*said)->refusal == kv::Refusal::none;
            promise->set_value(good && machine->map().store().find(key) != nullptr);
          });
    });
    EXPECT_TRUE(promise->get_future().get()) << i;
  }
}

TEST_F(QuorumTest, a_read_at_any_member_shows_what_was_done_at_another) {
  begin();
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string key = "key" + std::to_string(i);
    ASSERT_TRUE(propose(i, kv::Put{.key = key, .value = "1"}));
    const std::size_t other = (i + 1) % 3;
    auto promise = std::make_shared<std::promise<bool>>();
    members_[other].run([&] {
      members_[other].quorum->read(
          [promise, key, machine = members_[other].machine](std::optional<Wrong> wrong) {
            promise->set_value(!wrong && machine->map().store().find(key) != nullptr);
          });
    });
    EXPECT_TRUE(promise->get_future().get()) << i;
  }
}

TEST_F(QuorumTest, without_the_others_everything_is_late_in_the_end) {
  begin({.within = 200ms});
  const std::size_t led = leader();
  leave_alone(led);
  auto read = begin_at(led, [](Quorum& quorum, Told told) {
    quorum.read([told = std::move(told)](std::optional<Wrong> wrong) mutable {
      told(wrong ? Said(std::unexpected(*wrong)) : Said(""));
    });
  });
  auto asked = begin_at(led, [](Quorum& quorum, Told told) {
    quorum.ask_leader("nobody serves this", "", std::move(told));
  });
  EXPECT_EQ(propose(led, kv::Put{.key = "b"}), Said(std::unexpected(Wrong::timed_out)));
  EXPECT_EQ(ended(read), Said(std::unexpected(Wrong::timed_out)));
  EXPECT_EQ(ended(asked), Said(std::unexpected(Wrong::timed_out)));
}

TEST_F(QuorumTest, only_so_many_wait_and_all_of_them_are_told_when_it_stops) {
  begin({.within = 1min, .most_waiting = 2});
  const std::size_t led = leader();
  leave_alone(led);
  const auto put = [](Quorum& quorum, Told told) {
    quorum.propose(kv::encode(kv::Command(kv::Put{.key = "b"})), std::move(told));
  };
  auto first = begin_at(led, put);
  auto second = begin_at(led, put);
  auto third = begin_at(led, put);
  EXPECT_EQ(ended(third), Said(std::unexpected(Wrong::too_many_requests)));
  members_[led].run([&] {
    EXPECT_EQ(members_[led].quorum->waiting(), 2U);
    members_[led].quorum->stop();
  });
  EXPECT_EQ(ended(first), Said(std::unexpected(Wrong::stopped)));
  EXPECT_EQ(ended(second), Said(std::unexpected(Wrong::stopped)));
  auto later = begin_at(led, put);
  EXPECT_EQ(ended(later), Said(std::unexpected(Wrong::stopped)));
}

TEST_F(QuorumTest, SEC_15_what_waits_is_bounded_in_bytes) {
  begin({.within = 1min, .most_waiting_bytes = 1000});
  const std::size_t led = leader();
  leave_alone(led);
  const std::string value(600, 'x');
  const auto put = [&](Quorum& quorum, Told told) {
    quorum.propose(kv::encode(kv::Command(kv::Put{.key = "b", .value = value})), std::move(told));
  };
  const auto read = [](std::size_t bytes) {
    return [bytes](Quorum& quorum, Told told) {
      quorum.read(bytes, [told = std::move(told)](std::optional<Wrong> wrong) mutable {
        told(wrong ? Said(std::unexpected(*wrong)) : Said(""));
      });
    };
  };
  auto first = begin_at(led, put);
  auto second = begin_at(led, put);
  auto large = begin_at(led, read(600));
  EXPECT_EQ(ended(second), Said(std::unexpected(Wrong::too_many_requests)));
  EXPECT_EQ(ended(large), Said(std::unexpected(Wrong::too_many_requests)));
  auto small = begin_at(led, read(100));
  members_[led].run([&] {
    EXPECT_EQ(members_[led].quorum->waiting(), 2U);
    EXPECT_GT(members_[led].quorum->waiting_bytes(), 700U);
    members_[led].quorum->stop();
    EXPECT_EQ(members_[led].quorum->waiting_bytes(), 0U);
  });
  EXPECT_EQ(ended(first), Said(std::unexpected(Wrong::stopped)));
  EXPECT_EQ(ended(small), Said(std::unexpected(Wrong::stopped)));
}

// It says no twice, as one does who is about to lead.
TEST_F(QuorumTest, the_leader_is_asked_again_until_it_answers) {
  begin();
  const std::size_t led = leader();
  auto times = std::make_shared<int>(0);
  for (std::size_t i = 0; i < 3; ++i)
    members_[i].run([&] {
      members_[i].quorum->serve("twice", [times, i](std::string_view what, auto told) {
        if (++*times < 3) return told(std::nullopt);
        told(std::string(what) + " at " + std::to_string(i));
      });
    });
  auto asked = begin_at((led + 1) % 3, [](Quorum& quorum, Told told) {
    quorum.ask_leader("twice", std::string("what\0more", 9), std::move(told));
  });
  EXPECT_EQ(ended(asked), Said(std::string("what\0more", 9) + " at " + std::to_string(led)));
  EXPECT_EQ(*times, 3);
}

// A question is asked again at the next leader; of a change nobody knows.
TEST_F(QuorumTest, what_a_leader_took_with_it_is_asked_again_if_it_changes_nothing) {
  begin({.within = 15s});
  const std::size_t led = leader();
  const std::size_t other = (led + 1) % 3;
  std::promise<void> both;
  auto kept = std::make_shared<std::vector<env::Done<std::optional<std::string>>>>();
  for (std::size_t i = 0; i < 3; ++i)
    members_[i].run([&] {
      members_[i].quorum->serve("who", [&both, kept, i, led](std::string_view, auto told) {
        if (i != led) return told("another one");
        kept->push_back(std::move(told));
        if (kept->size() == 2) both.set_value();
      });
    });
  auto asked = begin_at(
      other, [](Quorum& quorum, Told told) { quorum.ask_leader("who", "", std::move(told)); });
  auto changed = begin_at(other, [](Quorum& quorum, Told told) {
    quorum.change_by_leader("who", "", std::move(told));
  });
  ASSERT_EQ(both.get_future().wait_for(10s), std::future_status::ready);
  members_[led].node.reset();
  kept->clear();
  EXPECT_EQ(ended(changed), Said(std::unexpected(Wrong::timed_out_connection_lost)));
  EXPECT_EQ(ended(asked), Said("another one"));
}

}  // namespace
}  // namespace bowline::apps
