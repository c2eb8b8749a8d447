// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <future>
#include <regex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

// What else etcdctl can ask for, with each of its flags, and what any client of ours gets of an
// etcd.
namespace bowline::apps {
namespace {

const std::string every_format[] = {" -w simple", " -w json", " -w fields"};

std::string replaced(const std::string& text, const char* pattern, const std::string& with) {
  return std::regex_replace(text, std::regex(pattern), with);
}

// ---- keys

TEST_F(ComparedTest, every_flag_of_get_finds_what_it_finds_in_etcd) {
  for (const char* what : {"put a 1", "put b 9", "put aa 5", "put a 2", "put c 0", "put b 8",
                           "put 'of two words' 3", "put -- -x 7"})
    same(what);
  same("put lines", "one\\ntwo\\n");
  for (const std::string target : {"CREATE", "KEY", "MODIFY", "VALUE", "VERSION"})
    for (const std::string order : {" --order=ASCEND", " --order=DESCEND"})
      for (const std::string limit : {"", " --limit=3"})
        same("get '' --prefix --sort-by=" + target + order + limit);
  // With a limit and no order, etcd sorts what it happens to have found: docs/ETCD.md.
  for (const std::string target : {"CREATE", "KEY", "MODIFY", "VALUE", "VERSION"})
    same("get '' --prefix --sort-by=" + target);
  for (const char* what :
       {"get '' --from-key", "get b --from-key --limit=2", "get '' --from-key --rev=4",
        "get a --prefix --rev=4 --sort-by=VALUE --order=DESCEND", "get a c --rev=3 --keys-only",
        "get a --prefix --keys-only --limit=1", "get '' --prefix --print-value-only",
        "get '' --prefix --print-value-only --keys-only", "get '' --prefix --limit=-1",
        "get a --consistency=l", "get '' --prefix --consistency=s --rev=5", "get b a",
        "get a --rev=-1", "get '' --prefix --limit=2 --keys-only --hex"})
    for (const std::string& format : every_format) same(what + format);
  for (const char* what : {"get '' --prefix --hex", "get a --hex -w json", "get a --hex -w fields",
                           "get a --hex --print-value-only"})
    same(what);
}

TEST_F(ComparedTest, what_a_client_without_etcdctl_asks_for_is_found_as_in_etcd) {
  for (const char* what : {"put a 1", "put b 2", "put c 3"}) same(what);
  // etcdctl 3.4 knows no --count-only; ours does, and asks an etcd as well.
  for (const std::string format : {" -o plain", " -o json", " -o table"}) {
    for (const char* what : {"get '' --prefix --count-only", "get a c --count-only --limit=1",
                             "get none --count-only", "get b --from-key --keys-only --rev=3"}) {
      const auto said = [&](int port) {
        const std::string text = shell(program() + " " + what + format +
                                       " --endpoints=127.0.0.1:" + std::to_string(port));
        return replaced(text, R"re("raft_term": ?"?\d+"?)re", "TERM");
      };
      const std::string ours = said(ports_[0]);
      EXPECT_EQ(ours, said(ports_[2])) << what << format;
      EXPECT_FALSE(ours.contains("bowline")) << "no complaint: " << ours;
    }
  }
}

// Its answers as bytes, in hex. The header ends with the revision and the term, of one byte here.
TEST_F(ComparedTest, answers_are_the_same_to_the_byte) {
  for (const char* what : {"put a 1", "put a 2 --prev-kv", "get a", "get '' --prefix --keys-only",
                           "del a --prev-kv", "compaction 2"}) {
    const auto said = [&](int port) {
      const std::string text =
          etcdctl(port, std::string(what) + " -w protobuf | od -An -v -tx1 | tr -d ' \\n'; echo");
      return replaced(text, "(18[0-9a-f]{2}20)0[1-9]", "$1TERM");
    };
    EXPECT_EQ(said(ports_[0]), said(ports_[2])) << what;
  }
}

TEST_F(ComparedTest, deletions_of_every_kind_delete_what_they_delete_in_etcd) {
  for (const std::string& format : every_format) {
    for (const char* key : {"a", "aa", "b", "c"}) same(std::string("put ") + key + " 1");
    for (const char* what : {"del aa --prev-kv", "del c --from-key --prev-kv", "del none --prev-kv",
                             "del a --prefix --prev-kv", "del a c --prev-kv", "get '' --prefix"})
      same(what + format);
  }
}

TEST_F(ComparedTest, transactions_that_are_typed_or_wrong_end_as_in_etcd) {
  same("put x 1");
  const std::string typed = "mod(\"x\") > \"0\"\\n\\nput x 2\\nget x\\n\\nput x 3\\n\\n";
  for (const std::string& format : every_format) same("txn" + format, typed);
  same("txn --interactive", typed);
  for (const char* wrong :
       {"nonsense\\n\\nput x 2\\n\\n\\n", "mod(\"x\") > \"0\"\\n\\nput x\\n\\n\\n",
        "mod(\"x\") > \"0\"\\n\\nput x 3\\nput x 4\\n\\n\\n"})
    same("txn -w fields", wrong);
}

TEST_F(ComparedTest, watches_of_every_kind_tell_what_those_of_etcd_tell) {
  for (const char* what : {"put a 1", "put a 2", "put b 3", "del a", "put c 4"}) same(what);
  std::vector<std::future<void>> all;
  for (const std::string what :
       {"watch a --rev=2 -w fields", "watch '' --prefix --rev=3 -w fields --prev-kv",
        "watch '' --prefix --rev=3 -w json --prev-kv", "watch a --rev=2 --hex", "watch a c --rev=2",
        "watch a --rev=2 -- sh -c 'env | grep ^ETCD_WATCH_ | sort'", "watch --rev=4 --prefix b"})
    all.push_back(std::async(std::launch::async, [this, what] {
      const auto said = [&](int port) {
        return without_chance(shell("ETCDCTL_API=3 timeout 2 etcdctl --endpoints=127.0.0.1:" +
                                    std::to_string(port) + " " + what));
      };
      const std::string ours = said(ports_[0]);
      EXPECT_EQ(ours, said(ports_[2])) << what;
      EXPECT_FALSE(ours.empty()) << what;
    }));
}

// ---- leases

// Each server gives out ids of its own; what is said of them is compared.
class ComparedLeaseTest : public ComparedTest {
 protected:
  void grant(const std::string& seconds) {
    for (const std::size_t who : {0U, 1U}) {
      const std::string granted = etcdctl(ports_[2 * who], "lease grant " + seconds);
      std::smatch id;
      ASSERT_TRUE(std::regex_search(granted, id, std::regex("lease ([0-9a-f]+) granted")))
          << granted;
      ids_[who] = id[1];
    }
    same_of_lease("lease timetolive ID");
  }
  std::string of(std::size_t who, std::string what) {
    what = replaced(what, "ID", ids_[who]);
    std::string said = without_chance(etcdctl(ports_[2 * who], what));
    said = replaced(said, ids_[who].c_str(), "LEASE");
    said = replaced(said, std::to_string(std::stoull(ids_[who], nullptr, 16)).c_str(), "LEASE");
    if (!what.contains("timetolive")) return said;
    // A second or two may have passed, at one of them more than at the other.
    said = replaced(said, R"re(remaining\((9[5-9]|100)s\))re", "LEFT");
    said = replaced(said, R"re("ttl":(9[5-9]|100),)re", "LEFT");
    return replaced(said, R"re("TTL" : (9[5-9]|100)\n)re", "LEFT");
  }
  void same_of_lease(const std::string& what) { EXPECT_EQ(of(0, what), of(1, what)) << what; }

  std::array<std::string, 2> ids_;
};

TEST_F(ComparedLeaseTest, what_is_told_of_a_lease_is_what_etcd_tells) {
  grant("100");
  same_of_lease("put k 1 --lease=ID");
  // One key only while keys are looked at: an etcd lists them in no order.
  for (const std::string& format : every_format)
    for (const char* what :
         {"get k", "lease list", "lease timetolive ID", "lease timetolive ID --keys",
          "lease keep-alive --once ID", "put k 3 --ignore-lease --prev-kv"})
      same_of_lease(what + format);
  EXPECT_TRUE(of(0, "lease timetolive ID --keys").contains("LEFT, attached keys([k])"));
  for (const char* what :
       {"put k2 2 --lease=ID", "put k2 4", "lease timetolive ID --keys", "put k2 2 --lease=ID",
        "lease revoke ID -w json", "lease revoke ID", "lease timetolive ID",
        "lease timetolive ID -w json", "lease keep-alive --once ID", "get k", "get k2",
        "lease list -w fields", "lease grant x", "lease timetolive zz"})
    same_of_lease(what);
  grant("100");
  same_of_lease("lease revoke ID -w fields");
}

// Without --once it goes on; the first is told at once, the next after a third of the time.
TEST_F(ComparedLeaseTest, a_lease_is_kept_alive_until_that_ends) {
  grant("100");
  const auto said = [&](std::size_t who) {
    const std::string text = shell(
        "ETCDCTL_API=3 timeout 1 etcdctl --endpoints=127.0.0.1:" + std::to_string(ports_[2 * who]) +
        " lease keep-alive " + ids_[who]);
    return replaced(text, ids_[who].c_str(), "LEASE");
  };
  std::future<std::string> theirs = std::async(std::launch::async, [&] { return said(1); });
  EXPECT_EQ(said(0), "lease LEASE keepalived with TTL(100)\n");
  EXPECT_EQ(theirs.get(), "lease LEASE keepalived with TTL(100)\n");
}

TEST_F(ComparedLeaseTest, a_lease_that_nobody_keeps_takes_its_keys_along) {
  grant("1");  // which is less than either gives
  same_of_lease("put short 1 --lease=ID");
  for (const int port : {ports_[0], ports_[2]}) {
    std::string left = "short\n1\n";
    for (int asked = 0; !left.empty() && asked < 1000; ++asked) left = etcdctl(port, "get short");
    EXPECT_EQ(left, "") << "after a thousand questions";
  }
  for (const char* what : {"get short -w json", "get short --rev=2", "lease timetolive ID",
                           "lease timetolive ID -w json", "lease keep-alive --once ID",
                           "lease list -w json", "put short 2 --lease=ID"})
    same_of_lease(what);
}

// ---- the cluster

// What each server has of its own: its version, what its data take on its disk, and how many
// entries its log has. All of it must be applied.
std::string status_without_chance(std::string text) {
  text = replaced(text, R"re(3\.(5\.30|4\.23))re", "VERSION");
  text = replaced(text, R"re(VERSION,[0-9.]+[kM]B,)re", "VERSION,SIZE,");
  text = replaced(text, R"re(VERSION\|[0-9.]+[kM]B\|)re", "VERSION|SIZE|");
  text = replaced(text, R"re("(dbSize|dbSizeInUse)":\d+)re", "$1");
  text = replaced(text, R"re("DBSize":\d+)re", "DBSize");
  text = replaced(text, R"re("raftIndex":(\d+),"raftTerm":\d+,"raftAppliedIndex":\1,)re", "RAFT");
  text =
      replaced(text, R"re("RaftIndex":(\d+)\n"RaftTerm":\d+\n"RaftAppliedIndex":\1\n)re", "RAFT");
  text = replaced(text, R"re((true|false),\d+,(\d+),\2,)re", "$1,RAFT");
  return replaced(text, R"re((true|false)\|\d+\|(\d+)\|\2\|)re", "$1|RAFT");
}

TEST_F(ComparedTest, the_status_of_an_endpoint_is_told_as_by_etcd) {
  same("put a 1");
  for (const std::string format : {"simple", "json", "fields", "table"}) {
    const auto said = [&](int port, const std::string& what) {
      // A table is as wide as what is in it.
      std::string text = etcdctl(port, "endpoint " + what + " -w " + format);
      std::erase_if(text, [](char c) { return c == ' ' || c == '-'; });
      text = replaced(text, R"re("raft_term":\d+)re", "TERM");
      text = replaced(text, R"re("RaftTerm":\d+\n"Version")re", "TERM\"Version\"");
      return replaced(text, R"re(127\.0\.0\.1:\d+)re", "ADDRESS");
    };
    const std::string status = status_without_chance(said(ports_[0], "status"));
    EXPECT_EQ(status, status_without_chance(said(ports_[2], "status"))) << format;
    EXPECT_TRUE(status.contains("RAFT") && status.contains("VERSION")) << status;
    const auto health = [&](int port) {
      return replaced(said(port, "health"), "[0-9.]+(µs|ms)", "TOOK");
    };
    EXPECT_EQ(health(ports_[0]), health(ports_[2])) << format;
    EXPECT_TRUE(health(ports_[0]).contains("TOOK")) << health(ports_[0]);
  }
  same("member list -w table");
  same("member list -w fields");
}

TEST_F(ComparedTest, a_learner_is_added_looked_at_and_removed_as_in_etcd) {
  // Its id is a matter of the time, and members are listed by their ids.
  std::array<std::string, 2> ids;
  const auto said = [&](std::size_t who, const std::string& what) {
    std::string text = etcdctl(ports_[2 * who], replaced(what, "ID", ids[who]));
    std::smatch id;
    if (std::regex_search(text, id, std::regex("Member +([0-9a-f]+) added"))) ids[who] = id[1];
    if (!ids[who].empty()) text = replaced(text, ids[who].c_str(), "LEARNER");
    text = replaced(text, "Member +", "Member ");  // the id has 16 places in that line
    text = replaced(text, "x=http://127.0.0.1:7,default=http://localhost:2380",
                    "default=http://localhost:2380,x=http://127.0.0.1:7");
    std::vector<std::string> lines;
    std::istringstream from(without_chance(text));
    for (std::string line; std::getline(from, line);) lines.push_back(line);
    std::ranges::sort(lines);
    std::string sorted;
    for (const std::string& line : lines) sorted += line + "\n";
    return sorted;
  };
  for (const char* what :
       {"member add x --learner --peer-urls=http://127.0.0.1:7", "member list",
        "member add y --learner --peer-urls=http://127.0.0.1:8",
        "member update 8e9e05c52164694d --peer-urls=http://localhost:2381", "member list",
        "member update ID --peer-urls=http://127.0.0.1:9", "member promote ID",
        "member remove 8e9e05c52164694d", "member remove ID", "member remove ID", "member list",
        "member promote 8e9e05c52164694d", "member remove zz", "member add z"}) {
    const std::string ours = said(0, what);
    EXPECT_EQ(ours, said(1, what)) << what;
  }
  EXPECT_NE(ids[0], "");
}

// ---- metrics

class ComparedMetricsTest : public ComparedTest {
 protected:
  // What is told of the time of calls of some services, without what was measured. RangeStream is
  // refused here in a sentence, and 3.4 has never heard of it.
  static std::string times(int port) {
    const std::string page =
        shell("curl -s " + url(port) +
              "/metrics | grep grpc_server_handling_seconds | grep -v '\"RangeStream\"' | "
              "grep -E '# TYPE|etcdserverpb.(KV|Lease|Watch)' | LC_ALL=C sort");
    return replaced(page, R"re(\} [0-9.e+-]+\n)re", "}\n");
  }
  static std::string count(int port, const std::string& method) {
    return shell("curl -s " + url(port) + "/metrics | grep 'handling_seconds_count.*\"" + method +
                 "\"'");
  }
};

class ExtensiveMetricsTest : public ComparedMetricsTest {
  std::vector<std::string> flags() const override { return {"--metrics=extensive"}; }
};

TEST_F(ExtensiveMetricsTest, calls_are_timed_by_their_methods_as_in_etcd) {
  for (const char* what : {"put a 1", "put a 2", "get a", "get a --limit=-1", "del a"}) same(what);
  EXPECT_EQ(times(ports_[0]), times(ports_[2]));
  EXPECT_TRUE(times(ports_[0]).contains("le=\"0.005\"")) << times(ports_[0]);
  for (const char* method : {"Put", "Range", "DeleteRange", "Txn"})
    EXPECT_EQ(count(ports_[0], method), count(ports_[2], method));
  EXPECT_TRUE(count(ports_[0], "Put").ends_with(" 2\n")) << count(ports_[0], "Put");
}

TEST_F(ComparedMetricsTest, calls_are_not_timed_unless_that_is_asked_for) {
  EXPECT_EQ(times(ports_[0]), "");
  EXPECT_EQ(times(ports_[2]), "");
}

// Families of etcd's page that ours has not; one that ends with "_" stands for all that begin so.
// docs/ETCD.md has the reason of each.
constexpr std::array not_here{
    "etcd_debugging_auth_revision",
    "etcd_debugging_disk_backend_commit_",
    "etcd_debugging_lease_ttl_total",
    "etcd_debugging_mvcc_db_compaction_",
    "etcd_debugging_mvcc_index_compaction_pause_duration_milliseconds",
    "etcd_debugging_mvcc_pending_events_total",
    "etcd_debugging_mvcc_total_put_size_in_bytes",
    "etcd_debugging_snap_save_",
    "etcd_debugging_store_",
    "etcd_disk_backend_defrag_duration_seconds",
    "etcd_disk_backend_snapshot_duration_seconds",
    "etcd_disk_wal_write_bytes_total",
    "etcd_grpc_proxy_",
    "etcd_mvcc_hash_",
    "etcd_server_go_version",
    "etcd_server_heartbeat_send_failures_total",
    "etcd_server_read_indexes_failed_total",
    "etcd_server_slow_read_indexes_total",
    "etcd_snap_",
    "go_",
    "process_virtual_memory_max_bytes",
    "promhttp_",
};

std::vector<std::string> families_of(int port) {
  std::vector<std::string> families;
  std::istringstream page(
      shell("curl -s " + url(port) + "/metrics | sed -n 's/^# TYPE //p' | LC_ALL=C sort"));
  for (std::string line; std::getline(page, line);)
    families.push_back(line.substr(0, line.find(' ')));
  return families;
}

TEST_F(ComparedMetricsTest, each_family_of_etcd_is_here_or_it_is_said_why_not) {
  const std::vector<std::string> ours = families_of(ports_[0]), theirs = families_of(ports_[2]);
  EXPECT_GT(theirs.size(), 100U);
  EXPECT_EQ(std::ranges::adjacent_find(ours), ours.end()) << "each once";
  const auto is_one_of = [](const std::string& family, const char* exception) {
    return family == exception ||
           (std::string(exception).ends_with('_') && family.starts_with(exception));
  };
  for (const std::string& family : theirs) {
    const bool is_excepted = std::ranges::any_of(
        not_here, [&](const char* exception) { return is_one_of(family, exception); });
    EXPECT_NE(std::ranges::binary_search(ours, family), is_excepted) << family;
  }
  const std::string page = text_of("docs/ETCD.md");
  for (const char* const exception : not_here) {
    EXPECT_TRUE(std::ranges::any_of(
        theirs, [&](const std::string& family) { return is_one_of(family, exception); }))
        << exception << ": there is none in etcd";
    EXPECT_TRUE(page.contains("`" + std::string(exception) + "`")) << exception;
  }
}

// ---- snapshots

TEST_F(ComparedTest, a_snapshot_is_saved_and_looked_at_as_that_of_etcd) {
  for (const char* what : {"put a 1", "put b 2", "del a", "put c 3"}) same(what);
  const auto saved = [&](int port, const std::string& name) {
    const std::string file = scratch.at(name);
    const std::string said = etcdctl(port, "snapshot save " + file);
    return std::pair(file, replaced(said, (file + "$").c_str(), "FILE"));
  };
  const auto ours = saved(ports_[0], "ours.db");
  const auto theirs = saved(ports_[2], "theirs.db");
  EXPECT_EQ(replaced(ours.second, "ours", ""), replaced(theirs.second, "theirs", ""));
  for (const std::string format : {"simple", "json", "fields", "table"}) {
    // How the same is laid out in a file: the sum of its bytes, all the keys of etcd's own tables,
    // and its size. The revision is that of the data.
    const auto status = [&](const std::string& file) {
      std::string text = shell("ETCDCTL_API=3 etcdctl snapshot status " + file + " -w " + format);
      std::erase_if(text, [](char c) { return c == ' ' || c == '-'; });
      text = replaced(text, R"re(^[0-9a-f]{4,8},(\d+),\d+,[0-9.]+[kM]B\n)re", "HASH,$1,KEYS,SIZE");
      text = replaced(text, R"re("(hash|totalKey|totalSize)":\d+)re", "$1");
      text = replaced(text, R"re("(Hash|Keys|Size)":\d+)re", "$1");
      return replaced(text, R"re(\|[0-9a-f]{4,8}\|(\d+)\|\d+\|[0-9.]+[kM]B\|)re",
                      "|HASH|$1|KEYS|SIZE|");
    };
    const std::string said = status(ours.first);
    EXPECT_EQ(said, status(theirs.first)) << format;
    EXPECT_TRUE(std::regex_search(said, std::regex(R"re((,|"revision":|"Revision":|\|)5[,\n|])re")))
        << said;
  }
}

}  // namespace
}  // namespace bowline::apps
