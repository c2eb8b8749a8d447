// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/client_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct ClientCase : testing::Test {
  Forge forge{1};
  std::shared_ptr<Committed> committed = std::make_shared<Committed>();
  ClientWitness witness{forge, committed};
  Site& site = forge.node(1);

  void begin(Ticket ticket, const std::string& command) {
    witness.write_begun(ticket, Bytes::copy(command));
  }
  void commit(const std::string& command) {
    grow(site, {1}, command);
    committed->append(site.written.lines.back(), {1});
    step({});
  }
  void step(const raft::Effects& effects) {
    witness.saw(site, forge.leader(site, {1}), raft::Woken{}, effects);
  }
};

TEST_F(ClientCase, what_was_called_done_and_is_committed_is_fine) {
  begin({1}, "a");
  begin({2}, "b");
  commit("b");
  commit("a");
  witness.write_ended({1}, raft::Outcome::committed);
  witness.write_ended({2}, raft::Outcome::unknown);
  begin({3}, "c");
  witness.write_refused({3});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ClientCase, done_and_not_committed_is_seen) {
  begin({1}, "a");
  witness.write_ended({1}, raft::Outcome::committed);
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, refused_and_committed_is_seen) {
  begin({1}, "a");
  commit("a");
  witness.write_refused({1});
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, overruled_and_committed_later_is_seen) {
  begin({1}, "a");
  witness.write_ended({1}, raft::Outcome::overruled);
  commit("a");
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, committed_twice_is_seen) {
  begin({1}, "a");
  commit("a");
  commit("a");
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, a_command_that_nobody_sent_is_seen) {
  commit("a");
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, a_second_answer_to_a_client_is_seen) {
  begin({1}, "a");
  witness.write_ended({1}, raft::Outcome::unknown);
  witness.write_refused({1});
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, a_second_last_word_of_a_core_is_seen) {
  step({raft::Refused{.ticket = {1}}});
  ASSERT_EQ(forge.broken(), "");
  step({raft::ReadReady{{1}, {0}}});
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, a_command_that_lands_before_what_its_sender_knew_is_seen) {
  grow(site, {1}, "a");
  committed->append(site.written.lines.back(), {1});
  site.machine.applied = {{1}, {1}};
  witness.read_served({1}, site);
  begin({2}, "a");
  step({});
  EXPECT_EQ(forge.broken(), "I15");
}

TEST_F(ClientCase, a_void_write_in_the_log_of_a_forced_cluster_may_be_committed_after_all) {
  begin({1}, "a");
  witness.write_ended({1}, raft::Outcome::overruled);
  grow(site, {1}, "a");
  witness.forced(site, {8});
  committed->append(site.written.lines.back(), {2});
  step({});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ClientCase, no_other_void_write_is_forgiven) {
  begin({1}, "a");
  witness.write_ended({1}, raft::Outcome::overruled);
  witness.forced(site, {8});
  commit("a");
  EXPECT_EQ(forge.broken(), "I15");
}

}  // namespace
}  // namespace bowline::sim
