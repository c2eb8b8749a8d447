// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/raft/core.h"

// A follower whose log left the leader's long ago. The leader finds where they part by going back a
// whole term with each question, and not an entry: in few round trips, however long the logs are.
namespace bowline::raft {
namespace {

constexpr ClusterId cluster{7};
constexpr std::uint64_t common = 100;  // entries of term 1 that both have

struct Run {  // of entries of one term
  std::uint64_t term = 0;
  std::uint64_t count = 0;
};
using Past = std::vector<Run>;

// Two voters, the first of which is about to lead. Their disks and wires take no time: only what
// goes to and fro counts.
class Pair {
 public:
  Pair(const Past& leader, const Past& follower) {
    start(0, leader);
    start(1, follower);
    step(0, Campaign{});
    persist(0);
    while (!leads() && exchange()) continue;
  }

  bool leads() const { return core(0).leads(core(0).term()); }
  bool level() const {
    const LogId last = core(0).outline().last();
    return core(1).outline().last() == last && core(1).outline().durable() == last.index &&
           core(0).commit() == last.index;
  }
  bool same_logs() const { return nodes_[0].log == nodes_[1].log; }
  std::uint64_t entries_sent() const { return entries_sent_; }

  // All that the first has sent arrives, then all that the other has to say to it. False: nothing
  // was on its way.
  bool exchange() {
    if (nodes_[1].mail.empty()) return false;
    for (const std::size_t at : {1U, 0U}) {
      for (Received& letter : std::exchange(nodes_[at].mail, {})) step(at, std::move(letter));
      persist(at);
    }
    return true;
  }

 private:
  struct Node {
    std::unique_ptr<Core> core;
    std::vector<LogId> log;
    std::vector<Received> mail;
    Seq written;
    Seq persisted;
  };

  const Core& core(std::size_t at) const { return *nodes_[at].core; }

  void start(std::size_t at, const Past& past) {
    Membership membership{.cluster = cluster, .members = {}};
    for (std::uint64_t id = 1; id <= 2; ++id) {
      Member member;
      member.id = {id};
      member.incarnation = {100 + id};
      membership.members.push_back(member);
    }
    Found found;
    found.base = {{}, std::make_shared<const Membership>(std::move(membership)), {}, {}};
    const auto add = [&](const Run& run) {
      for (std::uint64_t i = 0; i < run.count; ++i)
        nodes_[at].log.push_back({{run.term}, {nodes_[at].log.size() + 1}});
      found.entries.push_back({nodes_[at].log.back(), run.count, run.count * entry_overhead});
    };
    add({1, common});
    for (const Run& run : past) add(run);
    found.hard_state.term = nodes_[at].log.back().term;
    nodes_[at].core = std::make_unique<Core>(std::make_shared<const Options>(),
                                             Identity{{at + 1}, cluster, {101 + at}, at + 1},
                                             std::move(found), Time{});
  }

  void step(std::size_t at, Input input) {
    Effects effects;
    nodes_[at].core->step(Time{}, std::move(input), effects);
    for (Effect& effect : effects) {
      if (auto* write = std::get_if<Persist>(&effect)) keep(nodes_[at], *write);
      if (auto* sent = std::get_if<Send>(&effect)) send(at, std::move(sent->message));
      if (auto* span = std::get_if<SendSpan>(&effect)) {
        auto& request = std::get<AppendRequest>(span->head.body);
        for (Index i = request.prev.index.next(); i <= span->last; i = i.next())
          request.entries.push_back({nodes_[at].log[i.value - 1], Kind::blank, {}});
        entries_sent_ += request.entries.size();
        send(at, std::move(span->head));
      }
      EXPECT_FALSE(std::holds_alternative<Impossible>(effect));
    }
  }

  static void keep(Node& node, const Persist& write) {
    node.written = write.seq;
    if (write.cut_after) node.log.resize(write.cut_after->value);
    for (const Entry& entry : write.entries) node.log.push_back(entry.id);
  }

  void send(std::size_t from, Message message) {
    nodes_[1 - from].mail.push_back({{from + 1}, std::move(message)});
  }

  void persist(std::size_t at) {
    Node& node = nodes_[at];
    while (node.persisted < node.written) {
      node.persisted = node.written;
      step(at, Persisted{node.persisted});
    }
  }

  std::array<Node, 2> nodes_;
  std::uint64_t entries_sent_ = 0;
};

std::uint64_t length(const Past& past) {
  std::uint64_t sum = 0;
  for (const Run& run : past) sum += run.count;
  return sum;
}

void expect_level_within(std::uint64_t bound, const Past& leader, const Past& follower) {
  Pair pair(leader, follower);
  ASSERT_TRUE(pair.leads());
  const std::uint64_t sent = pair.entries_sent();
  EXPECT_FALSE(pair.level());
  std::uint64_t round_trips = 0;
  while (!pair.level() && round_trips <= bound && pair.exchange()) ++round_trips;
  EXPECT_TRUE(pair.level());
  EXPECT_TRUE(pair.same_logs());
  EXPECT_LE(round_trips, bound);
  // Each entry once, and the first of the term perhaps with the first question, too.
  EXPECT_LE(pair.entries_sent() - sent, length(leader) + 1);
}

const Past ten_thousand_of_three_terms = {{2, 3'334}, {5, 3'333}, {8, 3'333}};

TEST(BackingUp, ten_thousand_entries_of_three_terms_take_no_more_than_terms_and_two) {
  const std::array<Past, 6> leaders{
      Past{{9, 1}},                              // one entry instead of them
      Past{{9, 20'000}},                         // far more
      Past{{3, 3'334}, {6, 3'333}, {9, 3'333}},  // as many, term by term
      Past{{3, 10'000}, {9, 1}},                 // most of an older term than the follower's
      Past{{3, 10}, {6, 10}, {9, 10}},
      Past{{3, 1'000}, {4, 1'000}, {6, 900}, {7, 900}, {9, 900}},  // more terms than the follower
  };
  for (const Past& leader : leaders)
    expect_level_within(3 + 2, leader, ten_thousand_of_three_terms);
}

TEST(BackingUp, a_part_that_both_have_is_not_sent_again) {
  // They part in the midst of term 5, and the follower has all of term 8 for itself.
  expect_level_within(2 + 2, {{2, 3'334}, {5, 1'000}, {9, 10}}, ten_thousand_of_three_terms);
}

TEST(BackingUp, a_follower_that_only_lacks_entries_takes_three) {
  expect_level_within(3, {{2, 3'334}, {5, 3'333}, {8, 3'333}, {9, 10'000}},
                      ten_thousand_of_three_terms);
}

}  // namespace
}  // namespace bowline::raft
