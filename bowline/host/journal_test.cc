// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/journal.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

using std::chrono::milliseconds;

class JournalTest : public testing::Test {
 protected:
  struct Clock final : env::Clock {
    Time now() const override { return {milliseconds(ms)}; }
    std::int64_t wall_ms() const override { return 1'000'000'000'000 + ms; }
    std::int64_t ms = 7;
  };
  Journal journal(Journal::Options options = {}) {
    return {NodeId{3}, clock_, options,
            [this](std::string_view line) { lines_.emplace_back(line); }};
  }
  std::string line(const News& news, Journal::Form form = Journal::Form::logfmt) {
    Journal::Options options;
    options.form = form;
    lines_.clear();
    journal(options).put(event_of(GroupId{7}, news));
    return lines_.empty() ? "" : lines_.back();
  }

  Clock clock_;
  std::vector<std::string> lines_;
};

TEST_F(JournalTest, an_event_is_a_line) {
  const raft::RoleChanged follows{Term{4}, NodeId{2}, raft::Role::follower};
  EXPECT_EQ(line(follows),
            "time=2001-09-09T01:46:40.007Z level=info node=3 topic=election group=7 term=4 peer=2 "
            "what=follows");
  EXPECT_EQ(line(follows, Journal::Form::json),
            R"({"time":"2001-09-09T01:46:40.007Z","level":"info","node":3,"topic":"election",)"
            R"("group":7,"term":4,"peer":2,"what":"follows"})");
}

TEST_F(JournalTest, a_group_of_zero_is_the_node) {
  journal().put(event_of({}, PeerDown{NodeId{2}}));
  EXPECT_EQ(lines_.back(),
            "time=2001-09-09T01:46:40.007Z level=warning node=3 topic=peer peer=2 what=gone");
}

// It may come from a broken member.
TEST_F(JournalTest, what_others_say_does_a_terminal_no_harm) {
  raft::Impossible seen;
  seen.evidence = "a \"quote\"\n\x1b[31m\\";
  EXPECT_NE(line(seen).find(R"(evidence="a \"quote\"\x0a\x1b[31m\\")"), std::string::npos);
  EXPECT_NE(line(seen, Journal::Form::json).find(R"("a \"quote\"\u000a\u001b[31m\\")"),
            std::string::npos);
}

TEST_F(JournalTest, it_is_told_where_a_machine_threw) {
  EXPECT_NE(
      line(MachineThrew{Index{5}, Index{9}, "no number"})
          .find("what=\"its machine threw, and it stopped\" first=5 last=9 why=\"no number\""),
      std::string::npos);
}

TEST_F(JournalTest, members_are_told_without_what_they_keep) {
  raft::Membership membership;
  raft::Member one, two;
  one.id = NodeId{1};
  two.id = NodeId{2};
  two.now = raft::Standing::learner;
  two.metadata = Text("a password");
  two.address = Text("here:1");
  membership.members = {one, two};
  const raft::MembershipChanged news{
      {Index{5}, std::make_shared<const raft::Membership>(membership)}, true};
  EXPECT_NE(line(news).find("what=\"members committed\" at=5 members={1,2:learner}"),
            std::string::npos);
  EXPECT_EQ(line(news).find("password"), std::string::npos);
}

TEST_F(JournalTest, it_is_told_why_a_leader_hands_over) {
  const Duration busy = std::chrono::milliseconds(1040);
  EXPECT_NE(line(HandsOver{NodeId{3}, busy})
                .find("peer=3 what=\"hands over\" why=\"the disk has been busy for 1040 ms\""),
            std::string::npos);
  EXPECT_NE(line(HandsOver{{}, busy}).find("what=\"leads no more\""), std::string::npos);
  EXPECT_NE(line(DiskStalled{busy, true}).find("what=\"disk stalls\" busy_ms=1040"),
            std::string::npos);
}

TEST_F(JournalTest, it_is_told_how_far_is_what_takes_long) {
  using enum SnapshotProgress::What;
  EXPECT_NE(line(Opening{3, 40}).find("what=\"reads its log\" segments=3 of_segments=40"),
            std::string::npos);
  EXPECT_TRUE(line(SnapshotProgress{taken, 5, 0}).ends_with("what=\"takes a snapshot\" bytes=5"));
  EXPECT_TRUE(line(SnapshotProgress{loaded, 5, 9})
                  .ends_with("what=\"loads a snapshot\" bytes=5 of_bytes=9"));
  EXPECT_TRUE(line(SnapshotProgress{fetched, 5, 9})
                  .ends_with("what=\"fetches a snapshot\" bytes=5 of_bytes=9"));
}

TEST_F(JournalTest, each_topic_has_a_level) {
  Journal::Options options;
  options.levels = Journal::all(Level::off);
  options.levels[static_cast<std::size_t>(Topic::peer)] = Level::warning;
  Journal quiet = journal(options);
  quiet.put(event_of({}, PeerUp{NodeId{2}}));
  quiet.put(event_of({}, DiskFull{true}));
  EXPECT_TRUE(lines_.empty());
  quiet.put(event_of({}, PeerDown{NodeId{2}}));
  EXPECT_EQ(lines_.size(), 1U);
  EXPECT_FALSE(Journal(NodeId{1}, clock_, {}, {}).takes(Topic::disk, Level::error));
}

TEST_F(JournalTest, what_repeats_itself_is_left_out_and_counted) {
  Journal::Options options;
  options.most_alike = 3;
  Journal short_spoken = journal(options);
  for (int i = 0; i < 10; ++i) short_spoken.put(event_of({}, PeerDown{NodeId{2}}));
  EXPECT_EQ(lines_.size(), 3U);
  short_spoken.put(event_of({}, PeerDown{NodeId{5}}));  // another peer is another matter
  EXPECT_EQ(lines_.size(), 4U);
  clock_.ms += 1000;
  short_spoken.put(event_of({}, PeerDown{NodeId{2}}));
  EXPECT_TRUE(lines_.back().ends_with("what=gone left_out=7"));
  clock_.ms += 1000;
  short_spoken.put(event_of({}, PeerDown{NodeId{2}}));
  EXPECT_TRUE(lines_.back().ends_with("what=gone"));
}

TEST_F(JournalTest, every_news_has_words) {
  const std::vector<News> all{raft::RoleChanged{},  raft::MembershipChanged{},
                              raft::StandingBy{},   raft::Removed{},
                              raft::Impossible{},   GroupStarted{},
                              GroupEnded{},         PeerUp{},
                              PeerDown{},           SnapshotTaken{},
                              SnapshotFailed{},     SnapshotWanted{},
                              SnapshotNotFetched{}, SnapshotInstalled{},
                              DiskFull{},           DiskStalled{},
                              HandsOver{},          Asked{},
                              GroupDestroyed{},     Opening{},
                              SnapshotProgress{},   MachineThrew{}};
  ASSERT_EQ(all.size(), std::variant_size_v<News>);
  for (const News& news : all) EXPECT_NE(event_of({}, news).what, "");
}

}  // namespace
}  // namespace bowline::host
