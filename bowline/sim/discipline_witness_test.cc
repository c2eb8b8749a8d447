// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/discipline_witness.h"

#include <gtest/gtest.h>

#include "bowline/sim/bounds_witness.h"
#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct DisciplineCase : testing::Test {
  Forge forge{3};
  raft::Options options;
  DisciplineWitness witness{forge, options};
  Site& site = forge.node(1);

  DisciplineCase() { witness.started(site); }
  // So many entries, of so many bytes each.
  void sends(std::size_t count, std::size_t bytes) {
    raft::AppendRequest request;
    for (std::size_t i = 0; i < count; ++i)
      request.entries.push_back(
          {{{1}, {i + 1}}, raft::Kind::command, Bytes::own(std::string(bytes, 'x'))});
    says({2}, std::move(request));
  }
  void says(NodeId to, raft::Body body) {
    witness.sent(site, to, forge.message(site, to, {1}, std::move(body)));
  }
};

TEST_F(DisciplineCase, members_may_be_spoken_to_and_whoever_asked) {
  says({2}, raft::VoteRequest{});
  const raft::Message asked = forge.message(forge.node(3), {1}, {1}, raft::VoteRequest{});
  witness.saw(site, forge.follower(site, {1}), raft::Received{{9}, asked}, {});
  says({9}, raft::VoteReply{});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(DisciplineCase, a_stranger_who_is_spoken_to_is_seen) {
  says({9}, raft::AppendRequest{});
  EXPECT_EQ(forge.broken(), "I24");
}

TEST_F(DisciplineCase, an_answer_to_nobody_is_seen) {
  says({9}, raft::VoteReply{});
  EXPECT_EQ(forge.broken(), "I24");
}

TEST_F(DisciplineCase, speaking_in_another_name_is_seen) {
  raft::Message message = forge.message(site, {2}, {1}, raft::VoteRequest{});
  message.from = {999};
  witness.sent(site, {2}, message);
  EXPECT_EQ(forge.broken(), "I24");
}

TEST_F(DisciplineCase, a_full_span_is_fine_and_so_is_one_large_entry) {
  sends(options.span_entries, options.span_bytes / options.span_entries);
  sends(1, options.span_bytes + 1);
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(DisciplineCase, one_entry_too_many_is_seen) {
  sends(options.span_entries + 1, 1);
  EXPECT_EQ(forge.broken(), "I24");
}

TEST_F(DisciplineCase, too_many_lost_entries_are_seen) {
  says({2}, raft::EntriesRequest{std::vector<LogId>(64)});
  EXPECT_EQ(forge.broken(), "");
  says({2}, raft::EntriesRequest{std::vector<LogId>(65)});
  EXPECT_EQ(forge.broken(), "I24");
}

TEST_F(DisciplineCase, one_byte_too_many_is_seen) {
  sends(2, (options.span_bytes + (64 << 10)) / 2 + 1);
  EXPECT_EQ(forge.broken(), "I24");
}

TEST_F(DisciplineCase, a_replica_that_finds_the_impossible_is_seen) {
  witness.saw(site, forge.follower(site, {1}), raft::Woken{}, {raft::Impossible{}});
  EXPECT_EQ(forge.broken(), "I25");
}

struct BoundsCase : testing::Test {
  Forge forge{2};
  raft::Options options;
  std::vector<raft::Progress> peers{raft::Progress({2}, {1})};

  BoundsWitness witness{forge, options};
  Term term{1};

  BoundsCase() { grow(forge.node(1), {1}, "a"); }
  void look(const raft::Input& input = raft::Woken{}) {
    Mind mind = forge.leader(forge.node(1), term);
    mind.peers = peers;
    witness.saw(forge.node(1), mind, input, {});
  }
  void lose() {
    peers[0].lost();
    peers[0].begin_stream({7});
    look();
  }
  // As if the progress had taken it for a reason to stream.
  void answers(Round round, Index match = {}) {
    peers[0].matched(match, {1000});
    raft::AppendReply reply{.round = round, .matched = true, .match = match};
    look(raft::Received{{2}, forge.message(forge.node(2), {1}, {1}, reply)});
  }
};

TEST_F(BoundsCase, a_window_in_use_is_fine) {
  peers[0].matched({0}, {1000});
  peers[0].sent({1}, 10);
  look();
  peers[0].matched({1}, {1000});
  look();
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(BoundsCase, more_than_the_window_is_seen) {
  options.inflight_messages = 1;
  witness = BoundsWitness(forge, options);
  peers[0].matched({0}, {1000});
  peers[0].sent({1}, 10);
  peers[0].sent({2}, 10);
  look();
  EXPECT_EQ(forge.broken(), "I19");
}

TEST_F(BoundsCase, a_window_that_leaks_is_seen) {
  peers[0].matched({1}, {1000});
  peers[0].sent({1}, 10);  // again, and nobody will answer
  look();
  EXPECT_EQ(forge.broken(), "I19");
}

TEST_F(BoundsCase, a_late_answer_that_opens_the_stream_is_seen) {
  peers[0].begin_stream({6});
  look();
  answers({6});
  EXPECT_EQ(forge.broken(), "");
  lose();
  answers({6});
  EXPECT_EQ(forge.broken(), "I19");
}

TEST_F(BoundsCase, a_late_answer_that_brings_news_may_open_the_stream) {
  peers[0].matched({0}, {1000});
  lose();
  answers({6}, {1});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(BoundsCase, a_new_leader_knows_nothing_of_what_was_asked_before) {
  lose();
  term = {2};
  answers({6});
  EXPECT_EQ(forge.broken(), "");
}

}  // namespace
}  // namespace bowline::sim
