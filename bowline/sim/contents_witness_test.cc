// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/contents_witness.h"

#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/forge.h"

namespace bowline::sim {
namespace {

struct ContentsCase : testing::Test {
  Forge forge{3};
  ContentsWitness witness{forge};
  Site& site = forge.node(1);

  ContentsCase() {
    grow(site, {1}, "a");
    grow(site, {1}, "b");
  }
  raft::Entry entry(std::uint64_t index) const { return site.written.at({index})->entry; }
  static raft::Entry with(raft::Entry entry, const std::string& payload) {
    entry.payload = Bytes::copy(payload);
    return entry;
  }
  void appends(raft::Batch entries) {
    raft::AppendRequest append;
    append.entries = std::move(entries);
    witness.sent(site, {2}, forge.message(site, {2}, {1}, std::move(append)));
  }
  void replies(raft::Batch entries) {
    raft::EntriesReply reply;
    reply.entries = std::move(entries);
    witness.sent(site, {2}, forge.message(site, {2}, {1}, std::move(reply)));
  }
};

TEST_F(ContentsCase, what_was_written_may_be_sent) {
  appends({entry(1), entry(2)});
  replies({entry(2)});
  EXPECT_EQ(forge.broken(), "");
}

TEST_F(ContentsCase, another_payload_is_seen) {
  appends({entry(1), with(entry(2), "c")});
  EXPECT_EQ(forge.broken(), "I20");
}

TEST_F(ContentsCase, another_kind_is_seen) {
  raft::Entry other = entry(1);
  other.kind = raft::Kind::membership;
  appends({other});
  EXPECT_EQ(forge.broken(), "I20");
}

TEST_F(ContentsCase, another_payload_for_one_that_lost_it_is_seen) {
  replies({entry(1), with(entry(2), "c")});
  EXPECT_EQ(forge.broken(), "I20");
}

TEST_F(ContentsCase, an_entry_that_the_leader_does_not_have_is_seen) {
  raft::Entry other = entry(2);
  other.id.term = {2};
  appends({other});
  EXPECT_EQ(forge.broken(), "I20");
}

// It was cut off, or covered by a snapshot, while the rest of the answer was read.
TEST_F(ContentsCase, what_is_gone_meanwhile_may_be_in_an_answer) {
  replies({with({.id = {{1}, {7}}}, "z")});
  EXPECT_EQ(forge.broken(), "");
}

}  // namespace
}  // namespace bowline::sim
