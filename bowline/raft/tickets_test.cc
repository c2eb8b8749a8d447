// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/tickets.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/words/describe.h"

namespace bowline::raft {
namespace {

LogId id(std::uint64_t term, std::uint64_t index) { return {{term}, {index}}; }

Outline log_of(LogId base, const std::vector<LogId>& entries) {
  std::vector<Held> held;
  held.reserve(entries.size());
  for (const LogId entry : entries) held.push_back({entry});
  return {base, held};
}

std::vector<std::string> committed(Tickets& tickets, std::uint64_t through, const Outline& log) {
  Effects effects;
  tickets.committed({through}, log, effects);
  std::vector<std::string> said;
  for (const Effect& effect : effects) said.push_back(text(effect));
  return said;
}

using Said = std::vector<std::string>;

TEST(Tickets, an_entry_is_decided_when_its_index_is_committed) {
  Tickets tickets;
  tickets.admit({7}, id(1, 2));
  tickets.admit({8}, id(1, 3));
  const Outline log = log_of({}, {id(1, 1), id(1, 2), id(1, 3)});
  EXPECT_EQ(committed(tickets, 1, log), Said{});
  EXPECT_EQ(committed(tickets, 2, log), Said{"decide ticket 7: committed"});
  EXPECT_EQ(committed(tickets, 3, log), Said{"decide ticket 8: committed"});
  EXPECT_TRUE(tickets.empty());
}

TEST(Tickets, an_entry_is_overruled_when_another_is_committed_in_its_place) {
  Tickets tickets;
  tickets.admit({7}, id(2, 2));
  const Outline log = log_of({}, {id(1, 1), id(3, 2)});
  EXPECT_EQ(committed(tickets, 1, log), Said{});
  EXPECT_EQ(committed(tickets, 2, log), Said{"decide ticket 7: overruled"});
}

TEST(Tickets, an_entry_that_was_cut_and_came_back_is_committed) {
  Tickets tickets;
  tickets.admit({7}, id(2, 2));
  Outline log = log_of({}, {id(1, 1), id(2, 2)});
  log.cut_after({1});
  log.append({id(3, 2), 1, 1});
  log.cut_after({1});
  log.append({id(2, 2), 1, 1});
  EXPECT_EQ(committed(tickets, 2, log), Said{"decide ticket 7: committed"});
}

TEST(Tickets, a_batch_that_was_committed_in_part_is_neither_done_nor_undone) {
  Tickets tickets;
  tickets.admit({7}, id(2, 4), 3);  // 2, 3 and 4
  const Outline log = log_of({}, {id(1, 1), id(2, 2), id(3, 3), id(3, 4)});
  EXPECT_EQ(committed(tickets, 3, log), Said{});
  EXPECT_EQ(committed(tickets, 4, log), Said{"decide ticket 7: unknown"});
}

TEST(Tickets, a_batch_of_which_nothing_was_committed_is_overruled) {
  Tickets tickets;
  tickets.admit({7}, id(2, 4), 3);
  const Outline log = log_of({}, {id(1, 1), id(3, 2), id(3, 3), id(3, 4)});
  EXPECT_EQ(committed(tickets, 4, log), Said{"decide ticket 7: overruled"});
}

TEST(Tickets, a_snapshot_in_place_of_the_log_does_not_tell) {
  Tickets tickets;
  tickets.admit({7}, id(2, 4));
  tickets.admit({8}, id(2, 9));
  EXPECT_EQ(committed(tickets, 6, log_of(id(3, 6), {})), Said{"decide ticket 7: unknown"});
  EXPECT_FALSE(tickets.empty());
}

TEST(Tickets, giving_up_says_that_we_do_not_know) {
  Tickets tickets;
  tickets.admit({7}, id(2, 4));
  tickets.admit({8}, id(2, 5));
  Effects effects;
  tickets.give_up(effects);
  ASSERT_EQ(effects.size(), 2U);
  EXPECT_EQ(text(effects[0]), "decide ticket 7: unknown");
  EXPECT_EQ(text(effects[1]), "decide ticket 8: unknown");
  EXPECT_TRUE(tickets.empty());
}

// A leader that was overruled and elected again admits at lower indexes than before.
TEST(Tickets, need_not_be_in_the_order_of_their_indexes) {
  Tickets tickets;
  tickets.admit({7}, id(2, 9));
  tickets.admit({8}, id(4, 3));
  const Outline log = log_of({}, {id(1, 1), id(4, 2), id(4, 3)});
  EXPECT_EQ(committed(tickets, 3, log), Said{"decide ticket 8: committed"});
  EXPECT_FALSE(tickets.empty());
}

}  // namespace
}  // namespace bowline::raft
