// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/await.h"

#include <coroutine>
#include <exception>
#include <functional>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"

// Coroutines that ask a group.
namespace bowline {
namespace {

// The least that a coroutine needs: it begins at once, and nobody waits for it.
struct Task {
  struct Promise {
    Task get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    void unhandled_exception() { std::terminate(); }
  };
  using promise_type = Promise;
};

using AwaitTest = NodeTest;

Task write_and_read(Group group, const Diary& diary, std::promise<std::string>& told) {
  std::string all;
  for (const char* what : {"a", "b"}) {
    Outcome outcome = co_await await::propose(group, what);
    while (std::holds_alternative<Refused>(outcome)) outcome = co_await await::propose(group, what);
    const auto* done = std::get_if<Applied>(&outcome);
    all += done == nullptr ? "?" : done->answer.value_or("!");
  }
  const ReadOutcome ready = co_await await::read(group);
  all += std::holds_alternative<Ready>(ready) ? " " + diary.text : " no";
  told.set_value(all);
}

TEST_F(AwaitTest, a_coroutine_waits_for_a_command_and_reads_what_it_did) {
  found(1);
  std::promise<std::string> told;
  write_and_read(*members_[1].group, *members_[1].diary, told);
  EXPECT_EQ(told.get_future().get(), "12 a\nb\n");
}

TEST_F(AwaitTest, a_coroutine_goes_on_when_the_node_has_ended) {
  found(1);
  const Group handle = *members_[1].group;
  members_.clear();
  std::promise<bool> refused;
  const auto ask = [&]() -> Task {
    const Outcome outcome = co_await await::propose(handle, "late");
    refused.set_value(std::holds_alternative<Refused>(outcome));
  };
  ask();
  EXPECT_TRUE(refused.get_future().get());
  EXPECT_FALSE(handle.status().get().here);
}

Task write_and_query(Group group, const Diary& diary, std::promise<Result<std::string>>& told) {
  Outcome outcome = co_await await::propose(group, "a");
  while (std::holds_alternative<Refused>(outcome)) outcome = co_await await::propose(group, "a");
  const auto all = [&diary] { return diary.text; };
  const Result<std::string> seen = co_await await::query(group, all);
  const Result<std::string> again = co_await await::query_within(group, 1h, all);
  told.set_value(seen && again && *seen != *again ? "it was another one" : seen);
}

TEST_F(AwaitTest, a_coroutine_sees_what_a_query_returns) {
  found(1);
  std::promise<Result<std::string>> told;
  write_and_query(*members_[1].group, *members_[1].diary, told);
  EXPECT_EQ(told.get_future().get().value_or("nothing"), "a\n");
}

// As a node drops it that ends.
template <class What>
Task ask_nobody(std::optional<What>& told) {
  told = co_await await::Awaited<What>([](env::Done<What>) {});
}

TEST(Awaited, goes_on_when_nobody_will_ever_answer) {
  std::optional<Outcome> outcome;
  ask_nobody(outcome);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_TRUE(std::holds_alternative<Unknown>(*outcome));
  std::optional<ReadOutcome> read;
  ask_nobody(read);
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(std::get<Refused>(*read).why, raft::Refusal::stopped);
  std::optional<Result<int>> result;
  ask_nobody(result);
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->error().fault, Fault::not_found);
}

// On the node's thread, where nobody can wait for a future: it would wait for itself.
class OnTheThreadTest : public NodeTest {
 protected:
  // Again as long as it is refused for what passes: of a new leader, or while nobody leads.
  static bool passes(const Outcome& outcome) {
    const auto* const refused = std::get_if<Refused>(&outcome);
    return refused != nullptr &&
           (refused->why == raft::Refusal::not_ready || refused->why == raft::Refusal::not_leader ||
            refused->why == raft::Refusal::change_pending);
  }
  void here(const std::string& what, bool good) {
    if (!good) told_ += " " + what + " was not done;";
    if (std::this_thread::get_id() != thread_) told_ += " " + what + " went on elsewhere;";
  }
  std::string run_on(std::uint64_t id, const std::function<void()>& begin) {
    members_[id].node->at([&](host::Shard*) {
      thread_ = std::this_thread::get_id();
      begin();
    });
    std::future<void> future = ended_.get_future();
    return future.wait_for(60s) == std::future_status::ready ? told_ : "it does not end:" + told_;
  }

  std::string told_;
  std::thread::id thread_;
  std::promise<void> ended_;
};

TEST_F(OnTheThreadTest, a_coroutine_there_waits_for_whatever_a_group_can_be_asked) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const Group mine = *members_[1].group;
  const std::string path = place_ + "/state";
  const auto all = [&]() -> Task {
    here("barrier", std::holds_alternative<Applied>(co_await await::barrier(mine)));
    here("verify", std::holds_alternative<Ready>(co_await await::verify(mine)));
    here("read_within", std::holds_alternative<Ready>(co_await await::read_within(mine, 1h)));
    here("snapshot", (co_await await::snapshot(mine)).has_value());
    here("export", (co_await await::export_snapshot(mine, path)).has_value());
    const Result<host::LogPart> log = co_await await::read_log(mine, Index{2});
    here("read_log", log.has_value());
    const host::GroupOptions usual;
    here("tune", (co_await await::tune(mine, usual)).has_value());
    const raft::Wanted learner{
        .id = NodeId{2}, .standing = raft::Standing::learner, .address = "127.0.0.1:1"};
    here("put_member", std::holds_alternative<Applied>(co_await await::put_member(mine, learner)));
    here("remove_member",
         std::holds_alternative<Applied>(co_await await::remove_member(mine, NodeId{2})));
    const std::vector<raft::Wanted> both{{.id = NodeId{1}, .address = addresses_[1]}, learner};
    here("reconfigure", std::holds_alternative<Applied>(co_await await::reconfigure(mine, both)));
    // These cannot be done, and say so.
    const auto why = [](const Outcome& outcome) { return std::get<Refused>(outcome).why; };
    here("set_standing", why(co_await await::set_standing(
                             mine, NodeId{9}, raft::Standing::voter)) == raft::Refusal::no_member);
    here("cancel_change", why(co_await await::cancel_change(mine)) == raft::Refusal::no_change);
    ended_.set_value();
  };
  EXPECT_EQ(run_on(1, [&] { all(); }), "");
}

TEST_F(OnTheThreadTest, leadership_is_handed_over_from_there) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::uint64_t leads = leader();
  const Group mine = *members_[leads].group;
  const auto hand_over = [&]() -> Task {
    Outcome outcome = co_await await::transfer(mine);
    while (passes(outcome)) outcome = co_await await::transfer(mine);
    here("transfer", std::holds_alternative<Applied>(outcome));
    ended_.set_value();
  };
  EXPECT_EQ(run_on(leads, [&] { hand_over(); }), "");
  EXPECT_TRUE(soon([&] { return leader() != leads; }));
}

TEST_F(OnTheThreadTest, a_callback_is_given_in_place_of_a_future) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const Group mine = *members_[1].group;
  const auto recovered = [&](const Outcome& outcome) {
    here("recover", std::holds_alternative<Applied>(outcome));
    ended_.set_value();
  };
  const auto passed = [&](const Outcome& outcome) {
    here("barrier", std::holds_alternative<Applied>(outcome));
    mine.recover(ClusterId{99}, recovered);
  };
  EXPECT_EQ(run_on(1, [&] { mine.barrier(passed); }), "");
  EXPECT_EQ(mine.status().get().members.cluster, ClusterId{99});
}

TEST_F(OnTheThreadTest, of_a_node_that_has_ended_each_callback_says_so) {
  found(1);
  const Group handle = *members_[1].group;
  members_.clear();
  int told = 0;
  const auto stopped = [&](const auto& outcome) {
    const auto* const refused = std::get_if<Refused>(&outcome);
    if (refused != nullptr && refused->why == raft::Refusal::stopped) ++told;
  };
  const auto missing = [&](const auto& result) {
    if (!result && result.error().fault == Fault::not_found) ++told;
  };
  handle.verify(stopped);
  handle.barrier(stopped);
  handle.reconfigure({}, {}, stopped);
  handle.put_member({}, stopped);
  handle.remove_member(NodeId{1}, stopped);
  handle.set_standing(NodeId{1}, raft::Standing::learner, stopped);
  handle.cancel_change(stopped);
  handle.recover(ClusterId{9}, stopped);
  handle.transfer({}, stopped);
  EXPECT_EQ(told, 9);
  handle.snapshot(missing);
  handle.export_snapshot("state", missing);
  handle.read_log(Index{1}, 1000, missing);
  handle.tune({}, missing);
  EXPECT_EQ(told, 13);
}

}  // namespace
}  // namespace bowline
