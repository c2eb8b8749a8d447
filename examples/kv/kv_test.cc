// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "examples/kv/kv_trio.h"
#include "examples/kv/lock.h"

// Servers and clients together, as people run them, but in one process.
namespace bowline::examples::kv {
namespace {

using namespace std::chrono_literals;
using Fate = Reply::Fate;

TEST_F(KvTrio, does_what_each_command_says) {
  found(3);
  Clerk clerk(options(1));
  EXPECT_EQ(clerk.get("x").answer, (Answer{.kind = Answer::Kind::absent}));
  EXPECT_EQ(clerk.put("x", "a").answer->version, 1U);
  EXPECT_EQ(clerk.append("x", "b").answer->version, 2U);
  EXPECT_EQ(clerk.get("x").answer, (Answer{.version = 2, .value = "ab"}));
  EXPECT_EQ(clerk.put_at("x", 1, "c").answer->kind, Answer::Kind::mismatch);
  EXPECT_EQ(clerk.put_at("x", 2, "c").answer->version, 3U);
  EXPECT_EQ(clerk.remove("x").answer->version, 3U);
  EXPECT_EQ(clerk.get("x").answer->kind, Answer::Kind::absent);
  EXPECT_EQ(clerk.put_at("x", 0, "d").answer->version, 4U);
  EXPECT_GT(clerk.get("x").place, Index{5});
}

TEST_F(KvTrio, answers_many_requests_that_are_under_way_at_once) {
  found(3);
  Clerk clerk(options(2));
  std::vector<Command> commands;
  commands.reserve(200);
  for (int i = 0; i < 200; ++i)
    commands.push_back({.verb = Verb::put, .key = "k" + std::to_string(i), .value = "v"});
  for (const Reply& reply : clerk.call(commands)) EXPECT_EQ(reply.answer->version, 1U);
  for (Command& command : commands) command = {.verb = Verb::get, .key = command.key};
  for (const Reply& reply : clerk.call(commands)) EXPECT_EQ(reply.answer->value, "v");
}

TEST_F(KvTrio, keeps_all_when_all_of_it_starts_again) {
  group_.snapshot_entries = 20;
  group_.keep_entries = 3;
  found(3);
  Clerk clerk(options(3));
  for (int i = 0; i < 70; ++i) ASSERT_EQ(clerk.append("x", "y").fate, Fate::done);
  for (std::uint64_t id = 1; id <= 3; ++id) stop(id);
  for (std::uint64_t id = 1; id <= 3; ++id) open(id);
  for (std::uint64_t id = 1; id <= 3; ++id) start(id);
  EXPECT_EQ(clerk.get("x").answer, (Answer{.version = 70, .value = std::string(70, 'y')}));
  EXPECT_EQ(clerk.append("x", "z").answer->version, 71U);  // its session is known still
}

TEST_F(KvTrio, ends_a_session_that_nobody_uses) {
  tick_every_ = 10ms;
  found(3);
  Clerk clerk(options(7));
  ASSERT_EQ(clerk.put("x", "a").fate, Fate::done);
  const std::uint64_t leads = leader();
  ASSERT_EQ(nodes_.at(NodeId{leads})->sessions(), 1U);
  session::Bounds bounds;
  bounds.lifetime_ms = bounds.most_step_ms = 50;
  nodes_.at(NodeId{leads})
      ->group()
      .propose(session::encode({.tag = 0, .body = session::SetBounds{bounds}}))
      .wait();
  const auto until = std::chrono::steady_clock::now() + 30s;
  for (std::uint64_t id = 1; id <= 3; ++id) {
    while (nodes_.at(NodeId{id})->sessions() != 0) {
      ASSERT_LT(std::chrono::steady_clock::now(), until) << id;
      std::this_thread::sleep_for(1ms);
    }
  }
  EXPECT_EQ(Clerk(options(8)).get("x").answer->value, "a");
}

TEST_F(KvTrio, does_each_append_once_while_leaders_come_and_go) {
  found(3);
  std::vector<std::thread> clients;
  clients.reserve(4);
  std::atomic<int> left = 4;
  for (std::uint64_t who = 0; who < 4; ++who) {
    clients.emplace_back([who, &left, options = options(10 + who)] {
      Clerk clerk(options);
      for (int i = 0; i < 60; ++i) {
        const std::string word = std::to_string(who) + ":" + std::to_string(i) + ";";
        EXPECT_EQ(clerk.append("x", word).fate, Fate::done);
      }
      --left;
    });
  }
  int ended = 0;
  for (; left > 0; ++ended) {
    const std::uint64_t leads = leader();
    restart(leads);
    Clerk probe(options(100));
    EXPECT_EQ(probe.put("probe", "x").fate, Fate::done);  // somebody leads again
  }
  for (std::thread& client : clients) client.join();
  EXPECT_GT(ended, 0);
  Clerk clerk(options(4));
  const std::string all = clerk.get("x").answer->value;
  for (std::uint64_t who = 0; who < 4; ++who) {
    std::size_t before = 0;
    for (int i = 0; i < 60; ++i) {
      const std::string word = std::to_string(who) + ":" + std::to_string(i) + ";";
      const std::size_t at = all.find(word);
      ASSERT_NE(at, std::string::npos) << word;
      EXPECT_EQ(all.find(word, at + 1), std::string::npos) << word << " is there twice";
      EXPECT_GE(at, before) << word << " came before the one before it";
      before = at;
    }
  }
}

TEST_F(KvTrio, lets_one_hold_a_lock_at_a_time) {
  found(3);
  std::atomic<int> holders = 0, held = 0;
  std::vector<std::thread> clients;
  clients.reserve(5);
  for (std::uint64_t who = 0; who < 5; ++who) {
    clients.emplace_back([who, &holders, &held, options = options(20 + who)] {
      Clerk clerk(options);
      Lock lock(clerk, "lock", "holder " + std::to_string(who));
      for (int i = 0; i < 8; ++i) {
        ASSERT_TRUE(lock.acquire());
        EXPECT_EQ(++holders, 1);
        ++held;
        clerk.get("something");  // it takes a while
        --holders;
        ASSERT_TRUE(lock.release());
      }
    });
  }
  while (held < 10) std::this_thread::yield();
  restart(leader());
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(held, 40);
}

TEST_F(KvTrio, says_maybe_when_nobody_can_know_and_refused_when_nobody_was_there) {
  found(3);
  Clerk::Options options = this->options(5);
  options.patience = 2s;
  options.attempt = 500ms;
  Clerk clerk(options);
  ASSERT_EQ(clerk.put("x", "a").fate, Fate::done);
  const std::uint64_t leads = leader();
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (id != leads) stop(id);
  const Reply write = clerk.put("x", "b");
  EXPECT_NE(write.fate, Fate::done);
  EXPECT_NE(clerk.get("x").fate, Fate::done);  // what it has may be old
  for (std::uint64_t id = 1; id <= 3; ++id) stop(id);
  EXPECT_EQ(clerk.put("x", "c").fate, Fate::refused);
  for (std::uint64_t id = 1; id <= 3; ++id) open(id);
  for (std::uint64_t id = 1; id <= 3; ++id) start(id);
  Clerk patient(this->options(6));
  const Reply now = patient.get("x");
  EXPECT_TRUE(now.answer->value == "a" || (now.answer->value == "b" && write.fate == Fate::maybe));
}

TEST_F(KvTrio, a_command_that_is_too_large_is_refused_and_nothing_else) {
  found(1);
  Clerk clerk(options(7));
  EXPECT_EQ(clerk.put("x", std::string((8 << 20) + 1000, 'x')).fate, Fate::refused);
  EXPECT_EQ(clerk.put("x", "small").answer->version, 1U);
}

TEST_F(KvTrio, who_sends_garbage_is_shown_the_door) {
  found(1);
  runtime::Loop loop;
  runtime::Network network(loop);
  std::unique_ptr<env::Connection> connection;
  bool closed = false;
  network.connect(servers_.at(NodeId{1}), [&](Result<std::unique_ptr<env::Connection>> made) {
    ASSERT_TRUE(made.has_value());
    connection = *std::move(made);
    connection->begin({.received = [](std::string_view) {},
                       .closed = [&closed](const Error&) { closed = true; }});
    connection->send("GET / HTTP/1.1\r\n\r\n");
  });
  EXPECT_TRUE(loop.run_until([&closed] { return closed; }, loop.clock().now() + 20s));
  Clerk clerk(options(8));
  EXPECT_EQ(clerk.put("x", "a").fate, Fate::done);
}

}  // namespace
}  // namespace bowline::examples::kv
