// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/client.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/session/session_rig.h"

namespace bowline::session {
namespace {

using What = Verdict::What;

class ClientTest : public testing::Test {
 protected:
  void open() { client_.heard(rig_.give(client_.open())); }
  Serial call(std::string command) { return *client_.call(std::move(command)); }
  Verdict tried(Serial serial) {
    const std::string reply = rig_.give(client_.attempt(serial));
    return client_.heard(serial, Answered{reply});
  }

  Rig rig_;
  Client client_;
};

TEST_F(ClientTest, a_call_is_done_once_although_its_answer_was_lost) {
  open();
  const Serial serial = call("a");
  rig_.give(client_.attempt(serial));
  EXPECT_TRUE(client_.waiting().empty());
  EXPECT_EQ(client_.heard(serial, Unknown{}).what, What::open);
  EXPECT_EQ(client_.waiting(), std::vector<Serial>{serial});
  const Verdict verdict = tried(serial);
  EXPECT_EQ(verdict.what, What::done);
  EXPECT_EQ(verdict.answer, "#1");
  EXPECT_EQ(rig_.diary.entries, std::vector<std::string>{"a"});
  EXPECT_EQ(client_.calls(), 0U);
}

TEST_F(ClientTest, two_tries_are_never_the_same_bytes) {
  open();
  const Serial serial = call("a");
  EXPECT_NE(client_.attempt(serial), client_.attempt(serial));
}

TEST_F(ClientTest, nothing_is_called_before_there_is_a_session) {
  EXPECT_FALSE(client_.call("a"));
  client_.heard("\7");
  EXPECT_FALSE(client_.call("a"));
  open();
  EXPECT_TRUE(client_.call("a"));
  const SessionId first = client_.session();
  open();  // another try that arrived, too
  EXPECT_EQ(client_.session(), first);
}

TEST_F(ClientTest, after_the_end_of_the_session_it_knows_what_was_not_done) {
  open();
  const Serial never = call("a");
  const Serial perhaps = call("b");
  client_.attempt(never);
  client_.heard(never, NeverDone{});
  client_.attempt(perhaps);
  client_.heard(perhaps, Unknown{});
  rig_.say(Close{client_.session()});
  EXPECT_EQ(tried(never).what, What::refused);
  EXPECT_EQ(tried(perhaps).what, What::maybe);
  EXPECT_TRUE(client_.over());
  EXPECT_FALSE(client_.call("c"));
}

TEST_F(ClientTest, another_try_under_way_may_have_done_it) {
  open();
  const Serial serial = call("a");
  client_.attempt(serial);
  rig_.say(Close{client_.session()});
  EXPECT_EQ(tried(serial).what, What::maybe);
  EXPECT_EQ(client_.heard(serial, Unknown{}).what, What::settled);
}

TEST_F(ClientTest, a_keep_alive_tells_that_the_session_is_over) {
  open();
  client_.heard(rig_.give(client_.keep_alive()));
  EXPECT_FALSE(client_.over());
  rig_.say(Close{client_.session()});
  client_.heard(rig_.give(client_.keep_alive()));
  EXPECT_TRUE(client_.over());
}

TEST_F(ClientTest, an_answer_that_is_not_kept_is_still_a_done) {
  rig_.say(SetBounds{{.most_answer_bytes = 0}});
  open();
  const Serial serial = call("a");
  rig_.give(client_.attempt(serial));
  client_.heard(serial, Unknown{});
  const Verdict verdict = tried(serial);
  EXPECT_EQ(verdict.what, What::done);
  EXPECT_FALSE(verdict.answer);
}

TEST_F(ClientTest, what_was_given_up_is_not_done_later) {
  open();
  const Serial first = call("a");
  const std::string late = client_.attempt(first);
  client_.heard(first, Unknown{});
  EXPECT_EQ(client_.give_up(first).what, What::maybe);
  EXPECT_EQ(client_.give_up(call("b")).what, What::refused);
  EXPECT_EQ(tried(call("c")).what, What::done);
  EXPECT_EQ(rig_.give(late), encode(Received{}));
  EXPECT_EQ(rig_.diary.entries, std::vector<std::string>{"c"});
}

TEST_F(ClientTest, no_more_calls_are_without_a_verdict_than_were_allowed) {
  client_ = Client({.most_calls = 2, .first_tag = 0});
  open();
  const Serial first = call("a");
  const Serial second = call("b");
  EXPECT_FALSE(client_.call("c"));
  EXPECT_EQ(tried(second).what, What::done);
  EXPECT_FALSE(client_.call("c"));  // the first still holds its place in the machine
  EXPECT_EQ(tried(first).what, What::done);
  EXPECT_TRUE(client_.call("c"));
}

// Tries get lost, come late, double and overtake each other: what a client calls done was done
// once, what it calls refused never, and nothing twice.
TEST(ClientChaos, each_call_is_done_at_most_once_and_the_verdict_is_true) {
  std::map<What, std::uint64_t> seen;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Prng prng(seed);
    Rig rig;
    rig.say(SetBounds{{.most_sessions = 3, .most_calls = 4}});
    Client client({.most_calls = 4, .first_tag = 0});
    client.heard(rig.give(client.open()));
    std::vector<std::string> network;
    std::map<std::string, What> verdicts;
    std::map<Serial, std::string> names;
    for (int i = 0; i < 200; ++i) {
      const auto called = client.call("c" + std::to_string(i));
      if (called) names[*called] = "c" + std::to_string(i);
      if (prng.chance(2)) rig.open();  // three of these, and ours has to go
      for (const Serial serial : client.waiting()) {
        const std::string sent = client.attempt(serial);
        const bool delayed = prng.chance(30);
        if (delayed) network.push_back(sent);
        Verdict verdict;
        if (prng.chance(50)) {
          const std::string reply = rig.give(sent);
          verdict = client.heard(serial, prng.chance(50) ? Word(Answered{reply}) : Word(Unknown{}));
        } else {
          verdict = client.heard(serial, delayed ? Word(Unknown{}) : Word(NeverDone{}));
        }
        if (verdict.what == What::open && prng.chance(3)) verdict = client.give_up(serial);
        if (verdict.what != What::open) verdicts[names[serial]] = verdict.what;
      }
      while (!network.empty() && prng.chance(70)) {
        const std::size_t late = prng.below(network.size());
        rig.give(network[late]);
        if (prng.chance(80)) network.erase(network.begin() + static_cast<std::ptrdiff_t>(late));
      }
    }
    for (const auto& [name, verdict] : verdicts) {
      const auto times = std::ranges::count(rig.diary.entries, name);
      ASSERT_LE(times, 1) << seed << " " << name;
      if (verdict != What::maybe) {
        ASSERT_EQ(times, verdict == What::done ? 1 : 0) << seed << " " << name;
      }
      ++seen[verdict];
    }
  }
  EXPECT_GT(seen[What::done], 1000U);
  EXPECT_GT(seen[What::refused], 10U);
  EXPECT_GT(seen[What::maybe], 10U);
}

}  // namespace
}  // namespace bowline::session
