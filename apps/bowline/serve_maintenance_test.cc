// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

// What is done to a server rather than to its data.
namespace bowline::apps {
namespace {

class QuotaTest : public ComparedTest {
  // etcd's own file is more than 1 MiB with a few keys in it.
  std::vector<std::string> flags() const override {
    return {"--quota-backend-bytes=" + std::to_string(8 << 20)};
  }
};

TEST_F(QuotaTest, a_full_member_takes_nothing_until_there_is_room_and_its_alarm_is_cleared) {
  const std::string large = scratch.at("large");
  shell("head -c 1400000 /dev/zero | tr '\\0' x > " + large);
  same("put first 1");
  const auto fill = [&](int port) {
    std::string said = "OK\n";
    int puts = 0;
    for (; said == "OK\n" && puts < 50; ++puts) said = etcdctl(port, "put fill < " + large);
    EXPECT_LT(puts, 50);
    return without_chance(said.substr(said.find("Error")));
  };
  EXPECT_EQ(fill(ports_[0]), fill(ports_[2]));
  for (const char* what : {"alarm list", "endpoint health", "put small 1", "lease grant 60",
                           "get first --print-value-only", "del first", "lease list"})
    same(what);
  same("txn", "\\nput small 1\\n\\n\\n");
  same("txn", "\\ndel first\\nget first\\n\\n\\n");
  EXPECT_TRUE(etcdctl(ports_[0], "endpoint status -w json").contains("alarm:NOSPACE"));
  EXPECT_EQ(shell("curl -s " + url(ports_[0]) + "/health"),
            "{\"health\":\"false\",\"reason\":\"ALARM NOSPACE\"}\n");
  // Room is made. Of the alarms only the way to clear them is left.
  for (const int port : {ports_[0], ports_[2]}) {
    std::smatch revision;
    const std::string now = etcdctl(port, "get first -w json");
    ASSERT_TRUE(std::regex_search(now, revision, std::regex(R"re("revision":(\d+))re"))) << now;
    EXPECT_TRUE(etcdctl(port, "compaction --physical " + revision[1].str()).contains("compacted"));
    EXPECT_TRUE(etcdctl(port, "defrag").contains("Finished"));
  }
  const auto bowline = [&](const std::string& what) {
    return shell(program() + " " + what + " --endpoints 127.0.0.1:" + std::to_string(ports_[0]));
  };
  const std::string refused = bowline("put small 1");
  EXPECT_TRUE(refused.contains("`bowline alarm disarm` takes")) << refused;
  EXPECT_EQ(bowline("alarm list"), etcdctl(ports_[0], "alarm list"));
  EXPECT_TRUE(bowline("alarm list -o table").contains("NOSPACE\n"));
  EXPECT_TRUE(bowline("alarm list -o json").contains("\"alarm\": \"NOSPACE\""));
  EXPECT_EQ(without_chance(bowline("alarm disarm")),
            without_chance(etcdctl(ports_[2], "alarm disarm")));
  for (const char* what :
       {"alarm list", "put small 1", "get small --print-value-only", "endpoint health"})
    same(what);
}

double metric(int port, const std::string& name) {
  const std::string line = shell("curl -s " + url(port) + "/metrics | grep '^" + name + " '");
  return line.empty() ? -1 : std::stod(line.substr(name.size()));
}

TEST_F(ServeProgramTest, values_that_memory_has_no_room_for_are_in_a_file_and_survive_a_kill) {
  const std::vector<int> ports = free_ports(2);
  const auto words = alone({program(), "serve", "--memory-for-values=1000000"}, scratch.at("data"),
                           ports[0], ports[1]);
  const auto value = [](int i) { return std::string(300'000, static_cast<char>('a' + i)); };
  for (const bool again : {false, true}) {
    ServedProcess server(words);
    ASSERT_TRUE(server.is_ready()) << server.said();
    for (int i = 0; i < 26 && !again; ++i) {
      const std::string put =
          "head -c 300000 /dev/zero | tr '\\0' " + std::string(1, static_cast<char>('a' + i)) +
          " | ETCDCTL_API=3 etcdctl --endpoints=127.0.0.1:" + std::to_string(ports[0]) +
          " put key" + std::to_string(i);
      ASSERT_EQ(shell(put), "OK\n");
    }
    // Whoever answers this has applied all of the log.
    for (int i = 0; i < 26; ++i)
      EXPECT_EQ(etcdctl(ports[0], "get --print-value-only key" + std::to_string(i)),
                value(i) + "\n");
    double in_memory = 0;
    for (int asked = 0; asked < 500; ++asked) {
      in_memory = metric(ports[0], "bowline_store_values_memory_bytes");
      if (in_memory <= 1'000'000) break;
    }
    EXPECT_LE(in_memory, 1'000'000);
    EXPECT_GE(metric(ports[0], "bowline_store_values_file_in_use_bytes"), 6'000'000);
    EXPECT_GE(metric(ports[0], "bowline_store_values_file_bytes"), 8 << 20);
    EXPECT_GE(metric(ports[0], "etcd_mvcc_db_total_size_in_use_in_bytes"), 26 * 300'000);
    // And they are read from there.
    EXPECT_EQ(etcdctl(ports[0], "get --print-value-only key0"), value(0) + "\n");
    server.kill();
  }
  EXPECT_EQ(shell("ls " + scratch.at("data")), "bowline-member\nlog\n") << "it has no name";
}

}  // namespace
}  // namespace bowline::apps
