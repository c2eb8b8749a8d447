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
  for (const char* what : {"put small 1", "alarm disarm", "alarm list", "put small 1",
                           "get small --print-value-only", "endpoint health"})
    same(what);
}

}  // namespace
}  // namespace bowline::apps
