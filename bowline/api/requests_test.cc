// SPDX-License-Identifier: Apache-2.0
#include <future>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/api/test_node.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/runtime/memory_disk.h"

// What a program can ask of a group, beside commands and reads.
namespace bowline {
namespace {

class RequestsTest : public NodeTest {
 protected:
  Group& of_leader() { return *members_.at(leader()).group; }
  // Again as long as it is refused for what passes.
  Outcome insist(const std::function<std::future<Outcome>(Group&)>& ask) {
    Outcome outcome;
    for (int tries = 0; tries < 2000; ++tries) {
      outcome = ask(of_leader()).get();
      const auto* refused = std::get_if<Refused>(&outcome);
      const bool passes = refused != nullptr && (refused->why == raft::Refusal::not_leader ||
                                                 refused->why == raft::Refusal::not_ready ||
                                                 refused->why == raft::Refusal::change_pending);
      if (!passes) break;
    }
    return outcome;
  }
  void join(std::uint64_t id, const host::GroupOptions& of = {}) {
    open(id);
    GroupSetup setup;
    setup.options = of;
    auto diary = std::make_unique<Diary>();
    members_[id].diary = diary.get();
    if (adjust_machine_) adjust_machine_(id);
    Result<Group> here = members_[id].node->start(group, setup, std::move(diary));
    ASSERT_TRUE(here.has_value()) << here.error().what;
    members_[id].group = *here;
  }
  raft::Standing standing(std::uint64_t id) {
    const raft::Membership members = of_leader().status().get().members;
    const raft::Member* const member = members.find(NodeId{id});
    return member == nullptr ? raft::Standing::none : member->now;
  }
};

TEST_F(RequestsTest, a_command_for_another_term_is_refused) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  const Term term = of_leader().status().get().term;
  const Outcome other = of_leader().propose("b", term.next()).get();
  ASSERT_TRUE(std::holds_alternative<Refused>(other));
  EXPECT_EQ(std::get<Refused>(other).why, raft::Refusal::wrong_term);
  EXPECT_TRUE(std::holds_alternative<Applied>(of_leader().propose("c", term).get()));
  EXPECT_EQ(read(1), "a\nc\n");
}

TEST_F(RequestsTest, only_the_leader_is_verified) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::uint64_t leads = leader();
  EXPECT_TRUE(std::holds_alternative<Ready>(members_.at(leads).group->verify().get()));
  const ReadOutcome other = members_.at(leads % 3 + 1).group->verify().get();
  ASSERT_TRUE(std::holds_alternative<Refused>(other));
  EXPECT_EQ(std::get<Refused>(other).why, raft::Refusal::not_leader);
}

TEST_F(RequestsTest, a_learner_is_added_promoted_and_removed) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  join(2);
  const auto done = [](const Outcome& outcome) { return std::holds_alternative<Applied>(outcome); };
  ASSERT_TRUE(done(insist([&](Group& of) {
    return of.put_member(
        {.id = NodeId{2}, .standing = raft::Standing::learner, .address = addresses_[2]});
  })));
  EXPECT_EQ(standing(2), raft::Standing::learner);
  EXPECT_EQ(read(2), "a\n");
  ASSERT_TRUE(
      done(insist([](Group& of) { return of.set_standing(NodeId{2}, raft::Standing::voter); })));
  EXPECT_EQ(standing(2), raft::Standing::voter);
  ASSERT_TRUE(done(insist([](Group& of) { return of.remove_member(NodeId{2}); })));
  EXPECT_EQ(standing(2), raft::Standing::none);
}

TEST_F(RequestsTest, only_who_leads_says_that_somebody_is_no_member) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  const std::uint64_t leads = leader();
  join(4);  // of whom nobody knows, and who knows of nobody
  const auto answers_of = [&](std::uint64_t at) {
    const Group& of = *members_.at(at).group;
    return std::vector{of.remove_member(NodeId{9}).get(),
                       of.set_standing(NodeId{9}, raft::Standing::learner).get()};
  };
  for (const Outcome& outcome : answers_of(leads)) {
    ASSERT_TRUE(std::holds_alternative<Refused>(outcome)) << text(outcome);
    EXPECT_EQ(std::get<Refused>(outcome).why, raft::Refusal::no_member);
    EXPECT_EQ(std::get<Refused>(outcome).leader, NodeId{leads});
    EXPECT_EQ(text(outcome), "that node is no member of the group");
  }
  ASSERT_EQ(members_.at(leads % 3 + 1).group->await_leader(10s).get(), NodeId{leads});
  for (const Outcome& outcome : answers_of(leads % 3 + 1))
    EXPECT_EQ(text(outcome),
              "this node does not lead the group: node " + std::to_string(leads) + " does");
  for (const Outcome& outcome : answers_of(4))
    EXPECT_EQ(text(outcome), "this node does not lead the group, and knows of nobody who does");
  EXPECT_EQ(write("b"), "2");
}

// On each member: those of the log, one after the other, among the commands.
TEST_F(RequestsTest, a_machine_is_told_of_each_membership_once) {
  struct Heard {
    std::vector<LogId> at;
    raft::MembershipPtr newest;
    std::string before;  // of the commands, when the newest came
  };
  std::map<std::uint64_t, Heard> all;  // each on its node's thread
  const auto listen = [&](std::uint64_t id) {
    Diary& diary = *members_.at(id).diary;
    diary.members = [&diary, &heard = all[id]](LogId at, std::string_view bytes) {
      heard = {std::move(heard.at), raft::decode_membership(bytes), diary.text};
      heard.at.push_back(at);
    };
  };
  adjust_machine_ = listen;
  found(1);
  ASSERT_EQ(write("a"), "1");
  join(2);
  ASSERT_TRUE(std::holds_alternative<Applied>(insist(
      [&](Group& of) { return of.put_member({.id = NodeId{2}, .address = addresses_[2]}); })));
  ASSERT_EQ(write("b"), "2");
  ASSERT_EQ(read(2), "a\nb\n");
  const raft::Membership members = of_leader().status().get().members;
  ASSERT_EQ(members.voters(), 2U);
  for (const std::uint64_t id : {1U, 2U}) {
    const Heard& heard = all[id];
    ASSERT_NE(heard.newest, nullptr) << id;
    EXPECT_EQ(*heard.newest, members) << id;
    EXPECT_EQ(heard.before, "a\n") << id;
    EXPECT_TRUE(std::ranges::is_sorted(heard.at, std::less<>())) << id;
    EXPECT_EQ(std::ranges::adjacent_find(heard.at), heard.at.end()) << id;
    EXPECT_EQ(heard.at, all[1].at) << id;
  }
}

// Who is to join is not there: the change waits for it, and is taken back.
TEST_F(RequestsTest, a_change_that_cannot_end_is_taken_back) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  std::future<Outcome> waits = of_leader().put_member({.id = NodeId{2}, .address = "127.0.0.1:1"});
  const Outcome taken_back = of_leader().cancel_change().get();
  EXPECT_TRUE(std::holds_alternative<Applied>(taken_back));
  EXPECT_FALSE(std::holds_alternative<Applied>(waits.get()));
  EXPECT_EQ(standing(2), raft::Standing::none);
  EXPECT_EQ(write("b"), "2");
}

TEST_F(RequestsTest, the_last_survivor_goes_on_alone_under_another_name) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  ASSERT_EQ(read(1), "a\n");
  members_.erase(2);
  members_.erase(3);
  const Outcome alone = members_[1].group->recover(ClusterId{99}).get();
  ASSERT_TRUE(std::holds_alternative<Applied>(alone));
  EXPECT_EQ(members_[1].group->status().get().members.cluster, ClusterId{99});
  EXPECT_EQ(write("b"), "2");
  members_.clear();
  open(1);
  host::GroupOptions told;
  told.cluster = ClusterId{99};
  start(1, told);
  EXPECT_EQ(write("c"), "3");
  EXPECT_EQ(read(1), "a\nb\nc\n");
}

TEST_F(RequestsTest, a_read_that_may_be_old_is_served_by_any_member) {
  found(3);
  ASSERT_EQ(write("a"), "1");
  for (std::uint64_t id = 1; id <= 3; ++id)
    EXPECT_TRUE(soon(
        [&] { return std::holds_alternative<Ready>(members_[id].group->read_within(10s).get()); }));
  const std::uint64_t left = leader() % 3 + 1;
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (id != left) members_.erase(id);
  // For a while it can still say how old its state is at most; and then no more.
  EXPECT_TRUE(std::holds_alternative<Ready>(members_[left].group->read_within(10s).get()));
  ReadOutcome outcome;
  ASSERT_TRUE(soon([&] {
    outcome = members_[left].group->read_within(100ms).get();
    return std::holds_alternative<Refused>(outcome);
  }));
  EXPECT_EQ(std::get<Refused>(outcome).why, raft::Refusal::too_old);
}

// With an election timeout of an hour a leader that is alone would lead on for an hour.
TEST_F(RequestsTest, timeouts_and_thresholds_change_while_the_group_runs) {
  found(3, GroupOptions::with([](raft::Options& raft) {
          raft.election = 1h;
          raft.hibernate_after = 0s;
        }));
  ASSERT_EQ(write("a"), "1");
  GroupOptions quick = GroupOptions::with([](raft::Options& raft) {
    raft.election = 400ms;
    raft.heartbeat = 50ms;
  });
  quick.snapshot_entries = 3;
  quick.keep_entries = 1;
  for (auto& [id, member] : members_) ASSERT_TRUE(member.group->tune(quick).get().has_value());
  for (int i = 2; i <= 9; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  const std::uint64_t old = leader();
  EXPECT_TRUE(
      soon([&] { return members_.at(old).group->status().get().snapshot.index.value >= 3; }));
  for (std::uint64_t id = 1; id <= 3; ++id)
    if (id != old) members_.erase(id);
  EXPECT_TRUE(
      soon([&] { return members_.at(old).group->status().get().role != raft::Role::leader; }));
}

// ---- who leads

TEST_F(RequestsTest, who_waits_for_a_leader_is_told_on_each_member) {
  found(3);
  std::vector<std::future<Result<NodeId>>> told;
  told.reserve(members_.size());
  for (auto& [id, member] : members_) told.push_back(member.group->await_leader(60s));
  for (std::future<Result<NodeId>>& each : told) EXPECT_TRUE(each.get().has_value());
  const std::uint64_t leads = leader();
  EXPECT_EQ(members_[leads].group->await_leader(0s).get().value_or(NodeId{}), NodeId{leads});
  EXPECT_TRUE(std::holds_alternative<Applied>(members_[leads].group->propose("a").get()));
}

TEST_F(RequestsTest, who_waits_for_a_leader_that_never_comes_is_told_that) {
  for (std::uint64_t id = 1; id <= 2; ++id) open(id);
  start(1);
  std::future<Result<NodeId>> of_the_node = members_[1].group->await_leader(1h);
  const Result<NodeId> nobody = members_[1].group->await_leader(50ms).get();
  ASSERT_FALSE(nobody.has_value());
  EXPECT_EQ(nobody.error().fault, Fault::timeout);
  EXPECT_TRUE(is_worth_asking_again(nobody.error()));
  members_[1].node->end(group);
  const Result<NodeId> ended = of_the_node.get();
  ASSERT_FALSE(ended.has_value());
  EXPECT_EQ(ended.error().fault, Fault::not_found);
  EXPECT_FALSE(is_worth_asking_again(ended.error()));
}

TEST_F(RequestsTest, a_large_state_is_not_written_again_because_of_a_few_entries) {
  host::GroupOptions of;
  of.snapshot_entries = 3;
  of.keep_entries = 1;
  of.snapshot_permille = 1'000'000;  // a thousand times the little that this machine holds
  found(1, of);
  const auto snapshot = [&] { return members_[1].group->status().get().snapshot.index.value; };
  for (int i = 1; i <= 4; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  ASSERT_TRUE(soon([&] { return snapshot() > 0; }));
  const std::uint64_t first = snapshot();
  for (int i = 5; i <= 20; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  EXPECT_EQ(snapshot(), first);
  ASSERT_EQ(write(std::string(20'000, 'x')), "21");
  EXPECT_TRUE(soon([&] { return snapshot() > 20; }));
}

TEST_F(RequestsTest, options_that_others_count_on_do_not_change_while_it_runs) {
  found(1);
  const auto why = [&](const host::GroupOptions& next) {
    const Result<void> tuned = members_[1].group->tune(next).get();
    return tuned ? std::string("it did") : tuned.error().what;
  };
  host::GroupOptions leases;
  auto raft = std::make_shared<raft::Options>();
  raft->lease_reads = true;
  leases.raft = raft;
  EXPECT_NE(why(leases).find("lease_reads cannot change"), std::string::npos);
  host::GroupOptions renamed;
  renamed.cluster = ClusterId{5};
  EXPECT_NE(why(renamed).find("cluster cannot change"), std::string::npos);
  host::GroupOptions broken;
  broken.slice_bytes = 0;
  EXPECT_NE(why(broken).find("slice_bytes"), std::string::npos);
  host::GroupOptions large;
  auto larger = std::make_shared<raft::Options>();
  larger->entry_bytes = 32 << 20;
  large.raft = larger;
  EXPECT_NE(why(large).find("entry_bytes"), std::string::npos);
  EXPECT_EQ(why({}), "it did");
}

TEST_F(RequestsTest, entries_that_no_frame_takes_are_refused_as_options) {
  adjust_ = [](NodeOptions& options) { options.links.most_frame_bytes = 2 << 20; };
  open(1);
  GroupSetup setup;
  setup.founders = {{.id = NodeId{1}, .address = addresses_[1]}};
  const Result<Group> here = members_[1].node->start(group, setup, std::make_unique<Diary>());
  ASSERT_FALSE(here.has_value());
  EXPECT_EQ(here.error().fault, Fault::invalid);
  EXPECT_NE(here.error().what.find("entry_bytes is more than a frame takes"), std::string::npos);
}

TEST_F(RequestsTest, a_leader_whose_machine_lags_refuses_until_it_has_caught_up) {
  host::GroupOptions of;
  of.slice_bytes = 1;
  of.unapplied_bytes = 1000;
  found(1, of);
  ASSERT_EQ(write("a"), "1");
  Member& member = members_.at(1);
  std::promise<void> begun;
  std::promise<void> goes_on;
  std::promise<std::vector<std::future<Outcome>>> given;
  const auto hold = [&, go = goes_on.get_future().share()](std::string_view command) {
    if (command != "hold") return;
    begun.set_value();
    go.wait();
  };
  // In one turn of the node, so that all of them are one write.
  member.group->read(raft::ReadKind::linearizable, [&](const ReadOutcome&) {
    member.diary->before = hold;
    std::vector<std::future<Outcome>> all;
    all.push_back(member.group->propose("hold"));
    for (int i = 0; i < 50; ++i) all.push_back(member.group->propose(std::string(100, 'x')));
    given.set_value(std::move(all));
  });
  std::vector<std::future<Outcome>> all = given.get_future().get();
  begun.get_future().wait();
  std::future<Outcome> another = member.group->propose("one more");
  goes_on.set_value();
  const Outcome outcome = another.get();
  const auto* const refused = std::get_if<Refused>(&outcome);
  ASSERT_NE(refused, nullptr);
  EXPECT_EQ(refused->why, raft::Refusal::full);
  for (std::future<Outcome>& each : all) EXPECT_TRUE(std::holds_alternative<Applied>(each.get()));
  EXPECT_EQ(write("b"), "53");
}

TEST_F(RequestsTest, the_log_keeps_what_follows_a_snapshot_until_who_fetches_it_has_it) {
  adjust_ = [](NodeOptions& options) {
    options.snapshots.piece_bytes = 32 << 10;
    options.transfers.bytes_per_second = 200'000;
  };
  host::GroupOptions of;
  of.snapshot_entries = 20;
  of.keep_entries = 1;
  found(1, of);
  for (int i = 1; i <= 40; ++i) ASSERT_EQ(write(std::string(10'000, 'x')), std::to_string(i));
  const auto taken = [&] { return members_[1].node->status().get().counters.snapshots_taken; };
  ASSERT_TRUE(soon([&] { return taken() > 0; }));
  join(2, of);
  const Outcome put =
      of_leader()
          .put_member(
              {.id = NodeId{2}, .standing = raft::Standing::learner, .address = addresses_[2]})
          .get();
  ASSERT_TRUE(std::holds_alternative<Applied>(put));
  const auto at = [&](std::uint64_t id) {
    return members_[id].group->status().get().applied.index.value;
  };
  const std::uint64_t before = taken();
  std::uint64_t written = 40;
  while (at(2) == 0 && written < 100'000) ASSERT_EQ(write("y"), std::to_string(++written));
  ASSERT_GT(taken(), before + 2) << "the log would have been cut";
  ASSERT_TRUE(soon([&] { return at(2) == at(1); }));
  EXPECT_EQ(members_[2].node->status().get().counters.snapshots_installed, 1U);
  // And then it is cut.
  const std::uint64_t snapshots = taken();
  while (taken() == snapshots) ASSERT_EQ(write("z"), std::to_string(++written));
  EXPECT_TRUE(soon([&] {
    const GroupStatus now = members_[1].group->status().get();
    return now.snapshot.index.value - now.base.index.value <= 1;
  }));
}

// ---- a disk that is none

TEST_F(RequestsTest, a_node_on_a_disk_in_memory_finds_what_it_wrote) {
  const auto files = std::make_shared<runtime::MemoryFiles>();
  adjust_ = [&](NodeOptions& options) {
    options.directory.clear();
    options.storage = [files](env::Loop& loop) { return runtime::memory_disk(loop, files); };
  };
  host::GroupOptions of;
  of.snapshot_entries = 3;
  of.keep_entries = 1;
  found(1, of);
  EXPECT_EQ(members_[1].node->disk(), "(memory)");
  for (int i = 1; i <= 10; ++i) ASSERT_EQ(write("x"), std::to_string(i));
  members_.clear();
  open(1);
  start(1, of);
  EXPECT_EQ(write("y"), "11");
  EXPECT_TRUE(std::filesystem::is_empty(place_));
  const Result<std::unique_ptr<Node>> second = Node::open(options(1));
  ASSERT_FALSE(second.has_value());
  EXPECT_NE(second.error().what.find("another node uses the same files"), std::string::npos);
}

// Wherever the question is at that moment: on its way to the node, to its disk, or back.
TEST_F(RequestsTest, whoever_waits_is_told_when_the_node_ends) {
  found(1);
  ASSERT_EQ(write("a"), "1");
  for (int i = 0; i < 20; ++i) {
    const Group held = *members_[1].group;
    std::future<Outcome> proposed = held.propose("b");
    std::future<ReadOutcome> read = held.read_within(1s);
    std::future<Result<host::LogPart>> log = held.read_log(Index{1}, 1000);
    std::future<Result<raft::Base>> exported = held.export_snapshot(place_ + "/exported");
    std::this_thread::sleep_for(40us * i);
    members_.clear();
    EXPECT_EQ(proposed.wait_for(10s), std::future_status::ready) << i;
    EXPECT_EQ(read.wait_for(10s), std::future_status::ready) << i;
    EXPECT_EQ(log.wait_for(10s), std::future_status::ready) << i;
    EXPECT_EQ(exported.wait_for(10s), std::future_status::ready) << i;
    if (HasFailure()) return;
    open(1);
    start(1);
    ASSERT_NE(leader(), 0U);
  }
}

}  // namespace
}  // namespace bowline
