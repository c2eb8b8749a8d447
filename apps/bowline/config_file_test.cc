// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/config_file.h"

#include <chrono>
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
  if (!entries) {
    EXPECT_EQ(entries.error().fault, Fault::invalid) << entries.error().what;
    return "refused: " + entries.error().what;
  }
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

TEST(ConfigFile, a_list_may_go_on_over_lines) {
  EXPECT_EQ(entries_in("cipher-suites: [\n  a,  # the first\n  b\n]\nname: c\n"),
            "--cipher-suites=a,b --name=c");
  EXPECT_EQ(entries_in("cors: [a,\n  'b']\n"), "--cors=a,b");
}

TEST(ConfigFile, keys_of_sections_are_flags_by_other_names) {
  EXPECT_EQ(entries_in("client-transport-security:\n  crl-file: a\n  allowed-hostname: b\n"
                       "peer-transport-security:\n  allowed-cn: c\n  allowed-hostname: d\n"
                       "  crl-file: e\n"),
            "--client-crl-file=a --client-cert-allowed-hostname=b --peer-cert-allowed-cn=c "
            "--peer-cert-allowed-hostname=d --peer-crl-file=e");
}

TEST(ConfigFile, it_is_any_yaml_or_json) {
  EXPECT_EQ(entries_in("{\"name\": \"a\", \"cors\": [\"b\", \"c\"],\n"
                       " \"client-transport-security\": {\"auto-tls\": true}}\n"),
            "--name=a --cors=b,c --auto-tls=true");
  EXPECT_EQ(entries_in("name: \"a\\tb\"\ncors:\n  - b\n  - 'c'\n"), "--name=a\tb --cors=b,c");
  EXPECT_EQ(entries_in("name: &a x\ndata-dir: *a\ncors: >\n  a\n  b\n"),
            "--name=x --data-dir=x --cors=a b\n");
}

TEST(ConfigFile, what_is_not_understood_is_told_with_its_line) {
  for (const char* text :
       {"name", "\nname:x", "- name: x", "name: {a: b}", "name: 'a", "name: 'a' b", "list: [a",
        "list: [a, [b]]", "name: a\n  b: c", "client-transport-security: x", "? [a]\n: b",
        "name: *a", "name: a\nname: b",
        "peer-transport-security:\n  client-transport-security:\n    a: b"})
    EXPECT_TRUE(entries_in(text).starts_with("refused: line ")) << text << ": " << entries_in(text);
  EXPECT_EQ(entries_in("name: x\n\ncors: {a: b}\n"),
            "refused: line 3: 'cors' is one value, or a list of values");
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

// The keys of the sample that etcd comes with, each of them with what it has there.
TEST_F(ConfigOnDisk, the_sample_of_etcd_is_taken) {
  const auto said = flags(
      "name: 'default'\ndata-dir:\nwal-dir:\nsnapshot-count: 10000\nheartbeat-interval: 100\n"
      "election-timeout: 1000\nquota-backend-bytes: 0\nlisten-peer-urls: http://localhost:2380\n"
      "listen-client-urls: http://localhost:2379\nmax-snapshots: 5\nmax-wals: 5\ncors:\n"
      "initial-advertise-peer-urls: http://localhost:2380\n"
      "advertise-client-urls: http://localhost:2379\ndiscovery:\ndiscovery-fallback: 'proxy'\n"
      "discovery-proxy:\ndiscovery-srv:\ninitial-cluster:\n"
      "initial-cluster-token: 'etcd-cluster'\ninitial-cluster-state: 'new'\n"
      "strict-reconfig-check: false\nenable-v2: true\nenable-pprof: true\nproxy: 'off'\n"
      "proxy-failure-wait: 5000\nproxy-refresh-interval: 30000\nproxy-dial-timeout: 1000\n"
      "proxy-write-timeout: 5000\nproxy-read-timeout: 0\nclient-transport-security:\n"
      "  cert-file:\n  key-file:\n  client-cert-auth: false\n  trusted-ca-file:\n"
      "  auto-tls: false\npeer-transport-security:\n  cert-file:\n  key-file:\n"
      "  client-cert-auth: false\n  trusted-ca-file:\n  auto-tls: false\n  allowed-cn:\n"
      "  allowed-hostname:\nself-signed-cert-validity: 1\nlog-level: debug\nlogger: zap\n"
      "log-outputs: [stderr]\nforce-new-cluster: false\nauto-compaction-mode: periodic\n"
      "auto-compaction-retention: \"1\"\nlisten-metrics-urls:\nhost-whitelist: '*'\n"
      "grpc-keepalive-interval: 7000000000\ncipher-suites: [\n"
      "  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,\n  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384\n]\n"
      "tls-min-version: 'TLS1.2'\ntls-max-version: 'TLS1.3'\n");
  ASSERT_TRUE(said) << said.error().what;
  EXPECT_EQ(said->snapshot_count, 10'000U);
  EXPECT_TRUE(said->client_tls.cipher_suites.contains("_128_GCM_SHA256,TLS_"));
  const Result<ServePlan> plan = plan_of(*said);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->limits.ping_after, std::chrono::seconds(7));
  EXPECT_FALSE(plan->told.empty());
  EXPECT_FALSE(plan_of(*flags("force-new-cluster: true\n")));
}

TEST_F(ConfigOnDisk, what_is_wrong_is_a_sentence) {
  const auto refused = [&](const std::string& text, const std::string& why) {
    const auto said = flags(text);
    ASSERT_FALSE(said);
    EXPECT_TRUE(said.error().what.contains(why)) << said.error().what;
    EXPECT_EQ(said.error().fault, Fault::invalid) << said.error().what;
  };
  refused("name: a\nnonsense: 1\n", "line 2: 'nonsense' is no option that is known here");
  refused("config-file: x\n", "'config-file' is no option");
  refused("max-txn-ops: many\n", "max-txn-ops");
  refused("initial-cluster-state: old\n", "initial-cluster-state");
  EXPECT_TRUE(flags_in("/none/at/all").error().what.contains("cannot be opened"));
  EXPECT_EQ(flags_in("/none/at/all").error().fault, Fault::io) << "it may be there tomorrow";
}

}  // namespace
}  // namespace bowline::apps
