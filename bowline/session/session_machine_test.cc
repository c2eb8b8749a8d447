// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/session_machine.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/machine/durable_stub.h"
#include "bowline/session/session_rig.h"

namespace bowline::session {
namespace {

using Entries = std::vector<std::string>;

TEST(SessionMachine, a_call_that_comes_again_gets_the_same_answer_and_is_not_done_again) {
  Rig rig;
  const SessionId session = rig.open();
  EXPECT_EQ(rig.call(session, 1, 1, "a"), done("#1"));
  EXPECT_EQ(rig.call(session, 1, 1, "a"), done("#1"));
  EXPECT_EQ(rig.call(session, 2, 1, "b"), done("#2"));
  EXPECT_EQ(rig.call(session, 1, 1, "a"), done("#1"));
  EXPECT_EQ(rig.diary.entries, Entries({"a", "b"}));
}

// It would never be marked, and would begin empty with each process.
TEST(SessionMachine, refuses_a_machine_that_keeps_its_state_by_itself) {
  machine::DurableStub kept;
  EXPECT_TRUE(SessionMachine(kept).fault().contains("within a SessionMachine"));
  // However deep it is.
  EXPECT_TRUE(SessionMachine(std::make_unique<SessionMachine>(kept))
                  .fault()
                  .contains("within a SessionMachine"));
  Diary diary;
  EXPECT_EQ(SessionMachine(diary).fault(), "");
  EXPECT_EQ(kept.fault(), "");
}

TEST(SessionMachine, in_one_batch_as_well) {
  Rig rig;
  const SessionId session = rig.open();
  const std::string first = encode({.tag = 1, .body = Call{session, {1}, {1}, "a"}});
  const std::string again = encode({.tag = 2, .body = Call{session, {1}, {1}, "a"}});
  EXPECT_EQ(rig.give_all({first, again, first}), Entries({done("#1"), done("#1"), done("#1")}));
  EXPECT_EQ(rig.diary.entries, Entries({"a"}));
}

TEST(SessionMachine, calls_under_way_may_arrive_in_any_order) {
  Rig rig;
  const SessionId session = rig.open();
  EXPECT_EQ(rig.call(session, 3, 1, "c"), done("#1"));
  EXPECT_EQ(rig.call(session, 1, 1, "a"), done("#2"));
  EXPECT_EQ(rig.call(session, 3, 1, "c"), done("#1"));
  EXPECT_EQ(rig.call(session, 2, 1, "b"), done("#3"));
  EXPECT_EQ(rig.diary.entries, Entries({"c", "a", "b"}));
}

TEST(SessionMachine, what_the_client_does_not_wait_for_is_never_done_late) {
  Rig rig;
  const SessionId session = rig.open();
  rig.call(session, 3, 3, "c");  // 1 and 2 were given up
  EXPECT_EQ(rig.call(session, 1, 1, "a"), encode(Received{}));
  EXPECT_EQ(rig.call(session, 2, 2, "b"), encode(Received{}));
  EXPECT_EQ(rig.diary.entries, Entries({"c"}));
  EXPECT_EQ(rig.machine.table().find(session)->answers.size(), 1U);
}

TEST(SessionMachine, without_a_session_nothing_is_done_and_the_client_knows) {
  Rig rig;
  EXPECT_EQ(rig.call({1}, 1, 1, "a"), encode(Expired{}));
  const SessionId session = rig.open();
  EXPECT_EQ(rig.say(Close{session}), encode(Well{}));
  EXPECT_EQ(rig.call(session, 1, 1, "a"), encode(Expired{}));
  EXPECT_EQ(rig.say(KeepAlive{session, {1}}), encode(Expired{}));
  EXPECT_EQ(rig.say(Close{session}), encode(Well{}));
  EXPECT_TRUE(rig.diary.entries.empty());
}

TEST(SessionMachine, two_sessions_do_not_mix) {
  Rig rig;
  const SessionId one = rig.open();
  const SessionId two = rig.open();
  EXPECT_NE(one, two);
  EXPECT_EQ(rig.call(one, 1, 1, "a"), done("#1"));
  EXPECT_EQ(rig.call(two, 1, 1, "b"), done("#2"));
}

TEST(SessionMachine, plain_commands_pass_and_strange_bytes_are_an_answer) {
  Rig rig;
  const std::string plain = encode({.tag = 0, .body = Plain{"p"}});
  EXPECT_EQ(rig.give_all({plain, "??", "", plain}),
            Entries({done("#1"), encode(Malformed{}), encode(Malformed{}), done("#2")}));
  EXPECT_EQ(rig.diary.batches, 1U);
}

TEST(SessionMachine, calls_of_many_sessions_reach_the_machine_as_one_batch) {
  Rig rig;
  std::vector<std::string> calls;
  calls.reserve(50);
  for (int i = 0; i < 50; ++i)
    calls.push_back(encode({.tag = 0, .body = Call{rig.open(), {1}, {1}, "x"}}));
  rig.give_all(calls);
  EXPECT_EQ(rig.diary.batches, 1U);
  EXPECT_EQ(rig.diary.entries.size(), 50U);
}

TEST(SessionMachine, no_more_calls_than_agreed_are_remembered) {
  Rig rig;
  rig.say(SetBounds{{.most_calls = 4}});
  const SessionId session = rig.open();
  for (std::uint64_t serial = 2; serial <= 4; ++serial)
    EXPECT_NE(rig.call(session, serial, 1, "x"), encode(Beyond{}));
  EXPECT_EQ(rig.call(session, 5, 1, "x"), encode(Beyond{}));
  EXPECT_EQ(rig.diary.entries.size(), 3U);
  EXPECT_EQ(rig.call(session, 5, 2, "x"), done("#4"));
}

TEST(SessionMachine, the_one_that_was_not_used_for_longest_makes_room) {
  Rig rig;
  rig.say(SetBounds{{.most_sessions = 3}});
  const SessionId one = rig.open();
  const SessionId two = rig.open();
  const SessionId three = rig.open();
  rig.call(one, 1, 1, "a");
  rig.say(KeepAlive{two, {1}});
  rig.call(one, 1, 1, "a");  // one that is known is a use, too
  rig.open();
  EXPECT_EQ(rig.call(three, 1, 1, "c"), encode(Expired{}));
  rig.open();
  EXPECT_EQ(rig.call(two, 1, 1, "b"), encode(Expired{}));
  EXPECT_EQ(rig.call(one, 1, 1, "a"), done("#1"));
  EXPECT_EQ(rig.machine.table().size(), 3U);
}

TEST(SessionMachine, a_session_that_is_not_used_ends_by_the_ticks) {
  Rig rig;
  rig.say(SetBounds{{.lifetime_ms = 10'000, .most_step_ms = 10'000}});
  const SessionId idle = rig.open();
  const SessionId busy = rig.open();
  rig.say(Tick{6'000});
  EXPECT_EQ(rig.call(busy, 1, 1, "a"), done("#1"));
  rig.say(Tick{10'000});
  EXPECT_EQ(rig.machine.table().size(), 2U);
  rig.say(Tick{9'000});  // by a clock that is behind
  rig.say(Tick{10'001});
  EXPECT_EQ(rig.call(idle, 1, 1, "b"), encode(Expired{}));
  EXPECT_EQ(rig.call(busy, 1, 1, "a"), done("#1"));
}

TEST(SessionMachine, a_clock_that_is_far_ahead_ends_nobody) {
  Rig rig;
  const SessionId session = rig.open();
  rig.say(Tick{absurd});
  EXPECT_EQ(rig.machine.table().time_ms(), Bounds{}.most_step_ms);
  EXPECT_EQ(rig.call(session, 1, 1, "a"), done("#1"));
}

TEST(SessionMachine, answers_make_room_and_their_calls_stay_done) {
  Rig rig;
  rig.say(SetBounds{{.most_answer_bytes = 100, .most_bytes = 250}});
  const SessionId one = rig.open();
  const SessionId two = rig.open();
  rig.diary.longer = std::string(90, 'x');
  rig.call(one, 1, 1, "a");
  rig.call(two, 1, 1, "b");
  rig.call(one, 2, 1, "c");  // two is silent for longer
  EXPECT_EQ(rig.call(two, 1, 1, "b"), encode(Forgotten{}));
  EXPECT_EQ(rig.call(one, 1, 1, "a"), done(rig.diary.longer + "#1"));
  EXPECT_LE(rig.machine.table().bytes(), 250U);
  rig.diary.longer = std::string(100, 'x');  // too long to keep
  EXPECT_EQ(rig.call(two, 2, 2, "d"), done(rig.diary.longer + "#4"));
  EXPECT_EQ(rig.call(two, 2, 2, "d"), encode(Forgotten{}));
  EXPECT_EQ(rig.diary.entries, Entries({"a", "b", "c", "d"}));
}

TEST(SessionMachine, bounds_that_become_smaller_hold_at_once) {
  Rig rig;
  std::vector<SessionId> sessions;
  sessions.reserve(10);
  for (int i = 0; i < 10; ++i) sessions.push_back(rig.open());
  for (const SessionId session : sessions) rig.call(session, 1, 1, "x");
  rig.say(SetBounds{{.most_sessions = 4, .most_bytes = 5}});
  EXPECT_EQ(rig.machine.table().size(), 4U);
  EXPECT_LE(rig.machine.table().bytes(), 5U);
  EXPECT_EQ(rig.call(sessions[5], 1, 1, "x"), encode(Expired{}));
  EXPECT_EQ(rig.call(sessions[9], 1, 1, "x"), done("#10"));
}

TEST(SessionMachine, a_machine_may_belong_to_it) {
  SessionMachine machine(std::make_unique<Diary>());
  const std::vector<machine::Command> commands{
      {{{1}, {1}}, Bytes::own(encode({.tag = 0, .body = Plain{"p"}}))}};
  std::vector<std::string> answers(1);
  machine.apply(commands, answers);
  EXPECT_EQ(answers.front(), done("#1"));
}

TEST(SessionMachine, a_membership_passes_through) {
  Rig rig;
  rig.machine.configured({{1}, {5}}, "three");
  EXPECT_EQ(rig.diary.members, "three");
}

// ---- the same everywhere

// Clients that send anything again, in any order, to a table that is much too small for them.
class Crowd {
 public:
  std::string next(Prng& prng, std::uint64_t index);
  void heard(const std::string& answer) {
    const auto reply = decode_reply(answer);
    if (const auto* opened = std::get_if<Opened>(&*reply)) opened_.push_back(opened->session);
  }

 private:
  // Mostly one of the newest.
  SessionId session(Prng& prng) const {
    const std::uint64_t back = prng.below(prng.chance(90) ? 5 : 50);
    return back < opened_.size() ? opened_[opened_.size() - 1 - back] : SessionId{1 + back};
  }
  std::vector<SessionId> opened_;
};

std::string Crowd::next(Prng& prng, std::uint64_t index) {
  const std::uint64_t serial = 1 + prng.below(12);
  std::string command(prng.below(30), static_cast<char>('a' + prng.below(26)));
  const auto with = [&](Body body) { return encode({.tag = prng.below(3), .body = body}); };
  switch (prng.below(24)) {
    case 0:
    case 1: return with(Open{});
    case 2: return with(KeepAlive{session(prng), {1 + prng.below(serial)}});
    case 3: return with(Close{session(prng)});
    case 4: return with(Tick{prng.below(40) * 100 + index * 10});
    case 5: return with(Plain{command});
    case 6: return command;
    case 7:
      return with(SetBounds{{.most_sessions = 1 + prng.below(12),
                             .most_calls = 1 + prng.below(8),
                             .most_answer_bytes = prng.below(30),
                             .most_bytes = prng.below(120),
                             .lifetime_ms = 1000,
                             .most_step_ms = 100}});
    default: return with(Call{session(prng), {serial}, {1 + prng.below(serial)}, command});
  }
}

struct History {
  std::vector<std::string> envelopes;
  std::vector<std::string> answers;
  std::string snapshot;
  Entries entries;
};

// One by one.
History history_of(std::uint64_t seed) {
  Prng prng(seed);
  Rig rig;
  Crowd crowd;
  History history;
  for (std::uint64_t i = 0; i < 300; ++i) {
    history.envelopes.push_back(crowd.next(prng, i));
    rig.diary.longer = std::string(i % 25, 'y');  // of the index: the same everywhere
    history.answers.push_back(rig.give(history.envelopes.back()));
    crowd.heard(history.answers.back());
  }
  history.snapshot = rig.saved();
  history.entries = rig.diary.entries;
  return history;
}

TEST(SessionMachine, a_replica_that_was_restored_anywhere_is_the_same_as_one_that_applied_all) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const History history = history_of(seed);
    Prng prng(seed);
    auto rig = std::make_unique<Rig>();
    for (std::uint64_t i = 0; i < history.envelopes.size(); ++i) {
      if (prng.chance(5)) {
        auto next = std::make_unique<Rig>();
        ASSERT_TRUE(next->load(rig->saved(1 + prng.below(50)), 1 + prng.below(50)));
        next->index = rig->index;
        rig = std::move(next);
      }
      rig->diary.longer = std::string(i % 25, 'y');
      ASSERT_EQ(rig->give(history.envelopes[i]), history.answers[i]) << seed << " at " << i;
    }
    ASSERT_EQ(rig->saved(), history.snapshot) << seed;
  }
}

// Answers may differ in length only by what is the same everywhere, so here they do not.
TEST(SessionMachine, how_commands_are_batched_changes_nothing) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Prng prng(seed);
    Crowd crowd;
    Rig one;
    Rig other;
    std::vector<std::string> batch;
    std::vector<std::string> answers;
    for (std::uint64_t i = 0; i < 300; ++i) {
      batch.push_back(crowd.next(prng, i));
      answers.push_back(one.give(batch.back()));
      crowd.heard(answers.back());
      if (prng.chance(80) && i + 1 < 300) continue;
      ASSERT_EQ(other.give_all(batch), answers) << seed << " through " << i;
      ASSERT_EQ(other.saved(), one.saved()) << seed << " through " << i;
      batch.clear();
      answers.clear();
    }
  }
}

}  // namespace
}  // namespace bowline::session
