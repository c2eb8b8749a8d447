// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <regex>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/bowline/run_program.h"
#include "apps/bowline/served_process.h"

// What people type, against three real servers.
namespace bowline::apps {
namespace {

namespace fs = std::filesystem;

class ClientProgramTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory() = fs::temp_directory_path() / ("bowline-client-" + std::to_string(::getpid()));
    ports() = free_ports(6);
    members().resize(3);
    std::vector<std::thread> starts;
    starts.reserve(3);
    for (std::size_t i = 0; i < 3; ++i) starts.emplace_back([i] { start(i); });
    for (std::thread& one : starts) one.join();
  }
  static void TearDownTestSuite() {
    members().clear();
    fs::remove_all(directory());
  }
  void SetUp() override {
    for (const auto& one : members()) ASSERT_TRUE(one->is_ready()) << one->said();
    bowline("del --prefix ''");
  }

  static std::string url(int port) { return "http://127.0.0.1:" + std::to_string(port); }
  static void start(std::size_t i) {
    std::string cluster;
    for (std::size_t j = 0; j < 3; ++j)
      cluster += (j == 0 ? "n" : ",n") + std::to_string(j) + "=" + url(ports()[3 + j]);
    const auto program = fs::read_symlink("/proc/self/exe").parent_path() / "bowline";
    members()[i] = std::make_unique<ServedProcess>(std::vector<std::string>{
        program.string(), "serve", "--name=n" + std::to_string(i),
        "--data-dir=" + directory() + "/" + std::to_string(i), "--initial-cluster=" + cluster,
        "--listen-client-urls=" + url(ports()[i]), "--listen-peer-urls=" + url(ports()[3 + i]),
        "--initial-advertise-peer-urls=" + url(ports()[3 + i])});
  }
  static std::string endpoints() {
    std::string list;
    for (std::size_t i = 0; i < 3; ++i)
      list += (i == 0 ? "" : ",") + ("127.0.0.1:" + std::to_string(ports()[i]));
    return list;
  }
  static Ran bowline(const std::string& what) {
    return run_program(what + " --endpoints " + endpoints());
  }
  static std::string etcdctl(const std::string& what) {
    return shell("ETCDCTL_API=3 timeout 20 etcdctl --endpoints=" + endpoints() + " " + what);
  }
  // Both print the same, and this.
  static void same(const std::string& what, const std::string& printed) {
    EXPECT_EQ(bowline(what).out, printed) << what;
    EXPECT_EQ(etcdctl(what), printed) << what;
  }

  // The next revision: what a watch begins at that shall see only what follows.
  static std::string next_revision() {
    const std::string text = bowline("get none -o json").out;
    std::smatch found;
    return std::regex_search(text, found, std::regex("\"revision\": (\\d+)"))
               ? std::to_string(std::stoll(found[1].str()) + 1)
               : "none in " + text;
  }
  static void until_there_is(const std::string& key, const std::string& since) {
    const std::string watched =
        run_program("watch " + key + " --rev " + since + " --events 1 --endpoints " + endpoints())
            .out;
    EXPECT_TRUE(watched.starts_with("PUT\n" + key + "\n")) << watched;
  }

  static std::string& directory() {
    static std::string it;
    return it;
  }
  static std::vector<int>& ports() {
    static std::vector<int> it;
    return it;
  }
  static std::vector<std::unique_ptr<ServedProcess>>& members() {
    static std::vector<std::unique_ptr<ServedProcess>> it;
    return it;
  }
};

std::string id_in_text(const std::string& text, const std::string& pattern) {
  std::smatch found;
  return std::regex_search(text, found, std::regex(pattern)) ? found[1].str() : "none";
}

TEST_F(ClientProgramTest, keys_are_put_shown_and_deleted_and_printed_as_etcdctl_does) {
  same("put ship moored", "OK\n");
  same("put ship2 adrift", "OK\n");
  same("get ship", "ship\nmoored\n");
  same("get ship --print-value-only", "moored\n");
  same("get --prefix ship --keys-only", "ship\n\nship2\n\n");
  same("get --prefix ship --order=descend --limit 1", "ship2\nadrift\n");
  same("get ship ship2", "ship\nmoored\n");
  same("get none", "");
  EXPECT_EQ(bowline("get --prefix ship --count-only").out, "2\n");
  EXPECT_EQ(bowline("put ship docked --prev-kv").out, "OK\nship\nmoored\n");
  EXPECT_EQ(bowline("get none --rev=1").status, 0);
  const std::string table = bowline("get --prefix '' -o table").out;
  EXPECT_TRUE(std::regex_search(
      table, std::regex("KEY +VALUE +CREATED +CHANGED +VERSION +LEASE\n\"ship\" +\"docked\" +")))
      << table;
  EXPECT_TRUE(table.ends_with("2 keys in all\n")) << table;
  EXPECT_TRUE(bowline("put 'a\"b\xc3\xbc' 'line\n<x>'").out == "OK\n");
  EXPECT_TRUE(bowline("get --from-key a --limit 1 -o json")
                  .out.contains("\"key\": \"a\\u0022b\xc3\xbc\", \"value\": "
                                "\"line\\u000a\\u003cx\\u003e\""));
  EXPECT_TRUE(bowline("put raw \"$(printf '\\377')\"").out == "OK\n");
  EXPECT_TRUE(bowline("get raw -o json").out.contains("\"value_base64\": \"/w\""));
  EXPECT_EQ(bowline("del --prefix ship").out, "2\n");
}

TEST_F(ClientProgramTest, transactions_come_from_the_standard_input) {
  bowline("put ship moored");
  const auto txn = [](const std::string& text, const std::string& options = "") {
    return shell("{ printf '" + text + "' | " +
                 (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string() +
                 " txn --endpoints " + endpoints() + options + "; }");
  };
  const std::string text =
      "value(\"ship\") = \"moored\"\\n\\nput ship adrift\\nget ship\\n\\nget ship\\n";
  EXPECT_EQ(txn(text), "SUCCESS\n\nOK\n\nship\nadrift\n");
  EXPECT_EQ(txn(text), "FAILURE\n\nship\nadrift\n");
  EXPECT_TRUE(txn(text, " -o json").contains("\"succeeded\": false, \"responses\": [{"));
  EXPECT_TRUE(txn("nonsense\\n").contains("line 1: 'nonsense': a compare is like"));
}

TEST_F(ClientProgramTest, a_watch_tells_what_happens_and_goes_on_at_another_member) {
  std::string first;
  std::thread watching([&first, since = next_revision()] {
    first =
        run_program("watch --prefix ship --events 3 --rev " + since + " --endpoints " + endpoints())
            .out;
  });
  EXPECT_EQ(bowline("put ship1 a").out, "OK\n");
  EXPECT_EQ(bowline("put other b").out, "OK\n");
  EXPECT_EQ(bowline("del ship1").out, "1\n");
  EXPECT_EQ(bowline("put ship2 c").out, "OK\n");
  watching.join();
  EXPECT_EQ(first, "PUT\nship1\na\nDELETE\nship1\n\nPUT\nship2\nc\n");
  const std::string json = bowline("get ship2 -o json").out;
  const std::string revision = id_in_text(json, "\"changed\": (\\d+)");
  // Its member is killed in the midst; nothing is missed, and nothing told twice.
  std::string second;
  std::thread following([&] {
    second = run_program("watch --prefix ship --events 3 --rev " + revision + " --endpoints " +
                         endpoints())
                 .out;
  });
  EXPECT_EQ(bowline("put ship3 d").out, "OK\n");
  members()[0]->kill();
  EXPECT_EQ(bowline("put ship4 e --within 20").out, "OK\n");
  following.join();
  const std::regex noise("bowline: [^\n]*\n");
  EXPECT_EQ(std::regex_replace(second, noise, ""), "PUT\nship2\nc\nPUT\nship3\nd\nPUT\nship4\ne\n");
  start(0);
}

TEST_F(ClientProgramTest, leases_are_granted_kept_shown_and_revoked) {
  const std::string granted = bowline("lease grant 60").out;
  const std::string id = id_in_text(granted, "lease ([0-9a-f]+) granted with TTL\\(60s\\)\n");
  EXPECT_EQ(bowline("put held 1 --lease " + id).out, "OK\n");
  EXPECT_EQ(bowline("lease keep-alive --once " + id).out,
            "lease " + id + " keepalived with TTL(60)\n");
  EXPECT_TRUE(bowline("lease timetolive --keys " + id).out.contains("attached keys(\"held\")"));
  EXPECT_EQ(bowline("lease list").out, "found 1 leases\n" + id + "\n");
  EXPECT_EQ(bowline("lease revoke " + id).out, "lease " + id + " revoked\n");
  EXPECT_EQ(bowline("get held").out, "");
  const Ran gone = bowline("lease revoke " + id);
  EXPECT_EQ(gone.status, 1);
  EXPECT_TRUE(gone.out.contains("not done: etcdserver: requested lease not found. `bowline lease"))
      << gone.out;
  EXPECT_EQ(bowline("lease keep-alive --once " + id).status, 1);
  EXPECT_EQ(bowline("lease timetolive " + id).status, 1);
  EXPECT_EQ(bowline("lease revoke xyz").status, 2);
}

// A program that goes on and on, and what it has printed so far.
class Following {
 public:
  explicit Following(const std::string& what, const std::string& file)
      : file_(file),
        thread_([=, this] { status_ = run_program(what + " > " + file + " 2>&1").status; }) {}
  ~Following() { thread_.join(); }
  Following(const Following&) = delete;
  Following& operator=(const Following&) = delete;

  std::string printed() const {
    std::ifstream in(file_);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // In time.
  bool prints(const std::string& what, std::size_t times = 1) const {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(40);
    while (std::chrono::steady_clock::now() < until) {
      const std::string text = printed();
      std::size_t found = 0;
      for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos; ++at) ++found;
      if (found >= times) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));  // a file tells nobody
    }
    return false;
  }

 private:
  std::string file_;
  int status_ = 0;
  std::thread thread_;
};

TEST_F(ClientProgramTest, a_lease_is_kept_alive_by_another_member_when_one_is_killed) {
  const std::string id = id_in_text(bowline("lease grant 3").out, "lease ([0-9a-f]+) granted");
  const std::string line = "keepalived with TTL(3)";
  const Following keeps("lease keep-alive " + id + " --within 1 --endpoints " + endpoints(),
                        directory() + "/kept");
  ASSERT_TRUE(keeps.prints(line)) << keeps.printed();
  members()[0]->kill();
  EXPECT_TRUE(keeps.prints(line, 7)) << keeps.printed();  // 6 s on, which are two lives of it
  EXPECT_TRUE(bowline("lease timetolive " + id).out.contains("granted with TTL(3s)"));
  EXPECT_EQ(bowline("lease revoke " + id).status, 0);
  EXPECT_TRUE(keeps.prints("expired or revoked")) << keeps.printed();
  start(0);
}

TEST_F(ClientProgramTest, a_watch_goes_on_elsewhere_when_its_member_falls_silent) {
  const Following watch(
      "watch seen --events 2 --rev " + next_revision() + " --endpoints " + endpoints(),
      directory() + "/watched");
  bowline("put seen 1");
  ASSERT_TRUE(watch.prints("seen\n1\n")) << watch.printed();
  ::kill(members()[0]->id(), SIGSTOP);
  run_program("put seen 2 --within 20 --endpoints 127.0.0.1:" + std::to_string(ports()[1]));
  EXPECT_TRUE(watch.prints("seen\n2\n")) << watch.printed();
  ::kill(members()[0]->id(), SIGCONT);
  EXPECT_TRUE(watch.printed().contains("going on at revision")) << watch.printed();
}

TEST_F(ClientProgramTest,
       a_watch_at_a_member_without_a_leader_says_so_and_goes_on_when_there_is_one) {
  const Following watch(
      "watch seen --events 2 --rev " + next_revision() + " --endpoints " + endpoints(),
      directory() + "/watched");
  bowline("put seen 1");
  ASSERT_TRUE(watch.prints("seen\n1\n")) << watch.printed();
  members()[1]->kill();
  members()[2]->kill();
  EXPECT_TRUE(watch.prints("no leader; going on at revision")) << watch.printed();
  std::thread other([] { start(1); });
  start(2);
  other.join();
  bowline("put seen 2");
  EXPECT_TRUE(watch.prints("seen\n2\n")) << watch.printed();
}

TEST_F(ClientProgramTest, members_are_listed_changed_and_led_by_whom_one_likes) {
  EXPECT_EQ(bowline("member list").out, etcdctl("member list"));
  const std::string added = bowline("member add n3 --learner --peer-urls http://127.0.0.1:1").out;
  EXPECT_TRUE(added.contains("added to cluster") && added.contains("--initial-cluster n") &&
              added.contains("n3=http://127.0.0.1:1"))
      << added;
  const std::string id = id_in_text(added, "Member ([0-9a-f]+) added");
  EXPECT_EQ(bowline("member promote " + id).status, 1);
  EXPECT_EQ(bowline("member remove " + id).out, "Member " + id + " removed\n");
  EXPECT_TRUE(bowline("member remove n9").out.contains("there is no member 'n9', only n"));
  for (const char* name : {"n1", "n2", "n0"}) {
    EXPECT_EQ(bowline("move-leader " + std::string(name)).out, std::string(name) + " leads now\n");
    const std::string json = bowline("member list -o json").out;
    const std::string its =
        id_in_text(json, "\"id\": \"([0-9a-f]+)\", \"name\": \"" + std::string(name) + "\"");
    EXPECT_TRUE(
        bowline("status -o json").out.contains("\"id\": \"" + its + "\", \"role\": \"leader\""));
  }
}

TEST_F(ClientProgramTest, a_member_that_is_gone_is_told_of_and_does_no_harm) {
  EXPECT_EQ(bowline("endpoint-health").status, 0);
  const std::string status = bowline("status").out;
  EXPECT_TRUE(status.contains("leader") && status.contains("follower")) << status;
  members()[0]->kill();
  EXPECT_EQ(bowline("put after 1 --within 20").out, "OK\n");
  EXPECT_EQ(bowline("get after --print-value-only").out, "1\n");
  const Ran health =
      run_program("endpoint-health --cluster --endpoints 127.0.0.1:" + std::to_string(ports()[1]));
  EXPECT_EQ(health.status, 1);
  EXPECT_TRUE(std::regex_search(
      health.out, std::regex("127.0.0.1:" + std::to_string(ports()[0]) + " is unhealthy: ")))
      << health.out;
  EXPECT_TRUE(health.out.contains(std::to_string(ports()[2]) + " is healthy: ")) << health.out;
  members()[2]->kill();
  const std::string alone = " --within 1 --endpoints 127.0.0.1:" + std::to_string(ports()[1]);
  const Ran maybe = run_program("put lonely 1" + alone);
  EXPECT_EQ(maybe.status, 3) << maybe.out;
  EXPECT_TRUE(maybe.out.contains("maybe done, nobody knows: look before you ask again: "))
      << maybe.out;
  const Ran unread = run_program("get lonely" + alone);
  EXPECT_EQ(unread.status, 1) << unread.out;
  EXPECT_TRUE(run_program("put lonely 1 -o json" + alone).out.contains("\"maybe done\""));
  start(0);
  start(2);
}

TEST_F(ClientProgramTest, what_cannot_be_asked_for_is_a_sentence) {
  const Ran refused = run_program("put a 1 --endpoints 127.0.0.1:1");
  EXPECT_EQ(refused.status, 1);
  EXPECT_TRUE(
      refused.out.contains("not done: cannot connect to 127.0.0.1:1: Connection refused. "
                           "Is a server running there?"))
      << refused.out;
  for (const char* bad : {"put a", "put", "get a b --prefix", "get a -o xml", "lease",
                          "put a 1 --endpoints https://", "compaction x", "completion fish"})
    EXPECT_EQ(run_program(bad).status, 2) << bad;
  for (const char* seconds : {"1e300", "inf", "nan", "0", "-1", "1e-9", "soon"}) {
    const Ran ran = run_program("get a --within " + std::string(seconds));
    EXPECT_EQ(ran.status, 2) << seconds;
    EXPECT_TRUE(ran.out.contains("--within: '" + std::string(seconds) +
                                 "' is no time to wait: say seconds, from 0.001 to 1000000000"))
        << ran.out;
  }
  EXPECT_EQ(bowline("get a --within 1e9").status, 0);
  EXPECT_TRUE(bowline("get a --rev 900000").out.contains("future revision. `bowline status`"));
  EXPECT_EQ(bowline("get a --rev 900000").status, 1);
}

TEST_F(ClientProgramTest, revisions_are_compacted_and_the_cluster_is_measured) {
  bowline("put a 1");
  bowline("put a 2");
  const std::string revision = id_in_text(bowline("get a -o json").out, "\"changed\": (\\d+)");
  EXPECT_EQ(bowline("compaction " + revision + " --physical").out,
            "compacted revision " + revision + "\n");
  const Ran again = bowline("compaction " + revision);
  EXPECT_TRUE(again.status == 1 && again.out.contains("Ask for a later revision")) << again.out;
  const Ran check = bowline("check-perf --seconds 0.3 --clients 4");
  EXPECT_EQ(check.status, 0) << check.out;
  EXPECT_TRUE(std::regex_search(check.out, std::regex("^[1-9]\\d* writes a second, [1-9]\\d* in "
                                                      "all\nmedian [0-9.]+ ms, 99 of 100")))
      << check.out;
  EXPECT_EQ(bowline("get --prefix '' --count-only").out, "1\n") << "it cleans up";
}

TEST_F(ClientProgramTest, a_snapshot_is_saved_whole_or_not_at_all) {
  bowline("put a 1");
  const std::string path = directory() + "/saved";
  const Ran saved = bowline("snapshot save " + path);
  EXPECT_EQ(saved.status, 0) << saved.out;
  EXPECT_TRUE(fs::exists(path));
  EXPECT_FALSE(fs::exists(path + ".part"));
  EXPECT_TRUE(saved.out.starts_with("Snapshot saved at " + path)) << saved.out;
  EXPECT_EQ(fs::file_size(path) % 512, 32U);  // the sum is behind the sectors
  EXPECT_EQ(bowline("snapshot save /nowhere/at/all").status, 1);
  const Ran watched =
      run_on_terminal("snapshot save " + path + " --endpoints " + endpoints() + " >/dev/null");
  EXPECT_EQ(watched.status, 0);
  EXPECT_TRUE(watched.out.contains("\rsnapshot [==") && watched.out.ends_with("\r\x1b[K"))
      << testing::PrintToString(watched.out);
  const Ran restored =
      run_on_terminal("snapshot restore " + path + " --data-dir " + path + ".etcd >/dev/null");
  EXPECT_EQ(restored.status, 0);
  EXPECT_TRUE(restored.out.starts_with("\rchecking [==") &&
              restored.out.contains("\r\x1b[K\rreading [") && restored.out.ends_with("\r\x1b[K"))
      << testing::PrintToString(restored.out);
  // There is room for a part of it only: what was saved before stays, and the part goes.
  const auto before = fs::last_write_time(path);
  const std::string program =
      (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
  const std::string full = shell("trap '' XFSZ; ulimit -f 8; " + program + " snapshot save " +
                                 path + " --endpoints " + endpoints() + " 2>&1; echo ended $?");
  EXPECT_TRUE(full.contains("not done: " + path + ".part: File too large")) << full;
  EXPECT_TRUE(full.ends_with("ended 1\n")) << full;
  EXPECT_EQ(fs::file_size(path) % 512, 32U);
  EXPECT_EQ(fs::last_write_time(path), before);
  EXPECT_FALSE(fs::exists(path + ".part"));
}

// The way that README.md shows.
TEST_F(ClientProgramTest, the_keys_of_an_etcd_are_brought_here_by_make_mirror) {
  const std::vector<int> theirs = free_ports(2);
  ServedProcess etcd(
      {"etcd", "--data-dir=" + directory() + "/etcd", "--listen-client-urls=" + url(theirs[0]),
       "--advertise-client-urls=" + url(theirs[0]), "--listen-peer-urls=" + url(theirs[1])});
  ASSERT_TRUE(etcd.is_ready()) << etcd.said();
  const std::string there =
      "ETCDCTL_API=3 timeout 20 etcdctl --endpoints=127.0.0.1:" + std::to_string(theirs[0]);
  for (const char* key : {"a", "b", "c"}) EXPECT_EQ(shell(there + " put " + key + " 1"), "OK\n");
  const std::string since = next_revision();
  const pid_t mirror =
      std::stoi(shell(there + " make-mirror 127.0.0.1:" + std::to_string(ports()[0]) +
                      " >/dev/null 2>&1 & echo $!"));
  until_there_is("c", since);
  EXPECT_EQ(shell(there + " put d 1"), "OK\n");  // it goes on
  until_there_is("d", since);
  EXPECT_EQ(bowline("get --prefix '' --print-value-only").out, "1\n1\n1\n1\n");
  ::kill(mirror, SIGTERM);  // timeout hands it on
}

TEST_F(ClientProgramTest, the_shell_completes_verbs_options_and_values) {
  const std::string program =
      (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
  const auto offered = [&](const std::string& words, int at) {
    return shell("bash -c 'source <(" + program + " completion bash); COMP_WORDS=(" + words +
                 "); COMP_CWORD=" + std::to_string(at) + "; _bowline; echo ${COMPREPLY[@]}'");
  };
  EXPECT_EQ(offered("bowline ge", 1), "get\n");
  EXPECT_EQ(offered("bowline lease ke", 2), "keep-alive\n");
  EXPECT_EQ(offered("bowline lease keep-alive --on", 3), "--once\n");
  EXPECT_EQ(offered("bowline get --keys", 2), "--keys-only\n");
  EXPECT_EQ(offered("bowline get -o j", 3), "json\n");
  EXPECT_EQ(offered("bowline wal dump --output t", 4), "table\n");
  EXPECT_EQ(offered("bowline get --order \"\"", 3), "ascend descend\n");
  EXPECT_EQ(offered("bowline get --sort-by m", 3), "modify\n");
  EXPECT_EQ(offered("bowline get ship --consistency \"\"", 4), "l s\n");
  EXPECT_EQ(offered("bowline get --order = d", 4), "descend\n") << "--order=d";
  EXPECT_EQ(offered("bowline serve --initial-cluster-state e", 3), "existing\n");
  EXPECT_EQ(offered("bowline serve --initial-cluster-s", 2), "--initial-cluster-state\n");
  EXPECT_EQ(offered("bowline serve --unsafe", 2), "\n") << "what means nothing is not offered";
}

// Typed at a zsh on a terminal, with a tab and the end of the line behind each.
TEST_F(ClientProgramTest, zsh_completes_what_is_typed) {
  const std::string program =
      (fs::read_symlink("/proc/self/exe").parent_path() / "bowline").string();
  const std::string script = directory() + "/typed.zsh";
  std::ofstream(script) << "zmodload zsh/zpty\n"
                           "zpty z zsh -f -i\n"
                           "zpty -w z 'autoload -U compinit && compinit -D; source <("
                        << program
                        << " completion zsh); bowline() { print -r -- \"got: $*.\"; }; "
                           "print rea\"\"dy'\n"
                           "zpty -r z said '*ready*'\n"
                           "while read -r line; do\n"
                           "  zpty -n -w z \"bowline $line\"$'\\t\\n'\n"
                           "  zpty -r z said '*got: *.*'\n"
                           "  print -r -- \"${${said##*got: }%%.*}\"\n"
                           "done\n";
  EXPECT_EQ(shell("printf '%s\\n' ge 'lease ke' 'lease keep-alive --on' 'get -o j' "
                  "'wal dump --output t' 'get --order d' 'get ship --sort-by m' "
                  "'serve --unsafe' | timeout 30 zsh -f " +
                  script),
            "get\nlease keep-alive\nlease keep-alive --once\nget -o json\n"
            "wal dump --output table\nget --order descend\nget ship --sort-by modify\n"
            "serve --unsafe\n");
}

}  // namespace
}  // namespace bowline::apps
