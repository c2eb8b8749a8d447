// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/await.h"

#include <coroutine>
#include <exception>
#include <future>
#include <string>
#include <variant>

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

}  // namespace
}  // namespace bowline
