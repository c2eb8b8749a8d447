// SPDX-License-Identifier: Apache-2.0
#include "bowline/api/status.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/metrics.h"
#include "bowline/api/test_node.h"

// What people see of a node.
namespace bowline {
namespace {

bool has(const std::string& text, const std::string& what) {
  return text.find(what) != std::string::npos;
}

class StatusTest : public NodeTest {
 protected:
  ~StatusTest() override { members_.clear(); }  // they may call until then

  void note(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    ++heard_[what];
  }
  int times(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    return heard_[what];
  }

  std::mutex mutex_;
  std::map<std::string, int> heard_;  // under the mutex
  std::string lines_;                 // likewise
};

TEST_F(StatusTest, a_leader_says_how_far_each_follower_is) {
  found(3);
  for (int i = 1; i <= 20; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  const std::uint64_t leads = leader();
  GroupStatus status;
  ASSERT_TRUE(soon([&] {
    status = members_.at(leads).group->status().get();
    // The followers' disks may be ahead of the leader's own.
    return status.durable == status.last.index &&
           std::ranges::all_of(status.peers, [&](const PeerStatus& peer) {
             return peer.match == status.last.index && peer.up;
           });
  }));
  EXPECT_TRUE(status.here);
  EXPECT_EQ(status.group, group);
  EXPECT_EQ(status.leader, NodeId{leads});
  EXPECT_EQ(status.commit, status.last.index);
  ASSERT_EQ(status.peers.size(), 2U);
  for (const PeerStatus& peer : status.peers) {
    EXPECT_TRUE(peer.voter);
    EXPECT_EQ(peer.mode, raft::Progress::Mode::streaming);
    EXPECT_EQ(peer.next, status.last.index.next());
    EXPECT_EQ(peer.in_flight, 0U);
    ASSERT_TRUE(peer.silent.has_value());
    EXPECT_LT(*peer.silent, 20s);
  }
  const GroupStatus other = members_.at(leads % 3 + 1).group->status().get();
  EXPECT_EQ(other.role, raft::Role::follower);
  EXPECT_TRUE(other.peers.empty());
  ASSERT_TRUE(other.leader_silent.has_value());
  EXPECT_LT(*other.leader_silent, 20s);
}

TEST_F(StatusTest, a_node_counts_what_it_does) {
  host::GroupOptions of;
  of.snapshot_entries = 10;
  found(3, of);
  for (int i = 1; i <= 30; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  const std::uint64_t leads = leader();
  const NodeStatus status = members_.at(leads).node->status().get();
  EXPECT_EQ(status.id, NodeId{leads});
  EXPECT_EQ(status.groups, 1U);
  EXPECT_EQ(status.leads, 1U);
  EXPECT_EQ(status.leaderless, 0U);
  EXPECT_GE(status.counters.proposals, 30U);
  EXPECT_GE(status.counters.batches, 30U);
  EXPECT_GE(status.counters.terms_led, 1U);
  EXPECT_GE(status.counters.applied, 30U);
  EXPECT_GT(status.sent.letters, 0U);
  EXPECT_GT(status.counters.letters_received, 0U);
  EXPECT_GE(status.log.segments, 1U);
  EXPECT_EQ(status.links.size(), 2U);
  ASSERT_NE(status.stages, nullptr);
  const Histogram& whole = status.stages->of(host::Stage::whole);
  EXPECT_EQ(whole.count(), 30U);
  EXPECT_GE(whole.at(500), status.stages->of(host::Stage::committed).at(500));
  EXPECT_GT(status.stages->of(host::Stage::durable).at(500), 0U);
}

// ---- metrics

struct Sample {
  std::string name, labels;
  double value = 0;
};

struct Exposition {
  std::map<std::string, std::string> types;
  std::vector<Sample> samples;
  std::string wrong;

  static std::string family(const std::string& name,
                            const std::map<std::string, std::string>& types) {
    if (types.contains(name)) return name;
    for (const char* suffix : {"_bucket", "_sum", "_count"})
      if (name.ends_with(suffix)) return name.substr(0, name.size() - std::string(suffix).size());
    return {};
  }
  void comment(std::istringstream& words, std::set<std::string>& helped) {
    std::string kind, name, rest;
    words >> kind >> name;
    std::getline(words, rest);
    if (kind == "HELP") {
      if (!helped.insert(name).second) wrong = name + " is explained twice";
      if (rest.size() < 2) wrong = name + " has no words";
    } else if (kind == "TYPE" && helped.contains(name) && !types.contains(name)) {
      types[name] = rest.substr(1);
    } else {
      wrong = "an odd comment: " + kind + " " + name;
    }
  }
  void line(const std::string& text) {
    Sample sample;
    const std::size_t space = text.rfind(' ');
    const std::size_t brace = text.find('{');
    sample.name = text.substr(0, std::min(space, brace));
    if (brace != std::string::npos) sample.labels = text.substr(brace, space - brace);
    char* end = nullptr;
    sample.value = std::strtod(text.c_str() + space + 1, &end);
    if (space == std::string::npos || *end != '\0') wrong = "no number: " + text;
    if (!sample.labels.empty() && sample.labels.back() != '}') wrong = "labels: " + text;
    if (!types.contains(family(sample.name, types))) wrong = "no type: " + text;
    samples.push_back(sample);
  }
};

Exposition parse(const std::string& text) {
  Exposition all;
  std::set<std::string> helped, seen;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    if (line.starts_with("# ")) {
      words.ignore(2);
      all.comment(words, helped);
      continue;
    }
    all.line(line);
    const Sample& last = all.samples.back();
    if (!last.name.starts_with("bowline_")) all.wrong = "a name of somebody else: " + last.name;
    if (!seen.insert(last.name + last.labels).second) all.wrong = "twice: " + line;
  }
  return all;
}

TEST_F(StatusTest, metrics_are_what_prometheus_reads) {
  found(3);
  for (int i = 1; i <= 5; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  const std::string text = metrics_text(*members_.at(leader()).node);
  const Exposition all = parse(text);
  EXPECT_EQ(all.wrong, "") << text;
  EXPECT_TRUE(text.ends_with("\n"));
  std::map<std::string, double> values;
  double bucket = 0;
  for (const Sample& sample : all.samples) {
    values[sample.name + sample.labels] = sample.value;
    if (!sample.name.ends_with("_bucket") || !has(sample.labels, "whole")) continue;
    EXPECT_GE(sample.value, bucket) << "buckets add up";
    bucket = sample.value;
  }
  EXPECT_EQ(values["bowline_groups"], 1);
  EXPECT_EQ(values["bowline_groups_led"], 1);
  EXPECT_GE(values["bowline_proposals_total"], 5);
  EXPECT_EQ(bucket, 5);  // the last one has all of them
  EXPECT_EQ(values["bowline_proposal_stage_seconds_count{stage=\"whole\"}"], 5);
  EXPECT_GT(values["bowline_proposal_stage_seconds_sum{stage=\"whole\"}"], 0);
  EXPECT_EQ(values["bowline_group_members{group=\"7\"}"], 3);
}

TEST_F(StatusTest, of_many_groups_only_some_are_told_one_by_one) {
  open(1);
  for (std::uint64_t id = 1; id <= 5; ++id) {
    GroupSetup setup;
    setup.founders = {{.id = NodeId{1}, .address = addresses_[1]}};
    ASSERT_TRUE(members_[1].node->start(GroupId{id}, setup, std::make_unique<Diary>()).has_value());
  }
  const std::string text = metrics_text(*members_[1].node, 2);
  EXPECT_TRUE(has(text, "bowline_groups 5\n"));
  EXPECT_TRUE(has(text, "group=\"2\""));
  EXPECT_FALSE(has(text, "group=\"3\""));
}

// ---- explain

Evidence evidence() {
  Evidence all;
  all.self = NodeId{1};
  all.status.group = GroupId{7};
  all.status.here = true;
  all.status.term = Term{4};
  all.status.last = {Term{4}, Index{9}};
  all.status.commit = Index{9};
  all.status.applied = {Term{4}, Index{9}};
  all.up = {NodeId{2}};
  return all;
}

TEST(Explain, who_leads) {
  Evidence all = evidence();
  all.status.role = raft::Role::leader;
  EXPECT_EQ(explain(all), "node 1 (group 7) leads in term 4\n");
  all.status.role = raft::Role::follower;
  all.status.leader = NodeId{2};
  all.status.leader_silent = std::chrono::milliseconds(12);
  EXPECT_EQ(explain(all), "node 1 (group 7) follows node 2 in term 4, heard 12 ms ago\n");
  all.up.clear();
  EXPECT_TRUE(has(explain(all), "and is not connected to it"));
  all.status.here = false;
  EXPECT_EQ(explain(all), "the group is not on node 1\n");
}

TEST(Explain, why_nobody_leads) {
  const std::vector<std::pair<raft::Hindrance, std::string>> cases{
      {raft::Hindrance::stopped, "saw what cannot be"},
      {raft::Hindrance::no_members, "found the group, or add this node"},
      {raft::Hindrance::not_member, "add it at the leader"},
      {raft::Hindrance::learner, "learners do not campaign"},
      {raft::Hindrance::priority_zero, "its priority is 0"},
      {raft::Hindrance::restoring, "takes a snapshot in"},
      {raft::Hindrance::terms_used_up, "has used up all terms"},
      {raft::Hindrance::disk_stalled, "takes too long for one write"},
      {raft::Hindrance::damaged, "has lost entries"},
      {raft::Hindrance::leader_protected, "campaigns in 250 ms"},
      {raft::Hindrance::waiting_timeout, "campaigns in 250 ms"},
      {raft::Hindrance::own_vote_unsynced, "not on its disk yet"},
      {raft::Hindrance::lacks_pre_votes, "of node 2, node 3 (not connected)"},
      {raft::Hindrance::lacks_votes, "lacks votes of node 2, node 3 (not connected)"}};
  for (const auto& [why, words] : cases) {
    Evidence all = evidence();
    all.leading.why = why;
    all.leading.due = std::chrono::milliseconds(250);
    for (const std::uint64_t id : {2, 3}) {
      raft::Waiting waiting;
      waiting.id = NodeId{id};
      waiting.missing = true;
      all.leading.members.push_back(waiting);
    }
    const std::string said = explain(all);
    EXPECT_TRUE(has(said, "knows of no leader in term 4")) << said;
    EXPECT_TRUE(has(said, words)) << said;
  }
}

TEST(Explain, that_a_disk_stalls_and_who_is_to_lead) {
  Evidence all = evidence();
  all.status.disk_stalled = true;
  all.status.heir = NodeId{2};
  all.disk_busy = std::chrono::milliseconds(1250);
  EXPECT_TRUE(has(explain(all),
                  "the disk has been busy with one write for 1250 ms: handing over to node 2\n"));
  all.status.heir = {};
  EXPECT_TRUE(has(explain(all), "the disk has been busy with one write for 1250 ms\n"));
}

TEST(Explain, what_a_proposal_waits_for_and_what_followers_lack) {
  Evidence all = evidence();
  all.status.role = raft::Role::leader;
  all.status.commit = Index{7};
  all.status.applied.index = Index{6};
  all.oldest.why = raft::Stall::lacks_quorum;
  all.oldest.own_disk_behind = true;
  raft::Waiting waiting;
  waiting.id = NodeId{3};
  waiting.missing = true;
  all.oldest.members = {waiting};
  PeerStatus good, slow, far;
  good.id = NodeId{2};
  good.match = Index{9};
  good.voter = good.up = true;
  far.id = NodeId{3};
  far.match = Index{2};
  far.mode = raft::Progress::Mode::snapshot;
  slow.id = NodeId{4};
  slow.match = Index{8};
  slow.voter = slow.up = slow.full = true;
  slow.mode = raft::Progress::Mode::streaming;
  slow.silent = std::chrono::milliseconds(30);
  PeerStatus asked;
  asked.id = NodeId{5};
  asked.voter = asked.up = true;
  all.status.peers = {good, far, slow, asked};
  all.status.base = {Term{3}, Index{5}};
  all.disk_full = true;
  EXPECT_EQ(explain(all),
            "node 1 (group 7) leads in term 4\n"
            "2 entries after 7 are not known to be committed: a quorum has not acknowledged; "
            "missing: node 3 (not connected)\n"
            "this node's own disk has not got all of them yet\n"
            "node 3 (no voter) lacks 7 entries after 2; it is not connected; it needs a snapshot, "
            "since our log begins after 5\n"
            "node 4 lacks 1 entry after 8; heard 30 ms ago; its disk is full\n"
            "node 5 lacks 9 entries after 0; where its log matches is being asked\n"
            "the machine has applied through 6, and 1 entry more is committed\n"
            "the disk is full: it takes no entries, and leads only if nobody else can\n");
}

TEST(Explain, what_ails_a_replica) {
  Evidence all = evidence();
  all.status.role = raft::Role::leader;
  all.status.stateless = all.status.damaged = all.status.change_pending = true;
  all.status.fetching = {.bytes = 10, .of_bytes = 40};
  all.status.loading = {.bytes = 30, .of_bytes = 50};
  all.status.taking = {.bytes = 7};
  const std::string said = explain(all);
  EXPECT_TRUE(has(said, "its own snapshot was lost"));
  EXPECT_TRUE(has(said, "a snapshot is being fetched: 10 of 40 bytes are here"));
  EXPECT_TRUE(has(said, "a snapshot is being loaded: the machine has 30 of 50 bytes"));
  EXPECT_TRUE(has(said, "a snapshot is being taken: 7 bytes of it are written"));
  EXPECT_TRUE(has(said, "entries of its log are lost"));
  EXPECT_TRUE(has(said, "a change of the members is under way"));
}

TEST_F(StatusTest, a_group_without_a_quorum_says_whom_it_misses) {
  found(3);
  ASSERT_EQ(write("x"), "1");
  members_.erase(2);
  members_.erase(3);
  EXPECT_TRUE(soon([&] {
    const std::string said = members_.at(1).group->explain().get();
    return has(said, "knows of no leader") && has(said, "node 2 (not connected)") &&
           has(said, "node 3 (not connected)");
  }));
}

// ---- observers

TEST_F(StatusTest, whoever_watches_hears_of_leaders_members_peers_snapshots_and_progress) {
  adjust_ = [this](NodeOptions& options) {
    options.progress_every = 10ms;
    options.opening = [this](std::uint64_t done, std::uint64_t of) {
      if (done == of) note("opened");
    };
    options.news = [this, id = options.id.value](GroupId, const host::News& news) {
      if (std::holds_alternative<host::PeerUp>(news)) note("up");
      const auto* down = std::get_if<host::PeerDown>(&news);
      if (down != nullptr && down->peer == NodeId{3}) note("down at " + std::to_string(id));
      if (std::holds_alternative<host::SnapshotTaken>(news)) note("snapshot");
      if (std::holds_alternative<host::GroupStarted>(news)) note("started");
      if (std::holds_alternative<host::GroupEnded>(news)) note("ended");
    };
  };
  adjust_setup_ = [this](std::uint64_t, GroupSetup& setup) {
    setup.role = [this](const raft::RoleChanged& change) {
      if (change.role == raft::Role::leader) note("leads");
    };
    setup.members = [this](const raft::MembershipChanged& change) {
      if (change.committed) note("members");
    };
    setup.progress = [this](std::span<const PeerStatus> peers) {
      if (peers.size() == 2 && peers[0].match == peers[1].match) note("progress");
    };
  };
  host::GroupOptions of;
  of.snapshot_entries = 5;
  found(3, of);
  for (int i = 1; i <= 10; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  EXPECT_TRUE(soon([&] { return times("progress") >= 3 && times("snapshot") >= 1; }));
  EXPECT_TRUE(soon([&] { return times("up") >= 6 && times("members") >= 1; }));
  EXPECT_GE(times("leads"), 1);
  EXPECT_EQ(times("started"), 3);
  EXPECT_GE(times("opened"), 3);
  members_.erase(3);
  EXPECT_TRUE(soon([&] { return times("down at 1") == 1 && times("down at 2") == 1; }));
  EXPECT_EQ(times("ended"), 1);
}

TEST_F(StatusTest, a_node_writes_down_what_happens) {
  adjust_ = [this](NodeOptions& options) {
    options.log_sink = [this](std::string_view line) {
      const std::scoped_lock lock(mutex_);
      lines_ += std::string(line) + "\n";
    };
  };
  found(2);
  ASSERT_EQ(write("not to be seen"), "1");
  members_.clear();
  for (const char* what : {"topic=node what=opened", "topic=group group=7 what=started",
                           "topic=election group=7 term=", "what=leads", "what=connected",
                           "what=\"members committed\"", "members={1,2}", "what=ended"})
    EXPECT_TRUE(has(lines_, what)) << what << " in\n" << lines_;
  EXPECT_FALSE(has(lines_, "not to be seen"));
}

}  // namespace
}  // namespace bowline
