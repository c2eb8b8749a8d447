// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_doors.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_options.h"

namespace bowline::apps {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

Names hosts_of(const ServeFlags& flags) {
  const Result<ServePlan> plan = plan_of(flags);
  EXPECT_TRUE(plan) << plan.error().what;
  Names hosts = plan.value_or(ServePlan{}).gate.hosts;
  std::ranges::sort(hosts);
  return hosts;
}

std::string refusal_of(const ServeFlags& flags) {
  const Result<rpc::Limits> limits = limits_of(flags);
  if (limits) return "";
  EXPECT_EQ(limits.error().fault, Fault::invalid) << limits.error().what;
  return limits.error().what;
}

TEST(ServeDoors, names_of_ours_are_those_that_clients_are_told) {
  ServeFlags flags;
  flags.listen_client_urls = "http://0.0.0.0:2379";
  flags.advertise_client_urls = "http://a.example:2379,http://[::1]:2379";
  EXPECT_EQ(hosts_of(flags), (Names{"[::1]", "a.example", "localhost"}));
  flags.host_whitelist = "b.example,c";
  EXPECT_EQ(hosts_of(flags), (Names{"[::1]", "a.example", "b.example", "c", "localhost"}));
  flags.host_whitelist = "*";
  EXPECT_TRUE(hosts_of(flags).empty()) << "any";
}

TEST(ServeDoors, where_all_is_tls_the_certificate_says_whose_page_it_is) {
  ServeFlags flags;
  flags.listen_client_urls = "https://h:1";
  flags.client_tls.cert_file = "c";
  flags.client_tls.key_file = "k";
  EXPECT_TRUE(hosts_of(flags).empty());
  flags.listen_metrics_urls = "http://h:2";
  EXPECT_TRUE(hosts_of(flags).empty()) << "probes show no keys";
  flags.listen_client_http_urls = "http://h:3";
  EXPECT_FALSE(hosts_of(flags).empty());
}

TEST(ServeDoors, probes_may_have_the_certificates_of_clients) {
  ServeFlags flags;
  flags.listen_metrics_urls = "https://h:2";
  EXPECT_FALSE(plan_of(flags)) << "there is no certificate";
  flags.client_tls.cert_file = "c";
  flags.client_tls.key_file = "k";
  const Result<ServePlan> plan = plan_of(flags);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->with_tls, std::set<std::string>{"h:2"});
}

TEST(ServeDoors, a_time_of_zero_switches_it_off) {
  ServeFlags flags;
  flags.keepalive_min_time = "0";
  flags.keepalive_timeout = "0s";
  EXPECT_EQ(limits_of(flags)->ping_at_most_every, 0s);
  EXPECT_EQ(limits_of(flags)->ping_after, never.since_start);
  flags.keepalive_timeout = "3s";
  EXPECT_EQ(limits_of(flags)->ping_after, 2h);
  EXPECT_EQ(limits_of(flags)->ping_within, 3s);
  flags.keepalive_interval = "0";
  EXPECT_EQ(limits_of(flags)->ping_after, never.since_start);
  flags.keepalive_interval = "9999999h";
  EXPECT_EQ(limits_of(flags)->ping_after, 365 * 24h) << "as good as never";
}

TEST(ServeDoors, what_is_no_time_names_its_flag) {
  ServeFlags flags;
  flags.keepalive_interval = "often";
  EXPECT_TRUE(refusal_of(flags).starts_with("--grpc-keepalive-interval: 'often' is no time"));
  flags = {};
  flags.keepalive_min_time = "5";
  EXPECT_TRUE(refusal_of(flags).starts_with("--grpc-keepalive-min-time: "));
}

TEST(ServeDoors, as_many_streams_as_the_client_likes_are_as_many_as_can_be_said) {
  ServeFlags flags;
  EXPECT_EQ(limits_of(flags)->most_streams, rpc::Limits{}.most_streams);
  flags.max_concurrent_streams = 0;
  EXPECT_GT(limits_of(flags)->most_streams, 1'000'000'000U);
}

TEST(ServeDoors, what_is_around_a_request_has_room_whatever_its_size) {
  ServeFlags flags;
  const rpc::Limits usual = *limits_of(flags);
  EXPECT_EQ(usual.most_body_bytes, rpc::Limits{}.most_body_bytes);
  EXPECT_EQ(usual.most_message_bytes, 2U << 20U);
  flags.max_request_bytes = most_request_bytes;
  const rpc::Limits large = *limits_of(flags);
  EXPECT_GT(large.most_message_bytes, most_request_bytes);
  EXPECT_GT(large.most_body_bytes, most_request_bytes * 4 / 3) << "as JSON";
  EXPECT_GE(large.most_unfinished_bytes, 2 * large.most_message_bytes);
  ++flags.max_request_bytes;
  EXPECT_TRUE(refusal_of(flags).starts_with("--max-request-bytes: at most 33554432"));
}

}  // namespace
}  // namespace bowline::apps
