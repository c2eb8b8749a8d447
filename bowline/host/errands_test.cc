// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/errands.h"

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

class SoonLoop final : public env::Loop {
 public:
  env::TimerId timer(std::move_only_function<void()>) override { return {}; }
  void set(env::TimerId, Time) override {}
  void drop(env::TimerId) override {}
  void soon(env::Done<> what) override { soon_.push_back(std::move(what)); }
  void aside(env::Done<>, env::Done<>) override {}
  void run() {
    while (!soon_.empty()) {
      env::Done<> what = std::move(soon_.front());
      soon_.pop_front();
      what();
    }
  }

 private:
  std::deque<env::Done<>> soon_;
};

wire::Frame read_frame(const std::string& bytes) {
  wire::FrameReader reader(64 << 20);
  std::vector<wire::Frame> whole;
  EXPECT_TRUE(reader.feed(bytes, whole));
  EXPECT_EQ(whole.size(), 1U);
  return whole.empty() ? wire::Frame{} : whole.front();
}

// Node 1 asks node 2. The test carries the frames.
class ErrandsTest : public testing::Test {
 public:
  Errands::Network network(std::vector<std::string>& sent) {
    return {.reaches = [this](NodeId) { return reaches; },
            .queued = [this](NodeId) { return queued; },
            .send = [&sent](NodeId, std::string frame) { sent.push_back(std::move(frame)); }};
  }
  std::uint64_t ask(const std::string& what) {
    const std::size_t i = said.size();
    said.emplace_back();
    return one.ask({2}, {7}, what,
                   [this, i](std::expected<Bytes, Errands::Lost> told) { said[i] = told; });
  }
  void carry() {
    loop.run();
    for (const std::string& frame : std::exchange(from_one, {}))
      two.received({1}, read_frame(frame));
    loop.run();
    for (const std::string& frame : std::exchange(from_two, {}))
      one.received({2}, read_frame(frame));
    loop.run();
  }
  std::string text(std::size_t i) const {
    if (!said[i]) return "waits";
    if (*said[i]) return std::string((*said[i])->view());
    return said[i]->error().may_be_done ? "unknown" : "not done";
  }

  SoonLoop loop;
  bool reaches = true;
  std::uint64_t queued = 0;
  std::vector<std::string> from_one, from_two;
  Errands one{loop, {.most_waiting = 3}, network(from_one)};
  Errands two{loop, {.most_waiting = 3}, network(from_two)};
  std::vector<std::optional<std::expected<Bytes, Errands::Lost>>> said;
};

TEST_F(ErrandsTest, those_of_one_turn_are_one_frame_and_each_gets_its_answer) {
  std::vector<env::Done<std::string>> later;
  two.serve({7}, [&](NodeId from, const Bytes& what, env::Done<std::string> answer) {
    EXPECT_EQ(from, NodeId{1});
    if (what.view() == "later") {
      later.push_back(std::move(answer));
    } else {
      answer("did " + std::string(what.view()));
    }
  });
  ask("later");
  ask("a");
  loop.run();
  EXPECT_EQ(from_one.size(), 1U);
  carry();
  EXPECT_EQ(text(0), "waits");
  EXPECT_EQ(text(1), "did a");
  later[0]("did it at last");
  carry();
  EXPECT_EQ(text(0), "did it at last");
  EXPECT_EQ(one.waiting(), 0U);
}

TEST_F(ErrandsTest, where_nobody_serves_nothing_was_done) {
  ask("a");
  carry();
  EXPECT_EQ(text(0), "not done");
}

TEST_F(ErrandsTest, what_cannot_be_sent_was_not_done) {
  reaches = false;
  ask("a");
  EXPECT_EQ(text(0), "waits");  // it is never told within the call
  carry();
  EXPECT_EQ(text(0), "not done");
  reaches = true;
  queued = 65U << 20;
  ask("b");
  carry();
  EXPECT_EQ(text(1), "not done");
  EXPECT_TRUE(from_one.empty());
}

TEST_F(ErrandsTest, no_more_wait_than_there_is_room_for) {
  two.serve({7}, [](NodeId, const Bytes&, env::Done<std::string>) {});
  for (const char* what : {"a", "b", "c", "d"}) ask(what);
  carry();
  EXPECT_EQ(text(2), "waits");
  EXPECT_EQ(text(3), "not done");
}

TEST_F(ErrandsTest, of_what_was_sent_before_the_connection_broke_nobody_knows) {
  two.serve({7}, [](NodeId, const Bytes&, env::Done<std::string>) {});
  ask("a");
  carry();
  one.broke({3});
  EXPECT_EQ(text(0), "waits");
  one.broke({2});
  EXPECT_EQ(text(0), "unknown");
}

TEST_F(ErrandsTest, another_process_is_not_told_what_the_one_before_it_asked) {
  std::vector<env::Done<std::string>> later;
  two.serve({7}, [&](NodeId, const Bytes&, env::Done<std::string> answer) {
    later.push_back(std::move(answer));
  });
  ask("of the process before");
  carry();
  two.broke({1});
  later[0]("done");
  loop.run();
  EXPECT_TRUE(from_two.empty());
}

TEST_F(ErrandsTest, only_who_was_asked_is_believed_and_only_once) {
  two.serve({7}, [](NodeId, const Bytes&, env::Done<std::string> answer) { answer("yes"); });
  ask("a");
  loop.run();
  two.received({1}, read_frame(from_one.at(0)));
  loop.run();
  one.received({3}, read_frame(from_two.at(0)));
  EXPECT_EQ(text(0), "waits");
  one.received({2}, read_frame(from_two.at(0)));
  EXPECT_EQ(text(0), "yes");
  one.received({2}, read_frame(from_two.at(0)));
}

TEST_F(ErrandsTest, who_has_forgotten_is_not_told) {
  two.serve({7}, [](NodeId, const Bytes&, env::Done<std::string> answer) { answer("yes"); });
  one.forget(ask("a"));
  carry();
  EXPECT_EQ(text(0), "waits");
}

TEST_F(ErrandsTest, much_in_one_turn_is_several_frames) {
  two.serve({7}, [](NodeId, const Bytes& what, env::Done<std::string> answer) {
    answer(std::string(what.view()));
  });
  ask(std::string(700'000, 'a'));
  ask(std::string(700'000, 'b'));
  ask("c");
  loop.run();
  EXPECT_EQ(from_one.size(), 2U);
  carry();
  EXPECT_EQ(text(1), std::string(700'000, 'b'));
  EXPECT_EQ(text(2), "c");
}

// A connection that takes what it is given when somebody says so.
TEST_F(ErrandsTest, what_a_node_has_not_taken_stays_here_so_that_no_letter_stands_behind_it) {
  two.serve({7}, [](NodeId, const Bytes& what, env::Done<std::string> answer) {
    answer(std::to_string(what.view().size()));
  });
  queued = (1U << 20) + 1;
  ask("a");
  loop.run();
  ask(std::string(1U << 20, 'b'));
  EXPECT_TRUE(from_one.empty());
  one.drained({2});  // not yet
  EXPECT_TRUE(from_one.empty());
  queued = 0;
  ask("c");
  loop.run();
  EXPECT_TRUE(from_one.empty());  // it does not overtake those that wait
  one.drained({2});
  EXPECT_EQ(from_one.size(), 3U);
  carry();
  EXPECT_EQ(text(0), "1");
  EXPECT_EQ(text(1), std::to_string(1U << 20));
  EXPECT_EQ(text(2), "1");
}

TEST_F(ErrandsTest, what_stays_here_counts_and_goes_with_the_connection) {
  queued = (1U << 20) + 1;
  ask(std::string(40U << 20, 'a'));
  ask(std::string(40U << 20, 'b'));
  ask("c");
  loop.run();
  EXPECT_EQ(text(2), "not done");
  one.broke({2});
  EXPECT_EQ(text(0), "unknown");
  queued = 0;
  one.drained({2});
  EXPECT_TRUE(from_one.empty());
}

// It would break the connection that letters of all groups take.
TEST_F(ErrandsTest, what_no_frame_has_room_for_is_not_sent) {
  const std::string large((48 << 20) + 1, 'x');
  int served = 0;
  two.serve({7}, [&](NodeId, const Bytes& what, env::Done<std::string> answer) {
    ++served;
    answer(what.view() == "much" ? large : large.substr(1));
  });
  ask(large);
  carry();
  EXPECT_EQ(text(0), "not done");
  EXPECT_EQ(served, 0);
  ask("much");
  carry();
  EXPECT_EQ(text(1), "");
  ask("less");
  carry();
  EXPECT_EQ(text(2).size(), large.size() - 1);
}

// It asked when there was room. What is small is told all the same.
TEST_F(ErrandsTest, who_takes_no_answers_is_not_given_ever_more) {
  std::vector<env::Done<std::string>> later;
  two.serve({7}, [&](NodeId, const Bytes&, env::Done<std::string> answer) {
    later.push_back(std::move(answer));
  });
  ask("a");
  ask("b");
  carry();
  queued = 129U << 20;
  later[0](std::string(5000, 'x'));
  later[1](std::string(4000, 'x'));
  loop.run();
  queued = 0;
  two.drained({1});
  carry();
  EXPECT_EQ(text(0), "");
  EXPECT_EQ(text(1).size(), 4000U);
}

}  // namespace
}  // namespace bowline::host
