// SPDX-License-Identifier: Apache-2.0
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_rig.h"

// Who gets in where, and what is answered there: a real server, and curl and etcdctl that ask.
namespace bowline::apps {
namespace {

class DoorsTest : public ServeProgramTest {
 protected:
  void SetUp() override {
    ServeProgramTest::SetUp();
    ports_ = free_ports(5);
  }
  void start(const std::vector<std::string>& more) {
    std::vector<std::string> words{program(), "serve", "--data-dir=" + scratch.at("data"),
                                   "--listen-client-urls=" + url(ports_[0]),
                                   "--listen-peer-urls=" + url(ports_[1])};
    words.insert(words.end(), more.begin(), more.end());
    server_ = std::make_unique<ServedProcess>(words);
    ASSERT_TRUE(server_->is_ready()) << server_->said();
  }
  // The status, and the body.
  static std::string curl(int port, const std::string& path, const std::string& flags = {}) {
    return shell("curl -s -m 20 -w ' %{http_code}' " + flags + " " + url(port) + path);
  }
  static bool answers(int port, const std::string& path, const std::string& status,
                      const std::string& flags = {}) {
    const std::string said = curl(port, path, flags);
    if (said.ends_with(" " + status + "\n")) return true;
    ADD_FAILURE() << path << " " << flags << ": " << said;
    return false;
  }
  // With nobody who answers it, etcdctl tries again for as long as it may.
  static std::string in_vain(int port) {
    return shell(
        "ETCDCTL_API=3 timeout 10 etcdctl --dial-timeout=1s --command-timeout=1s "
        "--endpoints=127.0.0.1:" +
        std::to_string(port) + " get a");
  }

  std::vector<int> ports_;
  Process server_;
};

const std::string a_range = "-d '{\"key\":\"YQ==\"}'";

TEST_F(DoorsTest, SEC_18_a_page_whose_name_was_made_to_lead_here_is_not_answered) {
  start({"--advertise-client-urls=http://etcd.example:2379,http://127.0.0.1:" +
             std::to_string(ports_[0]),
         "--host-whitelist=other.example"});
  for (const char* const path : {"/", "/v1/status", "/health", "/metrics", "/version"}) {
    EXPECT_TRUE(answers(ports_[0], path, "421", "-H 'Host: evil.example'"));
    EXPECT_TRUE(answers(ports_[0], path, "200"));
  }
  EXPECT_TRUE(answers(ports_[0], "/v3/kv/range", "421", "-H 'Host: evil.example' " + a_range));
  EXPECT_TRUE(answers(ports_[0], "/v3/kv/range", "421",
                      "--http2-prior-knowledge -H 'Host: evil.example' " + a_range));
  for (const char* const host : {"localhost", "localhost:2379", "etcd.example:2379", "ETCD.example",
                                 "other.example", "127.0.0.1:1", "10.1.2.3", "[::1]:2379"})
    EXPECT_TRUE(answers(ports_[0], "/v3/kv/range", "200",
                        "-H 'Host: " + std::string(host) + "' " + a_range));
  for (const char* const host : {"127.0.0.1.evil.example", "1.2.3", "1.2.3.x", "evil"})
    EXPECT_TRUE(answers(ports_[0], "/health", "421", "-H 'Host: " + std::string(host) + "'"));
  EXPECT_TRUE(curl(ports_[0], "/health", "-H 'Host: evil.example'")
                  .starts_with("this server is not known as evil.example"));
}

// Of gRPC any name is good: no page can speak it.
TEST_F(DoorsTest, clients_of_grpc_come_by_any_name) {
  start({"--advertise-client-urls=http://etcd.example:2379"});
  EXPECT_EQ(etcdctl(ports_[0], "put a 1"), "OK\n");
  const std::string call =
      "--http2-prior-knowledge -X POST -H 'Content-Type: application/grpc' -H 'TE: trailers' "
      "-H 'Host: anything.example' --data-binary @" +
      scratch.at("request") + " -o " + scratch.at("answer");
  // A range of the key "a", in its frame.
  std::ofstream(scratch.at("request"), std::ios::binary) << std::string(
      "\0\0\0\0\x03\x0a\x01"
      "a",
      8);
  EXPECT_TRUE(answers(ports_[0], "/etcdserverpb.KV/Range", "200", call));
  EXPECT_GT(fs::file_size(scratch.at("answer")), 20U);
}

TEST_F(DoorsTest, a_star_lets_http_be_asked_under_any_name) {
  start({"--host-whitelist=*"});
  EXPECT_TRUE(answers(ports_[0], "/health", "200", "-H 'Host: evil.example'"));
}

TEST_F(DoorsTest, pages_of_listed_origins_may_ask_and_read_and_no_others) {
  start({"--cors=https://dash.example"});
  EXPECT_TRUE(answers(ports_[0], "/health", "403", "-H 'Origin: https://evil.example'"));
  const auto heads = [&](const std::string& flags) {
    return shell("curl -s -m 20 -i " + flags + " " + url(ports_[0]) + "/v3/kv/range");
  };
  const std::string ours = "-H 'Origin: https://dash.example' ";
  EXPECT_TRUE(heads(ours + a_range).contains("access-control-allow-origin: https://dash.example"));
  const std::string before = heads(ours + "-X OPTIONS");
  EXPECT_TRUE(before.starts_with("HTTP/1.1 200")) << before;
  EXPECT_TRUE(before.contains("access-control-allow-methods: POST, GET, OPTIONS, PUT, DELETE"));
  EXPECT_TRUE(before.contains("access-control-allow-headers: accept, content-type, authorization"));
  EXPECT_FALSE(heads(a_range).contains("access-control")) << "who is no page";
}

TEST_F(DoorsTest, probes_have_a_door_of_their_own_with_nothing_else_behind_it) {
  start({"--listen-metrics-urls=" + url(ports_[2]) + "," + url(ports_[3])});
  EXPECT_EQ(etcdctl(ports_[0], "put a 1"), "OK\n");
  for (const int port : {ports_[2], ports_[3]}) {
    for (const char* const path :
         {"/health", "/health?serializable=true", "/livez", "/readyz", "/metrics", "/version"})
      EXPECT_TRUE(answers(port, path, "200", "-H 'Host: prometheus.example'"));
    EXPECT_TRUE(answers(port, "/health", "403", "-H 'Origin: https://evil.example'"));
    EXPECT_TRUE(answers(port, "/v3/kv/range", "404", a_range));
    EXPECT_TRUE(answers(port, "/", "404"));
    EXPECT_TRUE(answers(port, "/v1/status", "404"));
  }
  EXPECT_FALSE(in_vain(ports_[2]).contains("1\n"));
  const std::string metrics = curl(ports_[2], "/metrics");
  EXPECT_TRUE(
      metrics.contains("grpc_method=\"Put\",grpc_service=\"etcdserverpb.KV\","
                       "grpc_type=\"unary\"} 1\n"))
      << "of the calls of the other door";
  std::smatch resident;
  ASSERT_TRUE(std::regex_search(metrics, resident,
                                std::regex("\nprocess_resident_memory_bytes ([0-9]+)\n")));
  EXPECT_GT(std::stoull(resident[1]), 5U << 20U);
  for (const char* const one : {"process_open_fds", "process_start_time_seconds", "process_max_fds",
                                "process_virtual_memory_bytes"})
    EXPECT_TRUE(std::regex_search(metrics, std::regex(std::string("\n") + one + " [1-9]"))) << one;
  EXPECT_EQ(server_->end(), 0);
}

TEST_F(DoorsTest, http_may_have_doors_of_its_own) {
  start({"--listen-client-http-urls=" + url(ports_[2])});
  EXPECT_EQ(etcdctl(ports_[0], "put a 1"), "OK\n");
  for (const char* const path : {"/health", "/metrics", "/", "/v1/status"}) {
    EXPECT_TRUE(answers(ports_[2], path, "200"));
    EXPECT_TRUE(answers(ports_[0], path, "404"));
  }
  EXPECT_TRUE(answers(ports_[2], "/v3/kv/range", "200", a_range));
  EXPECT_TRUE(answers(ports_[2], "/v3/kv/range", "421", "-H 'Host: evil.example' " + a_range));
  EXPECT_TRUE(answers(ports_[0], "/v3/kv/range", "404", a_range));
  EXPECT_FALSE(in_vain(ports_[2]).contains("1\n"));
}

TEST_F(DoorsTest, json_is_switched_off_by_the_flag) {
  start({"--enable-grpc-gateway=false"});
  EXPECT_TRUE(answers(ports_[0], "/v3/kv/range", "404", a_range));
  EXPECT_TRUE(answers(ports_[0], "/health", "200"));
}

// From 8 MiB on what Raft, the log and the gateway take has to grow, too.
TEST_F(TrioTest, a_large_request_is_taken_by_any_member_if_the_flag_allows_it) {
  for (Process& one : members_) one.reset();
  const std::string key = "\"key\":\"YQ==\"";
  std::ofstream(scratch.at("put"))
      << "{" << key << ",\"value\":\"" << std::string(16U << 20U, 'A') << "\"}";
  const auto put = [&](std::size_t i) {
    return shell("curl -s -m 60 -w ' %{http_code}' --data-binary @" + scratch.at("put") + " " +
                 url(ports_[i]) + "/v3/kv/put");
  };
  restart_all({"--max-request-bytes=14000000"});
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string said = put(i);
    EXPECT_TRUE(said.ends_with(" 200\n")) << i << said;
    const std::string found =
        shell("curl -s -m 60 -d '{" + key + "}' " + url(ports_[i]) + "/v3/kv/range | wc -c");
    EXPECT_GT(std::stoul(found), 16U << 20U);
  }
  for (Process& one : members_) one.reset();
  restart_all({"--max-request-bytes=12000000"});
  EXPECT_TRUE(put(0).contains("request is too large"));
  EXPECT_EQ(ask(0, "put b 1"), "OK\n");
  EXPECT_TRUE(shell(program() + " serve --max-request-bytes=40000000")
                  .contains("--max-request-bytes: at most 33554432"));
}

}  // namespace
}  // namespace bowline::apps
