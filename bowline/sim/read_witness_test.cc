// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/read_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

struct ReadCase : testing::Test {
  Forge forge{2};
  std::shared_ptr<Committed> committed = std::make_shared<Committed>();
  ReadWitness witness{forge, committed};
  Site& fresh = forge.node(1);
  Site& stale = forge.node(2);

  void write(Ticket ticket, const std::string& command, Term term = {1}) {
    witness.write_begun(ticket, Bytes::copy(command));
    grow(fresh, term, command);
    committed->append(fresh.written.lines.back(), term);
    fresh.machine.applied = fresh.written.lines.back().entry.id;
  }
  void begin(Ticket ticket, raft::ReadKind kind = raft::ReadKind::linearizable) {
    witness.read_begun(ticket, stale, kind);
  }
};

TEST_F(ReadCase, a_read_that_sees_what_was_told_is_fine) {
  write({1}, "a");
  witness.write_ended({1}, raft::Outcome::committed);
  begin({2});
  write({3}, "b");
  witness.write_ended({3}, raft::Outcome::committed);
  stale.machine.applied = {{1}, {1}};
  witness.read_served({2}, stale);
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ReadCase, a_stale_read_is_seen) {
  write({1}, "a");
  witness.write_ended({1}, raft::Outcome::committed);
  begin({2});
  witness.read_served({2}, stale);
  EXPECT_EQ(forge.broken(), "I18");
}

TEST_F(ReadCase, what_nobody_was_told_of_need_not_be_seen) {
  write({1}, "a");
  witness.write_ended({1}, raft::Outcome::unknown);
  begin({2});
  witness.read_served({2}, stale);
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ReadCase, a_read_that_goes_back_behind_another_read_is_seen) {
  write({1}, "a");
  begin({2});
  witness.read_served({2}, fresh);
  begin({3});
  witness.read_served({3}, stale);
  EXPECT_EQ(forge.broken(), "I18");
}

TEST_F(ReadCase, a_read_that_may_be_old_may_lack_what_is_new) {
  write({1}, "a");
  witness.write_ended({1}, raft::Outcome::committed);
  forge.wait(1s);
  stale.machine.applied = {{1}, {1}};
  write({2}, "b");
  witness.write_ended({2}, raft::Outcome::committed);
  forge.wait(100ms);
  witness.old_read_served(stale, 200ms);
  EXPECT_EQ(forge.broken(), "");
  witness.old_read_served(stale, 99ms);
  EXPECT_EQ(forge.broken(), "I18");
}

TEST_F(ReadCase, a_leader_of_the_past_that_says_it_leads_is_seen) {
  stale.written.hard.term = {1};
  begin({1}, raft::ReadKind::verify);
  write({2}, "a", {2});
  witness.read_served({1}, stale);
  ASSERT_EQ(forge.broken(), "");
  begin({3}, raft::ReadKind::verify);
  witness.read_served({3}, stale);
  EXPECT_EQ(forge.broken(), "I18");
}

}  // namespace
}  // namespace bowline::sim
