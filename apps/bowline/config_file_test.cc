// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/config_file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "apps/bowline/serve_options.h"

namespace bowline::apps {
namespace {

// "flag=value" of each, apart by blanks.
std::string entries_in(std::string_view text) {
  const auto entries = config_in(text);
  if (!entries) return "refused: " + entries.error().what;
  std::string all;
  for (const ConfigEntry& entry : *entries)
    all += (all.empty() ? "" : " ") + entry.flag + "=" + entry.value;
  return all;
}

TEST(ConfigFile, keys_and_values_are_flags) {
  EXPECT_EQ(entries_in("# comment\n---\nname: 'a b'\ndata-dir: \"/x\"  # here\n\nwal-dir:\n"),
            "--name=a b --data-dir=/x --wal-dir=");
  EXPECT_EQ(entries_in("listen-client-urls: http://a:1,http://b:2\r\nname: null\n"),
            "--listen-client-urls=http://a:1,http://b:2 --name=");
  EXPECT_EQ(entries_in("name: a # b\nwal-dir: # none\ndata-dir: /a#b\n"),
            "--name=a --wal-dir= --data-dir=/a#b");
  EXPECT_EQ(entries_in("log-outputs: [stderr, 'x']\n"), "--log-outputs=stderr,x");
  EXPECT_EQ(entries_in("watch-progress-notify-interval: 5000000000\n"),
            "--watch-progress-notify-interval=5000000000ns");
  EXPECT_EQ(entries_in(""), "");
}

TEST(ConfigFile, sections_are_about_one_port_each) {
  EXPECT_EQ(entries_in("client-transport-security:\n  cert-file: a\n  client-cert-auth: true\n"
                       "peer-transport-security:\n  cert-file: b\nname: c\n"),
            "--cert-file=a --client-cert-auth=true --peer-cert-file=b --name=c");
}

TEST(ConfigFile, what_is_not_understood_is_told_with_its_line) {
  for (const char* text : {"name", "\nname:x", "- name: x", "name: &a x", "name: |", "name: {a: b}",
                           "name: 'a", "name: \"a\\n\"", "name: 'a' b", "list: [a", "  name: x",
                           "name: a\n  b: c", "client-transport-security: x"})
    EXPECT_TRUE(entries_in(text).starts_with("refused: line ")) << entries_in(text);
  EXPECT_TRUE(entries_in("name: x\n\nother\n").starts_with("refused: line 3: 'other' is not like"));
}

class ConfigOnDisk : public testing::Test {
 protected:
  ~ConfigOnDisk() override { std::filesystem::remove(path); }
  Result<ServeFlags> flags(const std::string& text) const {
    std::ofstream(path) << text;
    return flags_in(path);
  }
  const std::string path =
      std::filesystem::temp_directory_path() / ("bowline-config-" + std::to_string(::getpid()));
};

TEST_F(ConfigOnDisk, nothing_else_counts_beside_it) {
  ::setenv("ETCD_NAME", "of the environment", 1);
  const auto said =
      flags("max-txn-ops: 7\nstrict-reconfig-check: false\nquota-backend-bytes: -1\n");
  ::unsetenv("ETCD_NAME");
  ASSERT_TRUE(said) << said.error().what;
  EXPECT_EQ(said->max_txn_ops, 7U);
  EXPECT_EQ(said->name, "default");
  EXPECT_FALSE(said->strict_reconfig_check);
  EXPECT_EQ(said->quota_backend_bytes, -1);
}

TEST_F(ConfigOnDisk, what_is_wrong_is_a_sentence) {
  const auto refused = [&](const std::string& text, const std::string& why) {
    const auto said = flags(text);
    ASSERT_FALSE(said);
    EXPECT_TRUE(said.error().what.contains(why)) << said.error().what;
  };
  refused("name: a\nnonsense: 1\n", "line 2: 'nonsense' is no option that is known here");
  refused("config-file: x\n", "'config-file' is no option");
  refused("max-txn-ops: many\n", "max-txn-ops");
  refused("initial-cluster-state: old\n", "initial-cluster-state");
  EXPECT_TRUE(flags_in("/none/at/all").error().what.contains("cannot be opened"));
}

}  // namespace
}  // namespace bowline::apps
