// SPDX-License-Identifier: Apache-2.0
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

namespace bowline::apps {
namespace {

TEST_F(ComparedTest, keys_are_put_and_found_as_by_etcd) {
  for (const std::string format : {" -w simple", " -w json", " -w fields"}) {
    for (const char* what : {"put a 1",
                             "put a 2 --prev-kv",
                             "put b ''",
                             "put c 3",
                             "put '' 1",
                             "get a",
                             "get a c",
                             "get '' --prefix",
                             "get '' --prefix --limit 2",
                             "get ''",
                             "get b --from-key",
                             "get '' --prefix --sort-by=VALUE --order=DESCEND",
                             "get '' --prefix --sort-by=MODIFY --order=ASCEND",
                             "get '' --prefix --sort-by=CREATE --order=DESCEND --limit 1",
                             "get '' --prefix --sort-by=VERSION",
                             "get '' --prefix --keys-only",
                             "get '' --prefix --count-only",
                             "get a --rev=2",
                             "get a --rev=3",
                             "get a --rev=900",
                             "get a --consistency=s",
                             "get none",
                             "put a x --ignore-value",
                             "put a --ignore-value",
                             "put a y --ignore-lease",
                             "put none y --ignore-lease",
                             "put a 1 --lease=77",
                             "del a --prev-kv",
                             "del none",
                             "del b z",
                             "del ''",
                             "put d 4",
                             "del '' --prefix"})
      same(what + format);
  }
}

TEST_F(ComparedTest, transactions_do_what_those_of_etcd_do) {
  same("put x 1");
  for (const std::string format : {" -w simple", " -w json"}) {
    for (const char* input :
         {"mod(\"x\") > \"0\"\\n\\nput x 2\\nget x\\n\\nput x 3\\n\\n",
          "version(\"x\") = \"1\"\\n\\nput x 2\\nget x\\n\\nput x 3\\nget x\\n\\n",
          "value(\"none\") = \"\"\\n\\nput x 2\\n\\nget none\\nget x\\n\\n",
          "create(\"none\") = \"0\"\\nvalue(\"x\") != \"9\"\\n\\ndel x\\nput y 1\\n\\n\\n",
          "\\nget x\\nget y\\n\\n\\n", "\\nput x 1\\nput x 2\\n\\n\\n",
          "\\ndel x\\nput x 2\\n\\n\\n", "\\nput x 5 --prev-kv\\ndel y --prev-kv\\n\\n\\n"})
      same("txn" + format, input);
    same("get '' --prefix" + format);
  }
}

TEST_F(ComparedTest, what_is_compacted_is_gone_as_in_etcd) {
  for (const char* what :
       {"put a 1", "put a 2", "del a", "put b 1", "put b 2", "compaction 4", "compaction 4",
        "compaction 900", "get a --rev=3", "get a --rev=4", "get b --rev=5",
        "compaction --physical 6", "get '' --prefix --rev=5", "get '' --prefix -w json"})
    same(what);
}

TEST_F(ComparedTest, leases_are_granted_kept_and_revoked_as_by_etcd) {
  // Ids are given by etcdctl only as what the server chose: they are looked up by what they do.
  for (const int port : {ports_[0], ports_[2]}) {
    const std::string granted = etcdctl(port, "lease grant 100");
    std::smatch id;
    ASSERT_TRUE(std::regex_search(granted, id, std::regex("lease ([0-9a-f]+) granted")));
    EXPECT_TRUE(granted.ends_with("granted with TTL(100s)\n")) << granted;
    const std::string lease = id[1];
    EXPECT_EQ(etcdctl(port, "put leased 1 --lease=" + lease), "OK\n");
    EXPECT_EQ(etcdctl(port, "lease keep-alive --once " + lease),
              "lease " + lease + " keepalived with TTL(100)\n");
    const std::string left = etcdctl(port, "lease timetolive --keys " + lease);
    EXPECT_TRUE(left.ends_with("attached keys([leased])\n")) << left;
    EXPECT_EQ(etcdctl(port, "lease list"), "found 1 leases\n" + lease + "\n");
    EXPECT_EQ(etcdctl(port, "lease revoke " + lease), "lease " + lease + " revoked\n");
  }
  for (const char* what : {"get leased -w json", "lease timetolive 77", "lease revoke 77",
                           "lease keep-alive --once 77", "lease list", "lease grant 9000000001"})
    same(what);
}

TEST_F(ComparedTest, watches_tell_what_those_of_etcd_tell) {
  for (const char* what : {"put a 1", "put a 2", "del a", "put b 1", "put a 3", "compaction 3"})
    same(what);
  // What is to come ends the watch, by a command that ends etcdctl.
  for (const char* what :
       {"watch a --rev=4 --prev-kv -w json", "watch a --rev=3 -w json", "watch --prefix --rev=4 ''",
        "watch a z --rev=5 --prev-kv", "watch a --rev=2 -w json"}) {
    const auto said = [&](int port) {
      return without_chance(shell("ETCDCTL_API=3 timeout 1 etcdctl --endpoints=127.0.0.1:" +
                                  std::to_string(port) + " " + what));
    };
    std::string ours;
    std::thread meanwhile([&] { ours = said(ports_[0]); });
    const std::string theirs = said(ports_[2]);
    meanwhile.join();
    EXPECT_EQ(ours, theirs) << what;
  }
}

TEST_F(ComparedTest, the_cluster_and_its_health_look_like_those_of_etcd) {
  for (const char* what :
       {"member list", "member list -w json", "member remove 77", "member promote 77",
        "member update 77 --peer-urls=http://a:1", "member add x --peer-urls=nonsense",
        "endpoint health", "move-leader 77", "alarm list", "defrag"})
    same(what);
  const std::string status = etcdctl(ports_[0], "endpoint status -w json");
  for (const char* field : {"\"version\":\"3.5.30\"", "\"leader\":10276657743932975437",
                            "\"member_id\":10276657743932975437", "\"raftIndex\":"})
    EXPECT_TRUE(status.contains(field)) << status;
}

// ---- three members

TEST_F(TrioTest, any_member_takes_any_request_and_survives_the_loss_of_another) {
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(ask(i, "put key" + std::to_string(i) + " 1"), "OK\n");
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(ask(i, "get key --prefix --print-value-only"), "1\n1\n1\n");
    EXPECT_EQ(ask(i, "get key0 --consistency=s --print-value-only"), "1\n");
    EXPECT_TRUE(ask(i, "member list").contains("started, n2, " + url(ports_[5])));
  }
  const std::size_t led = leader();
  ASSERT_LT(led, 3U);
  members_[led].reset();
  const std::size_t other = (led + 1) % 3;
  EXPECT_EQ(ask(other, "put after 1"), "OK\n");
  EXPECT_EQ(ask((led + 2) % 3, "get after --print-value-only"), "1\n");
  start(led);
  ASSERT_TRUE(members_[led]->is_ready()) << members_[led]->said();
  EXPECT_EQ(ask(led, "get after --print-value-only"), "1\n");
  EXPECT_EQ(ask(led, "put back 1"), "OK\n");
}

TEST_F(TrioTest, leases_are_kept_by_any_member_and_survive_the_leader) {
  const std::size_t led = leader();
  ASSERT_LT(led, 3U);
  const std::size_t one = (led + 1) % 3;
  const std::string granted = ask(one, "lease grant 60");
  std::smatch id;
  ASSERT_TRUE(std::regex_search(granted, id, std::regex("lease ([0-9a-f]+) granted"))) << granted;
  const std::string lease = id[1];
  EXPECT_EQ(ask(one, "put leased 1 --lease=" + lease), "OK\n");
  members_[led].reset();
  EXPECT_EQ(ask(one, "lease keep-alive --once " + lease),
            "lease " + lease + " keepalived with TTL(60)\n");
  EXPECT_EQ(ask((led + 2) % 3, "get leased --print-value-only"), "1\n");
  EXPECT_EQ(ask(one, "lease revoke " + lease), "lease " + lease + " revoked\n");
  EXPECT_EQ(ask(one, "get leased --print-value-only"), "");
}

TEST_F(TrioTest, the_leadership_moves_and_is_handed_over_at_the_end) {
  const std::size_t led = leader();
  ASSERT_LT(led, 3U);
  const std::size_t next = (led + 1) % 3;
  std::smatch id;
  const std::string members = ask(0, "member list");
  ASSERT_TRUE(
      std::regex_search(members, id, std::regex("([0-9a-f]+), started, n" + std::to_string(next))));
  EXPECT_TRUE(ask(next, "move-leader " + id[1].str()).contains("not leader") ||
              ask(next, "move-leader " + id[1].str()).contains("no leader endpoint"));
  EXPECT_TRUE(ask(led, "move-leader " + id[1].str()).contains("Leadership transferred"));
  EXPECT_EQ(leader(), next);
  EXPECT_EQ(members_[next]->end(), 0);
  members_[next].reset();
  EXPECT_EQ(ask(led, "put after 1"), "OK\n");
}

TEST_F(TrioTest, a_learner_joins_is_promoted_and_ends_when_it_is_removed) {
  const std::vector<int> more = free_ports(2);
  EXPECT_TRUE(ask(0, "member add n3 --learner --peer-urls=" + url(more[1])).contains("added"));
  std::string cluster = "n3=" + url(more[1]);
  for (std::size_t j = 0; j < 3; ++j)
    cluster += ",n" + std::to_string(j) + "=" + url(ports_[3 + j]);
  EXPECT_EQ(ask(0, "put before 1"), "OK\n");
  ServedProcess fourth(std::vector<std::string>{
      program(), "serve", "--name=n3", "--data-dir=" + scratch.at("n3"),
      "--initial-cluster=" + cluster, "--initial-cluster-state=existing",
      "--listen-client-urls=" + url(more[0]), "--listen-peer-urls=" + url(more[1]),
      "--initial-advertise-peer-urls=" + url(more[1])});
  ASSERT_TRUE(fourth.is_ready()) << fourth.said();
  for (const char* what : {"put during 1", "get before", "lease list", "member remove 77"})
    EXPECT_TRUE(etcdctl(more[0], what).contains("rpc not supported for learner")) << what;
  EXPECT_EQ(etcdctl(more[0], "get before --consistency=s --print-value-only"), "1\n");
  EXPECT_TRUE(etcdctl(more[0], "endpoint status").contains(", false, true,"));
  std::smatch id;
  const std::string members = ask(0, "member list");
  ASSERT_TRUE(std::regex_search(members, id, std::regex("([0-9a-f]+), started, n3")));
  EXPECT_TRUE(ask(1, "member promote " + id[1].str()).contains("promoted"));
  // It may hear of that a little later than the one that was asked.
  EXPECT_TRUE(ask(2, "member promote " + id[1].str()).contains("can only promote a learner"));
  EXPECT_EQ(ask(1, "put after 1"), "OK\n");
  EXPECT_TRUE(ask(2, "member remove " + id[1].str()).contains("removed"));
  EXPECT_EQ(fourth.wait(), 0);
}

}  // namespace
}  // namespace bowline::apps
