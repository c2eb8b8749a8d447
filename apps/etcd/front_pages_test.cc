// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "apps/etcd/front_trio.h"

// What probes and dashboards ask over plain HTTP.
namespace bowline::apps {
namespace {

using namespace etcdserverpb;

class FrontPagesTest : public testing::Test {
 public:
  static void SetUpTestSuite() {
    pages_trio = std::make_unique<FrontTrio>(500ms, [](std::size_t, etcd::Front::Options& options) {
      options.ask_peers_every = 5ms;
      options.process = [] { return etcd::ProcessFigures{.resident_bytes = 4711}; };
    });
    for (std::size_t i = 0; i < 3; ++i) EXPECT_TRUE(pages_trio->is_ready(i));
  }
  static void TearDownTestSuite() { pages_trio.reset(); }
  FrontTrio& trio() { return *pages_trio; }

  // "200 body" of it.
  std::string said(std::size_t i, const std::string& path, const std::string& query = {}) {
    const rpc::HttpAnswer page = trio().page(i, path, query);
    return std::to_string(page.status) + " " + page.body;
  }
  void alarm(AlarmRequest::AlarmAction action, AlarmType type) {
    AlarmRequest request;
    request.set_action(action);
    request.set_alarm(type);
    request.set_memberid(1);
    ASSERT_TRUE(trio().ask<AlarmResponse>(trio().leader(), "Maintenance/Alarm", request));
    // The others hear of it a little later; what they are asked next comes after it.
    for (std::size_t i = 0; i < 3; ++i)
      ASSERT_TRUE(trio().ask<RangeResponse>(i, "KV/Range", a_range()));
  }
  static RangeRequest a_range() {
    RangeRequest range;
    range.set_key("a");
    return range;
  }
  static inline std::unique_ptr<FrontTrio> pages_trio;
};

constexpr const char* healthy = "200 {\"health\":\"true\",\"reason\":\"\"}";

TEST_F(FrontPagesTest, a_member_of_a_whole_cluster_is_healthy) {
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(said(i, "/health"), healthy);
    EXPECT_EQ(said(i, "/health", "serializable=true"), healthy);
    EXPECT_EQ(said(i, "/livez"), "200 ok\n");
    EXPECT_EQ(said(i, "/readyz"), "200 ok\n");
    EXPECT_EQ(said(i, "/version"), "200 {\"etcdserver\":\"3.5.30\",\"etcdcluster\":\"3.5.0\"}");
  }
  EXPECT_EQ(trio().page(0, "/health").content_type, "application/json");
}

TEST_F(FrontPagesTest, probes_are_asked_by_get_alone) {
  for (const char* const path : {"/health", "/livez", "/readyz", "/version", "/livez/x"}) {
    const rpc::HttpAnswer page = trio().page(0, path, "", "POST");
    EXPECT_EQ(page.status, 405) << path;
    EXPECT_EQ(page.headers["allow"], "GET") << path;
    EXPECT_EQ(page.body, "Method Not Allowed\n");
  }
}

TEST_F(FrontPagesTest, checks_are_told_one_by_one_to_whoever_wants_to_know) {
  EXPECT_EQ(said(0, "/livez", "verbose"), "200 [+]serializable_read ok\nok\n");
  EXPECT_EQ(said(0, "/livez", "verbose=1&x"), "200 [+]serializable_read ok\nok\n");
  EXPECT_EQ(said(0, "/livez", "verbosely"), "200 ok\n");
  EXPECT_EQ(said(0, "/readyz", "verbose"),
            "200 [+]data_corruption ok\n[+]serializable_read ok\n[+]non_learner ok\n"
            "[+]linearizable_read ok\nok\n");
  EXPECT_EQ(said(0, "/readyz", "verbose&exclude=linearizable_read&exclude=non_learner"),
            "200 [+]data_corruption ok\n[+]serializable_read ok\nok\n");
  EXPECT_EQ(said(0, "/readyz", "exclude=no_such_check"), "200 ok\n");
}

TEST_F(FrontPagesTest, a_check_has_a_page_of_its_own) {
  EXPECT_EQ(said(0, "/livez/serializable_read"), "200 ok\n");
  for (const char* const one :
       {"data_corruption", "serializable_read", "linearizable_read", "non_learner"})
    EXPECT_EQ(said(0, std::string("/readyz/") + one, "verbose"),
              std::string("200 [+]") + one + " ok\nok\n");
  EXPECT_EQ(said(0, "/livez/linearizable_read"), "404 404 page not found\n");
  EXPECT_EQ(said(0, "/readyz/"), "404 404 page not found\n");
}

TEST_F(FrontPagesTest, a_lease_that_ends_during_an_alarm_is_revoked_after_it) {
  LeaseGrantRequest grant;
  grant.set_id(77);
  grant.set_ttl(1);
  ASSERT_TRUE(trio().ask<LeaseGrantResponse>(0, "Lease/LeaseGrant", grant));
  alarm(AlarmRequest::ACTIVATE, CORRUPT);
  const std::size_t led = trio().leader();
  const auto applied = [&] {
    Index index;
    trio()[led].run([&](host::Shard& shard) { index = shard.find(GroupId{1})->applied().index; });
    return index;
  };
  const Index before = applied();
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (applied() == before && std::chrono::steady_clock::now() < until) {}
  EXPECT_GT(applied(), before) << "nobody asked to revoke it";
  alarm(AlarmRequest::DEACTIVATE, CORRUPT);
  LeaseTimeToLiveRequest look;
  look.set_id(77);
  const auto is_there = [&] {
    return trio().ask<LeaseTimeToLiveResponse>(led, "Lease/LeaseTimeToLive", look)->ttl() != -1;
  };
  while (is_there() && std::chrono::steady_clock::now() < until) {}
  EXPECT_FALSE(is_there());
}

TEST_F(FrontPagesTest, what_is_not_served_yet_says_so_to_json_too) {
  for (const char* path : {"/v3/auth/authenticate", "/v3/lock/unlock", "/v3/election/campaign"}) {
    const rpc::HttpAnswer answer = trio().page(0, path, {}, "POST");
    EXPECT_EQ(answer.status, 501) << path;
    EXPECT_TRUE(answer.body.contains("not served yet")) << answer.body;
    EXPECT_TRUE(answer.body.contains("\"code\":12")) << answer.body;
  }
  EXPECT_EQ(trio().page(0, "/v3/nothing", {}, "POST").status, 404);
}

TEST_F(FrontPagesTest, an_alarm_is_no_health_unless_it_is_left_out) {
  alarm(AlarmRequest::ACTIVATE, NOSPACE);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(said(i, "/health"), "503 {\"health\":\"false\",\"reason\":\"ALARM NOSPACE\"}\n");
    EXPECT_EQ(said(i, "/health", "exclude=CORRUPT&exclude=NOSPACE"), healthy);
    EXPECT_EQ(said(i, "/readyz"), "200 ok\n") << "it serves reads";
  }
  alarm(AlarmRequest::DEACTIVATE, NOSPACE);
  EXPECT_EQ(said(0, "/health"), healthy);
  alarm(AlarmRequest::ACTIVATE, CORRUPT);
  EXPECT_TRUE(said(0, "/metrics").contains("etcd_debugging_server_alarms{server_id=\"") &&
              said(0, "/metrics").contains("\",alarm_type=\"CORRUPT\"} 1\n"));
  EXPECT_EQ(said(0, "/health", "exclude=NOSPACE"),
            "503 {\"health\":\"false\",\"reason\":\"ALARM CORRUPT\"}\n");
  EXPECT_EQ(said(0, "/readyz/data_corruption"),
            "503 [-]data_corruption failed: alarm activated: CORRUPT\n\n");
  EXPECT_EQ(said(0, "/livez"), "200 ok\n");
  EXPECT_EQ(said(0, "/readyz", "exclude=data_corruption"), "200 ok\n");
  alarm(AlarmRequest::DEACTIVATE, CORRUPT);
  EXPECT_EQ(said(0, "/readyz"), "200 ok\n");
}

TEST_F(FrontPagesTest, metrics_have_the_names_that_dashboards_look_for) {
  PutRequest put;
  put.set_key("metrics");
  ASSERT_TRUE(trio().ask<PutResponse>(0, "KV/Put", put));
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string page = trio().page(i, "/metrics").body;
    for (const char* const family : {"etcd_server_has_leader gauge",
                                     "etcd_server_is_leader gauge",
                                     "etcd_server_leader_changes_seen_total counter",
                                     "etcd_server_proposals_committed_total gauge",
                                     "etcd_server_proposals_applied_total gauge",
                                     "etcd_server_proposals_pending gauge",
                                     "etcd_server_proposals_failed_total counter",
                                     "etcd_server_quota_backend_bytes gauge",
                                     "etcd_mvcc_db_total_size_in_bytes gauge",
                                     "etcd_mvcc_db_total_size_in_use_in_bytes gauge",
                                     "etcd_disk_wal_fsync_duration_seconds histogram",
                                     "etcd_disk_backend_commit_duration_seconds histogram",
                                     "etcd_network_client_grpc_received_bytes_total counter",
                                     "etcd_network_client_grpc_sent_bytes_total counter",
                                     "etcd_network_peer_sent_bytes_total counter",
                                     "etcd_network_peer_received_bytes_total counter",
                                     "etcd_network_peer_sent_failures_total counter",
                                     "etcd_network_peer_round_trip_time_seconds histogram",
                                     "grpc_server_started_total counter",
                                     "grpc_server_handled_total counter",
                                     "etcd_network_known_peers gauge",
                                     "etcd_network_active_peers gauge",
                                     "etcd_debugging_lease_granted_total counter",
                                     "etcd_debugging_lease_revoked_total counter",
                                     "etcd_debugging_lease_renewed_total counter",
                                     "etcd_debugging_server_lease_expired_total counter",
                                     "etcd_debugging_mvcc_events_total counter",
                                     "etcd_mvcc_put_total counter",
                                     "etcd_mvcc_delete_total counter",
                                     "etcd_mvcc_range_total counter",
                                     "etcd_mvcc_txn_total counter",
                                     "etcd_server_client_requests_total counter",
                                     "etcd_server_health_success counter",
                                     "etcd_server_health_failures counter",
                                     "os_fd_used gauge",
                                     "os_fd_limit gauge",
                                     "process_resident_memory_bytes gauge",
                                     "process_cpu_seconds_total counter",
                                     "process_open_fds gauge",
                                     "process_max_fds gauge",
                                     "process_start_time_seconds gauge",
                                     "etcd_server_slow_apply_total counter",
                                     "etcd_server_snapshot_apply_in_progress_total gauge",
                                     "etcd_server_learner_promote_successes counter",
                                     "etcd_mvcc_db_open_read_transactions gauge",
                                     "etcd_disk_defrag_inflight gauge",
                                     "etcd_debugging_server_alarms gauge",
                                     "etcd_debugging_mvcc_put_total counter"})
      EXPECT_TRUE(page.contains(std::string("# TYPE ") + family + "\n")) << family;
    EXPECT_FALSE(page.contains("grpc_server_handling_seconds")) << "nobody asked for that";
    for (const std::string& line :
         {std::string("etcd_server_has_leader 1"),
          std::string("etcd_server_is_leader ") + (i == trio().leader() ? "1" : "0"),
          "etcd_server_id{server_id=\"" + std::to_string(i + 1) + "\"} 1",
          std::string("process_resident_memory_bytes 4711"),
          std::string("grpc_server_handled_total{grpc_code=\"OutOfRange\",grpc_method=\"Range\","
                      "grpc_service=\"etcdserverpb.KV\",grpc_type=\"unary\"} 0")})
      EXPECT_TRUE(page.contains("\n" + line + "\n")) << line;
  }
}

// The number behind `sample` on a page; -1: it is not there.
double value_of(const std::string& page, const std::string& sample) {
  const std::size_t at = page.find("\n" + sample + " ");
  return at == std::string::npos ? -1 : std::stod(page.substr(at + sample.size() + 2));
}

// "name{labels} 7": how much more it is after the work.
class Counted {
 public:
  Counted(FrontTrio& trio, std::size_t i)
      : trio_(trio), i_(i), before_(trio.page(i, "/metrics").body) {}
  std::uint64_t more(const std::string& name) const {
    return value(trio_.page(i_, "/metrics").body, name) - value(before_, name);
  }

 private:
  static std::uint64_t value(const std::string& page, const std::string& name) {
    const std::size_t at = page.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stoull(page.substr(at + name.size() + 2));
  }
  FrontTrio& trio_;
  std::size_t i_;
  std::string before_;
};

TEST_F(FrontPagesTest, what_clients_do_is_counted) {
  const std::size_t led = trio().leader();
  const Counted counted(trio(), led);
  PutRequest put;
  put.set_key("counted");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(trio().ask<PutResponse>(led, "KV/Put", put));
  DeleteRangeRequest erase;
  erase.set_key("counted");
  ASSERT_TRUE(trio().ask<DeleteRangeResponse>(led, "KV/DeleteRange", erase));
  LeaseGrantRequest grant;
  grant.set_id(78);
  grant.set_ttl(1);
  ASSERT_TRUE(trio().ask<LeaseGrantResponse>(led, "Lease/LeaseGrant", grant));
  EXPECT_EQ(said(led, "/health"), healthy);
  MemberPromoteRequest promote;
  promote.set_id(77);
  EXPECT_FALSE(trio().ask<MemberPromoteResponse>(led, "Cluster/MemberPromote", promote));
  EXPECT_EQ(counted.more("etcd_server_learner_promote_failures{Reason=\"etcdserver: member not "
                         "found\"}"),
            1U);
  EXPECT_EQ(counted.more("etcd_mvcc_put_total"), 3U);
  EXPECT_EQ(counted.more("etcd_mvcc_delete_total"), 1U);
  EXPECT_EQ(counted.more("etcd_debugging_mvcc_put_total"), 3U);
  EXPECT_EQ(counted.more("etcd_debugging_lease_granted_total"), 1U);
  EXPECT_EQ(counted.more("etcd_server_health_success"), 1U);
  EXPECT_EQ(counted.more("etcd_server_health_failures"), 0U);
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (counted.more("etcd_debugging_server_lease_expired_total") == 0 &&
         std::chrono::steady_clock::now() < until) {}
  EXPECT_EQ(counted.more("etcd_debugging_server_lease_expired_total"), 1U);
  EXPECT_EQ(counted.more("etcd_debugging_lease_revoked_total"), 1U);
  // As dashboards and rules ask for them.
  const std::string page = trio().page(led, "/metrics").body;
  EXPECT_TRUE(page.contains("etcd_disk_wal_fsync_duration_seconds_bucket{le=\"0.016\"} "));
  EXPECT_TRUE(page.contains(",le=\"0.0001\"} ") && page.contains(",le=\"3.2768\"} "));
}

// Calls of a client that says so of itself.
TEST_F(FrontPagesTest, calls_are_counted_by_the_version_of_the_client) {
  const auto call = [this](const std::string& version) {
    const auto channel = std::make_shared<PlayedCall>("/etcdserverpb.KV/Range");
    if (!version.empty()) channel->head_to_change().metadata.add("client-api-version", version);
    RangeRequest range;
    range.set_key("a");
    trio()[1].run([&](host::Shard&) {
      trio()[1]
          .front->router()
          .find(channel->head().method)
          ->unary(rpc::Call(channel), range.SerializeAsString());
    });
    return channel->status();
  };
  const auto sample = [](const std::string& version, const std::string& type = "unary") {
    return "etcd_server_client_requests_total{client_api_version=\"" + version + "\",type=\"" +
           type + "\"}";
  };
  const Counted counted(trio(), 1);
  for (const char* version : {"3.5.30", "3.5.30", "", "say \"no\"", "a\nb"})
    EXPECT_TRUE(call(version).ok()) << version;
  EXPECT_TRUE(call(std::string(33, '7')).ok());
  const auto channel = std::make_shared<PlayedCall>("/etcdserverpb.Watch/Watch");
  channel->head_to_change().metadata.add("client-api-version", "3.5.30");
  trio()[1].run([&](host::Shard&) {
    trio()[1].front->router().find(channel->head().method)->stream(rpc::Call(channel));
  });
  const rpc::Status refused = call("3.5\xff");
  EXPECT_EQ(refused.code, rpc::Code::invalid_argument);
  EXPECT_EQ(refused.message, "etcdserver: invalid client api version");
  EXPECT_EQ(counted.more(sample("3.5.30")), 2U);
  EXPECT_EQ(counted.more(sample("3.5.30", "stream")), 1U);
  EXPECT_EQ(counted.more(sample("unknown")), 1U);
  EXPECT_EQ(counted.more(sample("other")), 3U);
  for (std::size_t i = 0; i < 100; ++i) EXPECT_TRUE(call("4." + std::to_string(i)).ok());
  EXPECT_EQ(counted.more(sample("4.0")), 1U);
  EXPECT_EQ(counted.more(sample("4.99")), 0U);
  EXPECT_EQ(counted.more(sample("other")), 3U + 100 - (etcd::Callers::most_versions - 1));
}

TEST_F(FrontPagesTest, each_other_member_is_counted_and_timed_by_itself) {
  const std::string sent = "etcd_network_peer_sent_bytes_total{To=\"2\"}";
  const double before = value_of(trio().page(0, "/metrics").body, sent);
  PutRequest put;
  put.set_key("large");
  put.set_value(std::string(1 << 20, 'x'));
  ASSERT_TRUE(trio().ask<PutResponse>(0, "KV/Put", put));
  const auto until = std::chrono::steady_clock::now() + 10s;
  const std::string times = "etcd_network_peer_round_trip_time_seconds_count{To=\"2\"}";
  std::string page;
  do page = trio().page(0, "/metrics").body;
  while (value_of(page, times) < 2 && std::chrono::steady_clock::now() < until);
  EXPECT_GE(value_of(page, times), 2);
  EXPECT_GT(before, 0);
  for (const char* const other : {"2", "3"}) {
    const std::string to = std::string("{To=\"") + other + "\"}";
    EXPECT_GE(value_of(page, "etcd_network_peer_sent_failures_total" + to), 0);
    EXPECT_GT(value_of(page, "etcd_network_peer_received_bytes_total{From=\"" + std::string(other) +
                                 "\"}"),
              0);
  }
  EXPECT_EQ(value_of(page, "etcd_network_peer_sent_bytes_total{To=\"1\"}"), -1) << "itself";
  double all_sent = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string each = trio().page(i, "/metrics").body;
    for (const char* const other : {"1", "2", "3"})
      all_sent += std::max(0.0, value_of(each, "etcd_network_peer_sent_bytes_total{To=\"" +
                                                   std::string(other) + "\"}"));
  }
  EXPECT_GT(all_sent, 2 << 20) << "a copy for either follower";
}

TEST(FrontPages, who_is_alone_lives_and_is_not_ready) {
  FrontTrio trio(300ms);
  for (std::size_t i = 0; i < 3; ++i) ASSERT_TRUE(trio.is_ready(i));
  const std::size_t left = (trio.leader() + 1) % 3;
  const std::size_t gone = (left + 1) % 3;
  trio[gone].node.reset();
  trio[(left + 2) % 3].node.reset();
  const auto until = std::chrono::steady_clock::now() + 15s;
  const auto is_time = [&] { return std::chrono::steady_clock::now() < until; };
  rpc::HttpAnswer health;
  do health = trio.page(left, "/health");
  while (!health.body.contains("RAFT NO LEADER") && is_time());
  EXPECT_EQ(health.status, 503);
  EXPECT_EQ(health.body, "{\"health\":\"false\",\"reason\":\"RAFT NO LEADER\"}\n");
  EXPECT_EQ(trio.page(left, "/health", "serializable=true").status, 200);
  EXPECT_EQ(trio.page(left, "/livez").status, 200);
  const rpc::HttpAnswer ready = trio.page(left, "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_TRUE(ready.body.contains("[+]serializable_read ok\n")) << ready.body;
  EXPECT_TRUE(ready.body.contains("[-]linearizable_read failed: etcdserver: ")) << ready.body;
  EXPECT_EQ(trio.page(left, "/readyz", "exclude=linearizable_read").status, 200);
  const std::string failures =
      "etcd_network_peer_sent_failures_total{To=\"" + std::to_string(gone + 1) + "\"}";
  while (value_of(trio.page(left, "/metrics").body, failures) < 2 && is_time()) {}
  EXPECT_GE(value_of(trio.page(left, "/metrics").body, failures), 2);
}

TEST(FrontPages, calls_of_the_gateway_that_take_long_are_told_of) {
  std::mutex mutex;
  std::vector<std::string> told;
  FrontTrio trio(7s, [&](std::size_t, etcd::Front::Options& options) {
    options.slow_after = Duration(0);
    options.tell = [&](const std::string& sentence) {
      const std::scoped_lock lock(mutex);
      told.push_back(sentence);
    };
  });
  ASSERT_TRUE(trio.is_ready(0));
  ASSERT_EQ(trio.page(0, "/v3/kv/range", {}, "POST", R"({"key":"c2VjcmV0"})").status, 200);
  const std::scoped_lock lock(mutex);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_TRUE(told[0].starts_with("a call took long: /etcdserverpb.KV/Range, ")) << told[0];
  EXPECT_TRUE(told[0].contains(" ms, 8 bytes asked, ") && told[0].ends_with(" answered, OK"))
      << told[0];
}

TEST(FrontPages, without_a_gateway_there_is_no_json_and_apart_there_are_no_pages_beside_calls) {
  FrontTrio trio(7s, [](std::size_t i, etcd::Front::Options& options) {
    options.has_gateway = i != 0;
    options.has_pages_apart = i == 1;
  });
  EXPECT_EQ(trio.page(0, "/v3/kv/range", "", "POST").body, "404 page not found\n");
  EXPECT_NE(trio.page(1, "/v3/kv/range", "", "POST").body, "404 page not found\n");
  EXPECT_NE(trio[0].front->router().find_http("/health"), nullptr);
  EXPECT_EQ(trio[1].front->router().find_http("/health"), nullptr);
  EXPECT_EQ(trio[1].front->router().find_http("/metrics"), nullptr);
  EXPECT_EQ(trio.page(1, "/livez").status, 200);
}

}  // namespace
}  // namespace bowline::apps
