// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/log_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct LogCase : testing::Test {
  Forge forge{3};
  std::shared_ptr<Committed> committed = std::make_shared<Committed>();
  LogWitness witness{forge, committed};

  void writes(std::uint64_t id, Term term, const std::string& command, bool leads = false) {
    Site& site = forge.node(id);
    const raft::Effects effects = grow(site, term, command);
    witness.saw(site, leads ? forge.leader(site, term) : forge.follower(site, term), raft::Woken{},
                effects);
  }
  void appends(std::uint64_t id, Term term, LogId prev, raft::Batch entries) {
    raft::AppendRequest append{.prev = prev, .entries = std::move(entries)};
    witness.sent(forge.node(id), {2}, forge.message(forge.node(id), {2}, term, append));
  }
  void wins(std::uint64_t id, Term term, bool damaged = false) {
    Mind mind = forge.leader(forge.node(id), term);
    mind.damaged = damaged;
    witness.saw(forge.node(id), mind, raft::Woken{}, Forge::crowned({id}, term));
  }
};

TEST_F(LogCase, equal_logs_are_fine_and_so_are_different_terms) {
  writes(1, {1}, "a", true);
  writes(1, {1}, "b", true);
  writes(2, {1}, "a");
  writes(2, {2}, "c");
  appends(1, {1}, {}, {forge.node(1).written.at({1})->entry});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(LogCase, two_entries_of_one_index_and_term_are_seen) {
  writes(1, {1}, "a");
  writes(2, {1}, "b");
  EXPECT_EQ(forge.broken(), "I3");
}

TEST_F(LogCase, the_same_entry_after_different_ones_is_seen) {
  writes(1, {1}, "a");
  writes(2, {2}, "b");
  writes(1, {3}, "c");
  writes(2, {3}, "c");
  EXPECT_EQ(forge.broken(), "I3");
}

TEST_F(LogCase, a_write_that_did_not_happen_is_seen) {
  const raft::Effects effects = grow(forge.node(1), {1}, "a");
  cut(forge.node(1).written, {0});
  witness.saw(forge.node(1), forge.follower(forge.node(1), {1}), raft::Woken{}, effects);
  EXPECT_EQ(forge.broken(), "I3");
}

TEST_F(LogCase, a_leader_that_overwrites_its_own_log_is_seen) {
  writes(1, {1}, "a", true);
  writes(1, {2}, "b", true);
  cut(forge.node(1).written, {1});
  witness.saw(forge.node(1), forge.leader(forge.node(1), {2}), raft::Woken{}, {});
  EXPECT_EQ(forge.broken(), "I2");
}

TEST_F(LogCase, a_leader_without_what_was_committed_is_seen) {
  writes(1, {1}, "a");
  committed->append(*forge.node(1).written.at({1}), {1});
  wins(1, {2});
  ASSERT_EQ(forge.broken(), "");
  wins(2, {2});
  EXPECT_EQ(forge.broken(), "I4");
}

TEST_F(LogCase, a_leader_of_an_older_term_need_not_have_it) {
  writes(1, {2}, "a");
  committed->append(*forge.node(1).written.at({1}), {2});
  wins(2, {1});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(LogCase, a_leader_with_a_damaged_log_is_seen) {
  wins(1, {1}, true);
  EXPECT_EQ(forge.broken(), "I4");
}

TEST_F(LogCase, sending_a_piece_of_no_log_is_seen) {
  writes(1, {1}, "a", true);
  writes(2, {2}, "b");
  writes(2, {2}, "c");
  appends(1, {2}, {{1}, {1}}, {forge.node(2).written.at({2})->entry});
  EXPECT_EQ(forge.broken(), "I3");
}

TEST_F(LogCase, sending_entries_of_a_later_term_is_seen) {
  writes(1, {2}, "a", true);
  appends(1, {1}, {}, {forge.node(1).written.at({1})->entry});
  EXPECT_EQ(forge.broken(), "I3");
}

}  // namespace
}  // namespace bowline::sim
