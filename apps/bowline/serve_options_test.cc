// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_options.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bowline/runtime/memory_limit.h"

namespace bowline::apps {
namespace {

ServePlan planned(const ServeFlags& flags) {
  const Result<ServePlan> plan = plan_of(flags);
  EXPECT_TRUE(plan) << plan.error().what;
  return plan.value_or(ServePlan{});
}

std::string refused(const ServeFlags& flags) {
  const Result<ServePlan> plan = plan_of(flags);
  if (plan) return "";
  EXPECT_EQ(plan.error().fault, Fault::invalid) << plan.error().what;
  return plan.error().what;
}

TEST(ServeOptions, without_flags_it_is_alone_with_the_ids_of_an_etcd) {
  const ServePlan plan = planned({});
  EXPECT_EQ(plan.directory, "default.etcd");
  EXPECT_EQ(plan.self.value, 0x8e9e05c52164694dU);
  EXPECT_EQ(plan.cluster.value, 0xcdf818194e3a8c32U);
  ASSERT_EQ(plan.founders.size(), 1U);
  EXPECT_EQ(plan.founders[0].address, "localhost:2380");
  EXPECT_EQ(plan.listen_clients, std::vector<std::string>{"localhost:2379"});
  EXPECT_EQ(plan.client_urls, std::vector<std::string>{"http://localhost:2379"});
  EXPECT_EQ(plan.progress_ms, 600'000);
}

TEST(ServeOptions, all_founders_say_the_same) {
  ServeFlags one;
  one.name = "a";
  one.initial_cluster = "a=http://h:1,b=http://h:2,a=http://h:3";
  ServeFlags other = one;
  other.name = "b";
  other.initial_cluster = "b=http://h:2,a=http://h:1,a=http://h:3";
  const ServePlan first = planned(one);
  const ServePlan second = planned(other);
  EXPECT_EQ(first.cluster, second.cluster);
  EXPECT_NE(first.cluster, ClusterId{});
  EXPECT_NE(first.self, second.self);
  ASSERT_EQ(first.founders.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(first.founders[i].id, second.founders[i].id);
    EXPECT_EQ(first.founders[i].metadata, second.founders[i].metadata);
  }
  EXPECT_EQ(first.peer_urls.size(), 2U);
}

TEST(ServeOptions, who_was_added_founds_nothing) {
  ServeFlags flags;
  flags.initial_cluster_state = "existing";
  const ServePlan plan = planned(flags);
  EXPECT_TRUE(plan.founders.empty());
  EXPECT_EQ(plan.cluster, ClusterId{});
  EXPECT_EQ(plan.self.value, 0x8e9e05c52164694dU);
}

TEST(ServeOptions, what_makes_no_sense_names_its_flag) {
  ServeFlags flags;
  flags.listen_client_urls = "localhost:2379";
  EXPECT_TRUE(refused(flags).starts_with("--listen-client-urls: 'localhost:2379' is no URL"));
  flags = {};
  flags.listen_peer_urls = "http://a:1,http://b:1";
  EXPECT_TRUE(refused(flags).starts_with("--listen-peer-urls: one URL"));
  flags = {};
  flags.initial_cluster = "other=http://a:1";
  EXPECT_TRUE(refused(flags).contains("couldn't find local name \"default\""));
  flags.initial_cluster = "default";
  EXPECT_TRUE(refused(flags).starts_with("--initial-cluster: 'default' is not like"));
  flags = {};
  flags.progress_interval = "soon";
  EXPECT_TRUE(refused(flags).starts_with("--watch-progress-notify-interval: 'soon' is no time"));
}

TEST(ServeOptions, calls_are_slow_after_a_time_that_is_one) {
  ServeFlags flags;
  EXPECT_EQ(planned(flags).slow_after, std::chrono::milliseconds(300));
  for (const char* const wrong : {"soon", "-1s"}) {
    flags.warning_duration = wrong;
    EXPECT_TRUE(refused(flags).starts_with("--warning-unary-request-duration: '"));
  }
}

TEST(ServeOptions, members_are_not_compared_unless_it_is_asked_for) {
  ServeFlags flags;
  EXPECT_EQ(planned(flags).comparisons.every, Duration(0));
  EXPECT_EQ(planned(flags).comparisons.compacted_every, Duration(0));
  EXPECT_FALSE(planned(flags).compares_at_start);
  flags.corrupt_check_time = "sometimes";
  EXPECT_TRUE(refused(flags).starts_with("--corrupt-check-time: 'sometimes' is no time"));
  flags = {};
  flags.compact_hash_check_time = "0s";
  EXPECT_TRUE(refused(flags).starts_with("--compact-hash-check-time: '0s' is no time"));
}

TEST(ServeOptions, a_gate_is_switched_or_told_of_and_one_that_etcd_does_not_know_is_refused) {
  ServeFlags flags;
  flags.feature_gates = "CompactHashCheck=true,LeaseCheckpoint=true,InitialCorruptCheck=false";
  const ServePlan plan = planned(flags);
  EXPECT_EQ(plan.comparisons.compacted_every, std::chrono::minutes(1));
  EXPECT_FALSE(plan.compares_at_start);
  ASSERT_EQ(plan.told.size(), 1U);
  EXPECT_EQ(plan.told[0], "--feature-gates: LeaseCheckpoint is not switched here");
  for (const char* const bad :
       {"InitialCorruptCheck", "InitialCorruptCheck=yes", "NoSuchGate=true"}) {
    flags.feature_gates = bad;
    EXPECT_TRUE(refused(flags).starts_with("--feature-gates: ")) << bad;
  }
}

TEST(ServeOptions, a_quota_is_half_of_the_memory_unless_it_is_said_or_given_up) {
  ServeFlags flags;
  EXPECT_EQ(planned(flags).quota_bytes, 0U);
  EXPECT_EQ(planned(flags).quota_memory_bytes, runtime::memory_limit() / 2);
  EXPECT_GT(planned(flags).quota_memory_bytes, 0U);
  flags.quota_backend_bytes = 100LL << 30;  // there is no ceiling
  EXPECT_EQ(planned(flags).quota_bytes, 100ULL << 30);
  EXPECT_EQ(planned(flags).quota_memory_bytes, runtime::memory_limit() / 2) << "keys have to fit";
  flags.quota_backend_bytes = -1;
  EXPECT_EQ(planned(flags).quota_bytes, 0U);
  EXPECT_EQ(planned(flags).quota_memory_bytes, 0U);
}

TEST(ServeOptions, values_have_a_quarter_of_the_memory_unless_it_is_said_or_all_of_it) {
  ServeFlags flags;
  EXPECT_EQ(planned(flags).memory_for_values, runtime::memory_limit() / 4);
  flags.memory_for_values = 1 << 20;
  EXPECT_EQ(planned(flags).memory_for_values, 1U << 20);
  flags.memory_for_values = -1;
  EXPECT_FALSE(planned(flags).memory_for_values);
}

TEST(ServeOptions, the_past_is_kept_for_a_time_or_so_many_revisions_or_for_ever) {
  using Mode = etcd::AutoCompactionOptions::Mode;
  ServeFlags flags;
  EXPECT_EQ(planned(flags).auto_compaction.mode, Mode::off);
  flags.auto_compaction_retention = "3";
  EXPECT_EQ(planned(flags).auto_compaction.mode, Mode::periodic);
  EXPECT_EQ(planned(flags).auto_compaction.period, std::chrono::hours(3));
  flags.auto_compaction_retention = "90s";
  EXPECT_EQ(planned(flags).auto_compaction.period, std::chrono::seconds(90));
  flags.auto_compaction_retention = "-1";
  EXPECT_TRUE(refused(flags).starts_with("--auto-compaction-retention: '-1' is no time"));
  flags.auto_compaction_mode = "revision";
  EXPECT_TRUE(refused(flags).contains("is no number of revisions"));
  flags.auto_compaction_retention = "1000";
  EXPECT_EQ(planned(flags).auto_compaction.mode, Mode::revision);
  EXPECT_EQ(planned(flags).auto_compaction.revisions, 1000);
  flags.auto_compaction_retention = "0";
  EXPECT_EQ(planned(flags).auto_compaction.mode, Mode::off);
}

TEST(ServeOptions, times_are_written_as_go_writes_them) {
  EXPECT_EQ(milliseconds_in("10m"), 600'000);
  EXPECT_EQ(milliseconds_in("1h2m3.5s"), 3'723'500);
  EXPECT_EQ(milliseconds_in("100ms"), 100);
  EXPECT_EQ(milliseconds_in("0"), 0);
  EXPECT_FALSE(milliseconds_in("5"));
  EXPECT_FALSE(milliseconds_in("5 s"));
  EXPECT_EQ(milliseconds_in("5").error().fault, Fault::invalid);
}

}  // namespace
}  // namespace bowline::apps
