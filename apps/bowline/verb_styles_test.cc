// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <regex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/bowline/run_program.h"
#include "apps/bowline/served_process.h"

// Each verb that speaks to servers, in each of the three styles, against a real one.
namespace bowline::apps {
namespace {

namespace fs = std::filesystem;

struct Shown {
  std::string command;
  std::string heading;  // of its table; empty: what goes on and on has none
  std::string plain;    // a pattern
};

class VerbStylesTest : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(directory_);
    first_ = start(0, member(0), "new");
    ASSERT_TRUE(first_->is_ready()) << first_->said();
  }
  void TearDown() override { fs::remove_all(directory_); }

  std::string url(std::size_t i) const { return "http://127.0.0.1:" + std::to_string(ports_[i]); }
  std::string member(std::size_t i) const { return "n" + std::to_string(i) + "=" + url(2 + i); }
  std::unique_ptr<ServedProcess> start(std::size_t i, const std::string& cluster,
                                       const std::string& state) const {
    const auto program = fs::read_symlink("/proc/self/exe").parent_path() / "bowline";
    const std::string name = "n" + std::to_string(i);
    fs::remove_all(directory_ + "/" + name);
    return std::make_unique<ServedProcess>(std::vector<std::string>{
        program.string(), "serve", "--name=" + name, "--data-dir=" + directory_ + "/" + name,
        "--initial-cluster=" + cluster, "--initial-cluster-state=" + state,
        "--listen-client-urls=" + url(i), "--listen-peer-urls=" + url(2 + i),
        "--initial-advertise-peer-urls=" + url(2 + i)});
  }
  std::string endpoint() const { return " --endpoints 127.0.0.1:" + std::to_string(ports_[0]); }
  Ran bowline(const std::string& what) const { return run_program(what + endpoint()); }
  std::string field(const std::string& what, const std::string& name) const {
    const std::string text = bowline(what + " -o json").out;
    std::smatch found;
    const std::regex pattern("\"" + name + "\": \"?([0-9a-f]+)");
    return std::regex_search(text, found, pattern) ? found[1].str() : "none in " + text;
  }

  // A line is a value of JSON, whoever reads it.
  static bool is_json(const std::string& text, const std::string& file) {
    std::ofstream(file) << text;
    return shell("python3 -c 'import json; [json.loads(line) for line in open(\"" + file +
                 "\")]' && echo good") == "good\n";
  }
  void show(const Shown& one, const std::string& style) {
    seen_.push_back(one.command);
    const Ran ran = bowline(one.command + " -o " + style);
    EXPECT_EQ(ran.status, 0) << one.command << " -o " << style << "\n" << ran.out;
    const std::string line = ran.out.substr(0, ran.out.find('\n'));
    const std::string heading = std::regex_replace(line, std::regex("  +"), "|");
    if (style == "json") {
      EXPECT_TRUE(is_json(ran.out, directory_ + "/json")) << one.command << "\n" << ran.out;
    } else if (style == "plain") {
      EXPECT_TRUE(std::regex_search(ran.out, std::regex("^" + one.plain))) << one.command << "\n"
                                                                           << ran.out;
    } else if (!one.heading.empty()) {
      EXPECT_EQ(heading, one.heading) << one.command << "\n" << ran.out;
    } else {
      EXPECT_TRUE(line.contains("  ") && !ran.out.contains("\n\n")) << ran.out;
    }
  }
  void show_keys(const std::string& style) {
    const std::string heading = "KEY|VALUE|CREATED|CHANGED|VERSION|LEASE";
    show({"put SHIP MOORED", "WRITTEN|REVISION", "OK\n$"}, style);
    const std::string since = field("get SHIP", "changed");
    show({"put SHIP ADRIFT --prev-kv", "WRITTEN|REVISION", "OK\nSHIP\nMOORED\n$"}, style);
    show({"get SHIP", heading, "SHIP\nADRIFT\n$"}, style);
    show({"get SHIP --count-only", "KEYS", "1\n$"}, style);
    show({"watch SHIP --rev " + since + " --events 1", "", "PUT\nSHIP\nMOORED\n$"}, style);
    show({"del SHIP --prev-kv", "DELETED|REVISION", "1\nSHIP\nADRIFT\n$"}, style);
    show({"compaction " + field("put SHIP MOORED", "revision"), "COMPACTED", "compacted revision"},
         style);
  }
  void show_txn(const std::string& style) {
    seen_.emplace_back("txn");
    const auto program = fs::read_symlink("/proc/self/exe").parent_path() / "bowline";
    const std::string said =
        shell("printf 'value(\"A\") = \"\"\\n\\n\\nput A 1\\nget A\\ndel B\\n' | " +
              program.string() + " txn -o " + style + endpoint());
    if (style == "json") {
      EXPECT_TRUE(is_json(said, directory_ + "/json") && said.contains("\"succeeded\": false"))
          << said;
    } else if (style == "plain") {
      EXPECT_EQ(said, "FAILURE\n\nOK\n\nA\n1\n\n0\n");
    }
    if (style != "table") return;
    EXPECT_TRUE(std::regex_search(
        said, std::regex("^COMPARES +REVISION\none failed +\\d+\n\nWRITTEN +REVISION\n1 +\\d+\n\n"
                         "KEY +VALUE [^\n]+\n\"A\" +\"1\" [^\n]+\n\n1 key in all\n\n"
                         "DELETED +REVISION\n0 +\\d+\n$")))
        << said;
  }
  void show_leases(const std::string& style) {
    show({"lease grant 60", "LEASE|SECONDS", "lease [0-9a-f]+ granted with TTL"}, style);
    const std::string id = field("lease grant 60", "lease");
    EXPECT_EQ(bowline("put held 1 --lease " + id).status, 0);
    show({"lease timetolive " + id + " --keys", "LEASE|GRANTED SECONDS|SECONDS", "lease " + id},
         style);
    show({"lease list", "LEASE", "found \\d leases\n"}, style);
    show({"lease keep-alive " + id + " --once", "", "lease " + id + " keepalived"}, style);
    show({"lease revoke " + id, "REVOKED", "lease " + id + " revoked\n$"}, style);
  }
  void show_cluster(const std::string& style) {
    const std::string at = "127.0.0.1:" + std::to_string(ports_[0]);
    show({"status", "ENDPOINT|ID|ROLE|VERSION|TERM|INDEX|APPLIED|REVISION|MEMORY|TROUBLE",
          at + " is the leader: id [0-9a-f]+, version [0-9.]+, term \\d+, index \\d+, applied "
               "\\d+, revision \\d+, [^,\n]+\n$"},
         style);
    show({"endpoint-health", "ENDPOINT|HEALTH|TOOK|WHY", at + " is healthy: "}, style);
    show({"alarm list", "MEMBER|ALARM", "$"}, style);
    show({"alarm disarm", "MEMBER|ALARM", "$"}, style);
    show({"snapshot save " + directory_ + "/SAVED", "FILE|BYTES", "Snapshot saved at "}, style);
    show({"check-perf --seconds 0.2 --clients 2",
          "WRITES|A SECOND|FAILED|MEDIAN|99 OF 100 WITHIN|SLOWEST", "\\d+ writes a second"},
         style);
  }
  void show_members(const std::string& style) {
    const std::string heading = "ID|STATE|NAME|PEERS CALL|CLIENTS CALL|STANDING";
    show({"member list", heading, "[0-9a-f]+, started, n0, "}, style);
    show({"member add n1 --learner --peer-urls " + url(3), heading, "Member [0-9a-f]+ added"},
         style);
    const auto second = start(1, member(0) + "," + member(1), "existing");
    ASSERT_TRUE(second->is_ready()) << second->said();
    // It is refused for as long as it has not caught up.
    Ran promoted;
    for (int tries = 0; tries < 1000 && promoted.status != 0; ++tries)
      promoted = bowline("member promote n1 -o " + style);
    seen_.emplace_back("member promote");
    EXPECT_EQ(promoted.status, 0) << promoted.out;
    EXPECT_EQ(promoted.out.starts_with("MEMBER "), style == "table") << promoted.out;
    show({"move-leader n1", "LEADER|NAME", "n1 leads now\n$"}, style);
    show({"move-leader n0", "LEADER|NAME", "n0 leads now\n$"}, style);
    show({"member update n1 --peer-urls " + url(3), "MEMBER|BECAME", "Member [0-9a-f]+ updated"},
         style);
    show({"member remove n1", "MEMBER|BECAME", "Member [0-9a-f]+ removed\n$"}, style);
  }
  // All that take -o, as the completion knows them, but for those that read files.
  static std::set<std::string> verbs() {
    const std::string script = run_program("completion bash").out;
    std::set<std::string> found;
    const std::regex line("\"([^\"\n]+)\"\\) offered=\"([^\"\n]*)\"");
    for (std::sregex_iterator at(script.begin(), script.end(), line), end; at != end; ++at)
      if ((*at)[2].str().contains("--output") && !(*at)[1].str().starts_with("wal "))
        found.insert((*at)[1]);
    return found;
  }

  std::string directory_ =
      fs::temp_directory_path() / ("bowline-styles-" + std::to_string(::getpid()));
  std::vector<int> ports_ = free_ports(4);
  std::unique_ptr<ServedProcess> first_;
  std::vector<std::string> seen_;  // commands
};

TEST_F(VerbStylesTest, every_verb_answers_in_all_three_styles) {
  for (const char* style : {"plain", "table", "json"}) {
    show_keys(style);
    show_txn(style);
    show_leases(style);
    show_cluster(style);
    show_members(style);
  }
  const std::set<std::string> all = verbs();
  EXPECT_GE(all.size(), 20U) << "the program has more verbs than that: the search is broken";
  for (const std::string& verb : all)
    EXPECT_TRUE(std::ranges::any_of(
        seen_, [&](const std::string& command) { return (command + " ").starts_with(verb + " "); }))
        << verb << " is not shown here";
}

}  // namespace
}  // namespace bowline::apps
