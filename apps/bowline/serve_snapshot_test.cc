// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <filesystem>
#include <fstream>
#include <regex>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

// Snapshots as files that our tools and those of etcd give to each other.
namespace bowline::apps {
namespace {

// A past with everything in it: keys that were erased, a compaction, leases.
void live(int port) {
  for (const char* what : {"put a 1", "put a 2", "put gone 1", "del gone", "put b ''",
                           "compaction 4", "put a 3", "put last 1", "del last", "put c x"})
    etcdctl(port, what);
  std::smatch lease;
  const std::string granted = etcdctl(port, "lease grant 1000");
  ASSERT_TRUE(std::regex_search(granted, lease, std::regex("lease ([0-9a-f]+) granted")));
  EXPECT_EQ(etcdctl(port, "put leased 1 --lease=" + lease[1].str()), "OK\n");
}

// All that clients can see of it, without who is asked.
std::string seen(int port) {
  std::string text;
  for (const char* what : {"get '' --prefix -w json", "get '' --prefix --rev=7 -w json",
                           "get '' --prefix --rev=4", "get '' --prefix --rev=3", "lease list"})
    text += etcdctl(port, what);
  for (const char* member : {R"re("(cluster_id|member_id|raft_term)":\d+)re", R"re(0x\w+)re"})
    text = std::regex_replace(text, std::regex(member), "");
  const std::string events =
      shell("ETCDCTL_API=3 timeout 1 etcdctl --endpoints=127.0.0.1:" + std::to_string(port) +
            " watch --prefix '' --rev=4");
  return text + events;
}

class SnapshotFileTest : public ComparedTest {
 protected:
  std::string save(int port, const std::string& name) {
    const std::string path = scratch.at(name);
    EXPECT_TRUE(etcdctl(port, "snapshot save " + path).contains("Snapshot saved at")) << name;
    return path;
  }
  std::string restore(const std::string& tool, const std::string& file, const std::string& flags) {
    return shell("ETCDCTL_API=3 " + tool + " snapshot restore " + file + " " + flags);
  }
};

TEST_F(SnapshotFileTest, what_we_save_is_looked_at_and_restored_by_etcd) {
  live(ports_[0]);
  const std::string before = seen(ports_[0]);
  const std::string file = save(ports_[0], "ours.db");
  const std::string status = shell("ETCDCTL_API=3 etcdctl snapshot status -w json " + file);
  EXPECT_TRUE(status.contains("\"revision\":11")) << status;
  const std::string made = scratch.at("made.etcd");
  restore("etcdctl", file, "--data-dir=" + made);
  theirs_.reset();
  theirs_ = std::make_unique<ServedProcess>(alone({"etcd"}, made, ports_[2], ports_[3]));
  ASSERT_TRUE(theirs_->is_ready()) << theirs_->said();
  EXPECT_EQ(seen(ports_[2]), before);
  EXPECT_EQ(etcdctl(ports_[2], "put after 1"), "OK\n");
}

TEST_F(SnapshotFileTest, what_our_own_verbs_save_and_restore_is_what_it_was) {
  live(ports_[0]);
  const std::string before = seen(ports_[0]);
  const std::string id =
      etcdctl(ports_[0], "lease list").substr(std::string("found 1 leases\n").size());
  const auto keys_of_lease = [&] {
    const std::string said = etcdctl(ports_[0], "lease timetolive --keys " + id);
    return std::regex_replace(said, std::regex("remaining.[0-9]+s."), "");
  };
  const std::string leased = keys_of_lease();
  EXPECT_TRUE(leased.contains("granted with TTL(1000s)") && leased.contains("[leased]")) << leased;
  const std::string file = scratch.at("ours.db");
  const std::string saved = shell(
      program() + " snapshot save --endpoints=127.0.0.1:" + std::to_string(ports_[0]) + " " + file);
  EXPECT_TRUE(saved.contains("Snapshot saved at " + file)) << saved;
  const std::string made = scratch.at("made");
  EXPECT_TRUE(restore(program(), file, "--data-dir=" + made).contains("at revision 11"));
  ours_.reset();
  ours_ = std::make_unique<ServedProcess>(alone({program(), "serve"}, made, ports_[0], ports_[1]));
  ASSERT_TRUE(ours_->is_ready()) << ours_->said();
  EXPECT_EQ(seen(ports_[0]), before);
  EXPECT_EQ(keys_of_lease(), leased);
  EXPECT_EQ(etcdctl(ports_[0], "put after 1"), "OK\n");
}

TEST_F(SnapshotFileTest, what_etcd_saved_is_restored_by_us) {
  live(ports_[2]);
  const std::string before = seen(ports_[2]);
  const std::string file = save(ports_[2], "theirs.db");
  const std::string made = scratch.at("made");
  const std::string said = restore(program(), file, "--data-dir=" + made);
  EXPECT_TRUE(said.contains("at revision 11")) << said;
  ours_.reset();
  ours_ = std::make_unique<ServedProcess>(alone({program(), "serve"}, made, ports_[0], ports_[1]));
  ASSERT_TRUE(ours_->is_ready()) << ours_->said();
  EXPECT_EQ(seen(ports_[0]), before);
  EXPECT_EQ(etcdctl(ports_[0], "put after 1"), "OK\n");
  // It is kept, and does not depend on the file.
  std::filesystem::remove(file);
  EXPECT_EQ(ours_->end(), 0);
  ours_.reset();
  ours_ = std::make_unique<ServedProcess>(alone({program(), "serve"}, made, ports_[0], ports_[1]));
  ASSERT_TRUE(ours_->is_ready()) << ours_->said();
  EXPECT_EQ(etcdctl(ports_[0], "get after --print-value-only"), "1\n");
}

TEST_F(SnapshotFileTest, what_etcd_had_locked_is_not_opened_without_a_word) {
  for (const char* what : {"put secret 1", "user add root --no-password", "role add root",
                           "user grant-role root root", "auth enable"})
    etcdctl(ports_[2], what);
  // Copied: there is no password to save it with.
  EXPECT_TRUE(etcdctl(ports_[2], "get secret").contains("user name is empty"));
  theirs_.reset();
  const std::string file = scratch.at("theirs") + "/member/snap/db";
  const std::string made = scratch.at("made");
  const std::string flags = "--skip-hash-check --data-dir=" + made;
  const std::string said = restore(program(), file, flags);
  EXPECT_TRUE(said.contains("asked who somebody is")) << said;
  EXPECT_FALSE(std::filesystem::exists(made));
  EXPECT_TRUE(restore(program(), file, flags + " --without-users").contains("is a member now"));
}

TEST_F(SnapshotFileTest, a_file_that_is_not_good_makes_nothing_and_is_told_of) {
  etcdctl(ports_[0], "put a 1");
  const std::string file = save(ports_[0], "ours.db");
  const std::string made = scratch.at("made");
  const auto refused = [&](const std::string& flags, const std::string& why) {
    const std::string said = restore(program(), file, flags + " --data-dir=" + made);
    EXPECT_TRUE(said.contains(why)) << said;
    EXPECT_FALSE(std::filesystem::exists(made));
  };
  refused("--bump-revision 5", "--bump-revision and --mark-compacted go together");
  refused("--initial-cluster=other=http://a:1", "couldn't find local name");
  {
    std::fstream change(file, std::ios::in | std::ios::out | std::ios::binary);
    change.seekp(20'000);
    change.put('!');
  }
  refused("", "its sum says that it is damaged");
  std::filesystem::resize_file(file, 30'000);
  refused("", "there is no sum at its end");
  refused("--skip-hash-check", "it is shorter than its head says");
  std::ofstream(file) << "nonsense";
  refused("--skip-hash-check", "neither of its heads is whole");
  std::filesystem::remove(file);
  refused("", "it cannot be opened");
  std::filesystem::create_directories(made + "/full");
  EXPECT_TRUE(restore(program(), file, "--data-dir=" + made).contains("is there and not empty"));
}

TEST_F(TrioTest, all_members_of_a_new_cluster_are_made_from_one_file_while_writes_go_on) {
  live(ports_[0]);
  std::atomic<bool> ends = false;
  std::thread writer([&] {
    while (!ends) ask(1, "put meanwhile x");
  });
  const std::string file = scratch.at("trio.db");
  EXPECT_TRUE(ask(0, "snapshot save " + file).contains("Snapshot saved at"));
  ends = true;
  writer.join();
  ask(0, "put lost 1");
  members_.clear();
  members_.resize(3);
  for (std::size_t i = 0; i < 3; ++i) {
    std::filesystem::remove_all(scratch.at("n" + std::to_string(i)));
    const std::string said = shell(
        program() + " snapshot restore " + file + " --name=n" + std::to_string(i) +
        " --data-dir=" + scratch.at("n" + std::to_string(i)) + " --initial-cluster=" + cluster() +
        " --initial-advertise-peer-urls=" + url(ports_[3 + i]) +
        " --bump-revision 1000000 --mark-compacted");
    EXPECT_TRUE(said.contains("is a member now")) << said;
  }
  start_all();
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(i, "get a --print-value-only"), "3\n");
    EXPECT_EQ(ask(i, "get lost --print-value-only"), "");
    EXPECT_EQ(ask(i, "put after" + std::to_string(i) + " 1"), "OK\n");
    EXPECT_TRUE(ask(i, "get a --rev=12").contains("required revision has been compacted"));
  }
  EXPECT_TRUE(
      std::regex_search(ask(1, "get a -w json"), std::regex(R"re("revision":10000\d\d)re")));
}

}  // namespace
}  // namespace bowline::apps
