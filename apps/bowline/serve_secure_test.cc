// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

// The port for clients with certificates, and options from a file.
namespace bowline::apps {
namespace {

class SecureTest : public ServeProgramTest {
 protected:
  void SetUp() override {
    ServeProgramTest::SetUp();
    ports_ = free_ports(3);
    authority("ca");
    issue("server", "ca", "serverAuth");
    issue("client", "ca", "clientAuth");
  }
  void authority(const std::string& name) const {
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=" +
            name + " -keyout " + name + ".key -out " + name + ".pem");
  }
  // Put in its place in one go, as the server may look meanwhile.
  void issue(const std::string& name, const std::string& by, const std::string& usage) const {
    std::ofstream(scratch.at("ext"))
        << (usage.contains("subjectAltName") ? "" : "subjectAltName=IP:127.0.0.1\n")
        << "extendedKeyUsage=" << usage << '\n';
    openssl("req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name +
            " -keyout " + name + ".key.new -out csr");
    openssl("x509 -req -in csr -CA " + by + ".pem -CAkey " + by +
            ".key -days 30 -extfile ext -out " + name + ".pem.new");
    for (const char* end : {".key", ".pem"})
      std::filesystem::rename(scratch.at(name + end + ".new"), scratch.at(name + end));
  }
  void openssl(const std::string& what) const {
    shell("cd " + scratch.at("") + " && openssl " + what);
  }
  std::vector<std::string> arguments(const std::vector<std::string>& more) const {
    std::vector<std::string> all{program(),
                                 "serve",
                                 "--data-dir=" + scratch.at("data"),
                                 "--listen-client-urls=https://127.0.0.1:" +
                                     std::to_string(ports_[0]) + "," + url(ports_[1]),
                                 "--listen-peer-urls=" + url(ports_[2]),
                                 "--cert-file=" + scratch.at("server.pem"),
                                 "--key-file=" + scratch.at("server.key")};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  std::string ask(const std::string& what, const std::string& authority = "ca",
                  const std::string& as = {}, const std::string& within = "20s") const {
    std::string flags = " --dial-timeout=" + within + " --command-timeout=" + within +
                        " --cacert=" + scratch.at(authority + ".pem");
    if (!as.empty())
      flags += " --cert=" + scratch.at(as + ".pem") + " --key=" + scratch.at(as + ".key");
    return shell("ETCDCTL_API=3 timeout 60 etcdctl" + flags +
                 " --endpoints=https://127.0.0.1:" + std::to_string(ports_[0]) + " " + what);
  }
  std::string curl(const std::string& flags) const {
    return shell("curl -s --cacert " + scratch.at("ca.pem") + " " + flags +
                 " https://127.0.0.1:" + std::to_string(ports_[0]) + "/health");
  }

  // Nobody is to answer: etcdctl would try again for as long as it may.
  std::string ask_in_vain(const std::string& what, const std::string& authority = "ca",
                          const std::string& as = {}) const {
    return ask(what, authority, as, "1s");
  }

  std::vector<int> ports_;
};

TEST_F(SecureTest, clients_that_trust_us_are_served_on_one_port_by_grpc_and_http) {
  const ServedProcess server(arguments({}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_EQ(ask("put a 1"), "OK\n");
  EXPECT_EQ(ask("get a --print-value-only"), "1\n");
  EXPECT_EQ(curl("--http1.1"), "{\"health\":\"true\",\"reason\":\"\"}\n");
  EXPECT_EQ(curl("--tls-max 1.2"), "{\"health\":\"true\",\"reason\":\"\"}\n");
  // The other address is without.
  EXPECT_EQ(etcdctl(ports_[1], "get a --print-value-only"), "1\n");
  EXPECT_NE(etcdctl(ports_[0], "get a --dial-timeout=1s --command-timeout=1s"), "1\n");
}

TEST_F(SecureTest, whoever_shows_no_certificate_of_our_authority_is_not_let_in) {
  authority("other");
  issue("stranger", "other", "clientAuth");
  issue("wrong-use", "ca", "serverAuth");
  const ServedProcess server(arguments({"--client-cert-auth", "--tls-min-version=TLS1.3",
                                        "--trusted-ca-file=" + scratch.at("ca.pem")}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_EQ(ask("put a 1", "ca", "client"), "OK\n");
  for (const char* as : {"", "stranger", "wrong-use"})
    EXPECT_FALSE(ask_in_vain("put a 2", "ca", as).starts_with("OK")) << as;
  EXPECT_EQ(curl("--tls-max 1.2 --cert " + scratch.at("client.pem") + " --key " +
                 scratch.at("client.key")),
            "");
  EXPECT_EQ(ask("get a --print-value-only", "ca", "client"), "1\n");
}

TEST_F(SecureTest, a_new_certificate_is_shown_without_a_restart) {
  const ServedProcess server(arguments({}));
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_EQ(ask("put a 1"), "OK\n");
  authority("next");
  EXPECT_NE(ask_in_vain("put a 2", "next"), "OK\n");
  issue("server", "next", "serverAuth");
  // It looks at its files every few seconds.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  std::string said;
  while (said != "OK\n" && std::chrono::steady_clock::now() < until)
    said = ask_in_vain("put a 2", "next");
  EXPECT_EQ(said, "OK\n");
  EXPECT_NE(ask_in_vain("put a 3"), "OK\n");
}

TEST_F(SecureTest, a_certificate_that_cannot_be_used_is_told_of_at_the_start) {
  std::ofstream(scratch.at("server.key")) << "no key";
  const ServedProcess server(arguments({}));
  EXPECT_FALSE(server.is_ready());
  EXPECT_TRUE(server.said().contains("server.key")) << server.said();
}

TEST_F(SecureTest, a_member_shows_a_certificate_that_names_it) {
  const std::string peer = "https://127.0.0.1:" + std::to_string(ports_[2]);
  std::vector<std::string> all =
      arguments({"--initial-cluster=default=" + peer, "--initial-advertise-peer-urls=" + peer,
                 "--peer-cert-file=" + scratch.at("member.pem"),
                 "--peer-key-file=" + scratch.at("member.key"),
                 "--peer-trusted-ca-file=" + scratch.at("ca.pem")});
  all[4] = "--listen-peer-urls=" + peer;
  issue("member", "ca", "serverAuth,clientAuth");
  std::smatch name;
  {
    const ServedProcess server(all);
    EXPECT_FALSE(server.is_ready());
    const std::string& said = server.said();
    ASSERT_TRUE(std::regex_search(said, name, std::regex("bowline://etcd-cluster/node/[0-9]+")))
        << said;
    issue("member", "ca", "serverAuth,clientAuth\nsubjectAltName=URI:" + name[0].str());
  }
  const ServedProcess server(all);
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_EQ(ask("put a 1"), "OK\n");
}

TEST_F(SecureTest, options_come_from_a_file) {
  std::ofstream(scratch.at("config.yaml"))
      << "name: filed\ndata-dir: " << scratch.at("data") << "\nlisten-client-urls: '"
      << "https://127.0.0.1:" << ports_[0] << "'\nlisten-peer-urls: " << url(ports_[2])
      << "\nmax-txn-ops: 1\nclient-transport-security:\n  cert-file: " << scratch.at("server.pem")
      << "\n  key-file: " << scratch.at("server.key") << '\n';
  const ServedProcess server(
      {program(), "serve", "--name=other", "--config-file=" + scratch.at("config.yaml")});
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_TRUE(ask("member list").contains(", filed, "));
  EXPECT_TRUE(shell("printf '\\nput a 1\\nput b 1\\n\\n\\n' | ETCDCTL_API=3 etcdctl --cacert=" +
                    scratch.at("ca.pem") +
                    " --endpoints=https://127.0.0.1:" + std::to_string(ports_[0]) + " txn")
                  .contains("too many operations in txn request"));
}

TEST_F(SecureTest, what_it_keeps_is_for_its_user_alone) {
  const std::vector<std::string> words =
      arguments({"--snapshot-count=10", "--memory-for-values=1000000"});
  for (const char* mask : {"umask 000; ", "umask 022; "}) {
    ServedProcess server(heard(words, mask, scratch.at("said")));
    ASSERT_TRUE(server.is_ready()) << server.said();
    EXPECT_FALSE(server.said().contains("others may look into")) << server.said();
    for (int i = 0; i < 15; ++i) ASSERT_EQ(ask("put a " + std::to_string(i)), "OK\n");
    server.end();
    std::size_t files = 0;
    EXPECT_EQ(fs::status(scratch.at("data")).permissions(), fs::perms::owner_all);
    for (const auto& entry : fs::recursive_directory_iterator(scratch.at("data"))) {
      const fs::perms wanted = entry.is_directory()
                                   ? fs::perms::owner_all
                                   : fs::perms::owner_read | fs::perms::owner_write;
      EXPECT_EQ(entry.status().permissions(), wanted) << entry.path();
      ++files;
    }
    EXPECT_GT(files, 4U);  // the log and its directory, who it is, a snapshot
  }
  fs::permissions(scratch.at("data"), fs::perms::group_read, fs::perm_options::add);
  fs::permissions(scratch.at("data/log"), fs::perms::others_exec, fs::perm_options::add);
  const ServedProcess server(words);
  ASSERT_TRUE(server.is_ready()) << server.said();
  EXPECT_TRUE(server.said().contains("data (its mode is 0740)")) << server.said();
  EXPECT_TRUE(server.said().contains("log (its mode is 0701)")) << server.said();
}

TEST_F(SecureTest, neither_its_key_nor_what_clients_keep_is_told_to_anybody) {
  const std::string value = "recognisable-value", key = "recognisable-key";
  std::string told;
  {
    ServedProcess server(
        heard(arguments({"--client-cert-auth", "--trusted-ca-file=" + scratch.at("ca.pem")}), "",
              scratch.at("said")));
    ASSERT_TRUE(server.is_ready()) << server.said();
    EXPECT_EQ(ask("put " + key + " " + value, "ca", "client"), "OK\n");
    EXPECT_TRUE(ask("get " + key, "ca", "client").contains(value));
    // Neither when something is refused.
    shell("head -c 3000000 /dev/zero | tr '\\0' x > " + scratch.at("large"));
    EXPECT_FALSE(
        ask("put " + key + value + " < " + scratch.at("large"), "ca", "client").starts_with("OK"));
    ask_in_vain("put " + key + " " + value);
    ask("put --lease=77 " + key + " " + value, "ca", "client");
    ask("get --rev=1000 " + key, "ca", "client");
    for (const char* page : {"metrics", "health", "version", "v1/status", "readyz?verbose"}) {
      const std::string page_told = shell("curl -s " + url(ports_[1]) + "/" + page);
      EXPECT_NE(page_told, "") << page;
      told += page_told;
    }
    told += ask("endpoint status -w json", "ca", "client") + ask("member list", "ca", "client");
    server.end();
  }
  told += text_of(scratch.at("said"));
  EXPECT_TRUE(told.contains("told to end")) << told;
  EXPECT_FALSE(told.contains("recognisable")) << told;
  std::istringstream lines(text_of(scratch.at("server.key")));
  for (std::string line; std::getline(lines, line);) EXPECT_FALSE(told.contains(line)) << told;
}

}  // namespace
}  // namespace bowline::apps
