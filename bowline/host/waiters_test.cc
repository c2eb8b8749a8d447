// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/waiters.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/raft/core.h"

namespace bowline::host {
namespace {

LogId id(std::uint64_t term, std::uint64_t index) { return {{term}, {index}}; }

std::string word(const Outcome& outcome) {
  if (const auto* done = std::get_if<Applied>(&outcome))
    return "done " + done->answer.value_or("?");
  if (std::holds_alternative<Refused>(outcome)) return "refused";
  return std::holds_alternative<Overruled>(outcome) ? "overruled" : "unknown";
}

// The core of a single voter, which has committed what is asked for: entries of the terms given.
class Committed {
 public:
  explicit Committed(const std::vector<LogId>& log) : now_{} {
    raft::Found found;
    raft::Membership alone;
    alone.members.push_back({.id = {1}, .incarnation = {7}, .address = {}, .metadata = {}});
    found.base.membership = std::make_shared<const raft::Membership>(std::move(alone));
    found.hard_state.term = log.empty() ? Term{} : log.back().term;
    for (const LogId entry : log) found.entries.push_back({entry});
    core_ = std::make_unique<raft::Core>(std::make_shared<const raft::Options>(),
                                         raft::Identity{{1}, {}, {7}, 1}, std::move(found), now_);
    for (int i = 0; i < 20 && core_->commit().value < log.size(); ++i) step(raft::Woken{});
  }
  const raft::Core& core() const { return *core_; }

 private:
  void step(raft::Input input) {
    now_ = std::max(now_, core_->deadline());
    raft::Effects effects;
    core_->step(now_, std::move(input), effects);
    if (effects.empty()) return;
    if (const auto* write = std::get_if<raft::Persist>(effects.data()))
      step(raft::Persisted{write->seq});
  }

  Time now_;
  std::unique_ptr<raft::Core> core_;
};

class WaitersTest : public testing::Test {
 protected:
  Ticket propose(std::size_t commands) {
    std::vector<Reply> replies;
    replies.reserve(commands);
    for (std::size_t i = 0; i < commands; ++i) replies.emplace_back(says(std::to_string(i)));
    return waiters_.propose(std::move(replies));
  }
  Reply says(const std::string& who) {
    return [this, who](const Outcome& outcome) { said_.push_back(who + " " + word(outcome)); };
  }
  void apply(std::uint64_t term, std::uint64_t first, std::uint64_t last) {
    std::vector<LogId> ids;
    std::vector<std::string> answers;
    for (std::uint64_t i = first; i <= last; ++i) {
      ids.push_back(id(term, i));
      answers.push_back("at " + std::to_string(i));
    }
    waiters_.applied(ids, answers);
  }
  using Said = std::vector<std::string>;
  Said said() { return std::exchange(said_, {}); }

  Waiters waiters_{Ticket{100}};
  Said said_;
};

TEST_F(WaitersTest, each_command_of_a_batch_gets_its_own_answer) {
  const Committed log({id(1, 1), id(1, 2), id(1, 3)});
  ASSERT_GE(log.core().commit().value, 3U);
  const Ticket ticket = propose(2);
  waiters_.admitted({ticket, id(1, 2)});
  waiters_.decided({ticket, raft::Outcome::committed}, log.core(), {});
  EXPECT_EQ(said(), Said{});  // not applied yet
  apply(1, 1, 3);
  EXPECT_EQ(said(), (Said{"0 done at 2", "1 done at 3"}));
  EXPECT_TRUE(waiters_.empty());
}

TEST_F(WaitersTest, the_beginning_of_a_batch_may_be_applied_before_its_end_is_decided) {
  const Committed log({id(1, 1), id(1, 2), id(1, 3)});
  const Ticket ticket = propose(2);
  waiters_.admitted({ticket, id(1, 2)});
  apply(1, 1, 2);
  EXPECT_EQ(said(), Said{"0 done at 2"});
  waiters_.decided({ticket, raft::Outcome::committed}, log.core(), {2});
  apply(1, 3, 3);
  EXPECT_EQ(said(), Said{"1 done at 3"});
  EXPECT_TRUE(waiters_.empty());
}

// Two committed, then another leader came.
TEST_F(WaitersTest, a_batch_may_be_done_in_part) {
  const Committed log({id(1, 1), id(1, 2), id(1, 3), id(2, 4), id(2, 5)});
  ASSERT_GE(log.core().commit().value, 5U);
  const Ticket ticket = propose(4);
  waiters_.admitted({ticket, id(1, 2)});
  waiters_.decided({ticket, raft::Outcome::unknown}, log.core(), {});
  EXPECT_EQ(said(), (Said{"2 overruled", "3 overruled"}));
  apply(1, 1, 3);
  EXPECT_EQ(said(), (Said{"0 done at 2", "1 done at 3"}));
  EXPECT_TRUE(waiters_.empty());
}

TEST_F(WaitersTest, what_is_refused_or_given_up_is_told_apart) {
  const Committed log({id(1, 1)});
  const Ticket refused = propose(1);
  const Ticket unknown = propose(1);
  const Ticket operation = waiters_.operate(says("handover"));
  waiters_.refused({refused, raft::Refusal::full, {}});
  EXPECT_EQ(said(), Said{"0 refused"});
  waiters_.admitted({unknown, id(1, 9)});
  waiters_.decided({unknown, raft::Outcome::unknown}, log.core(), {});
  EXPECT_EQ(said(), Said{"0 unknown"});
  waiters_.decided({operation, raft::Outcome::committed}, log.core(), {});
  EXPECT_EQ(said(), Said{"handover done ?"});
  EXPECT_TRUE(waiters_.empty());
}

TEST_F(WaitersTest, an_answer_that_nobody_saw_is_still_a_success) {
  const Committed log({id(1, 1), id(1, 2)});
  const Ticket ticket = propose(1);
  waiters_.admitted({ticket, id(1, 2)});
  waiters_.decided({ticket, raft::Outcome::committed}, log.core(), {1});
  waiters_.restored({5});
  EXPECT_EQ(said(), Said{"0 done ?"});
}

TEST_F(WaitersTest, those_of_a_former_term_at_the_same_place_get_no_answer_of_another) {
  const Committed log({id(1, 1), id(3, 2)});
  const Ticket old = propose(1);
  const Ticket anew = propose(1);
  waiters_.admitted({old, id(1, 2)});
  waiters_.admitted({anew, id(3, 2)});
  apply(3, 2, 2);
  EXPECT_EQ(said(), Said{"0 done at 2"});
  waiters_.decided({old, raft::Outcome::overruled}, log.core(), {2});
  EXPECT_EQ(said(), Said{"0 overruled"});
  waiters_.decided({anew, raft::Outcome::committed}, log.core(), {2});
  EXPECT_TRUE(waiters_.empty());
}

// A change of the membership may wait for minutes until a newcomer has caught up.
TEST_F(WaitersTest, an_operation_that_takes_long_keeps_nobody) {
  const Committed log({id(1, 1), id(1, 2), id(1, 3)});
  const Ticket change = waiters_.operate(says("change"));
  waiters_.admitted({change, id(1, 1)});
  for (std::uint64_t i = 2; i <= 3; ++i) {
    const Ticket ticket = propose(1);
    waiters_.admitted({ticket, id(1, i)});
    waiters_.decided({ticket, raft::Outcome::committed}, log.core(), {});
  }
  apply(1, 1, 3);
  EXPECT_EQ(said(), (Said{"0 done at 2", "0 done at 3"}));
  waiters_.decided({change, raft::Outcome::overruled}, log.core(), {3});
  EXPECT_EQ(said(), Said{"change overruled"});
  EXPECT_TRUE(waiters_.empty());
}

TEST_F(WaitersTest, a_read_waits_until_enough_is_applied) {
  std::vector<ReadReply> replies;
  replies.emplace_back([this](const ReadOutcome& outcome) {
    said_.emplace_back(std::holds_alternative<Ready>(outcome) ? "ready" : "refused");
  });
  const Ticket ticket = waiters_.read(std::move(replies));
  EXPECT_EQ(waiters_.reads(), 1U);
  waiters_.read_ready({ticket, {5}}, {4});
  EXPECT_EQ(said(), Said{});
  EXPECT_EQ(waiters_.reads(), 1U) << "it still waits";
  apply(1, 5, 5);
  EXPECT_EQ(said(), Said{"ready"});
  EXPECT_EQ(waiters_.reads(), 0U);
}

TEST_F(WaitersTest, at_the_end_everybody_is_told) {
  const Ticket admitted = propose(1);
  propose(1);
  waiters_.admitted({admitted, id(1, 1)});
  waiters_.end();
  EXPECT_EQ(said(), (Said{"0 unknown", "0 refused"}));
  EXPECT_TRUE(waiters_.empty());
}

}  // namespace
}  // namespace bowline::host
