// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_environment.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/bowline/serve_options.h"

namespace bowline::apps {
namespace {

struct Taken {
  ServeFlags flags;
  std::vector<std::string> told;
  std::string refused;
};

Taken taken(const Variables& variables, std::vector<std::string> words = {}) {
  CLI::App app;
  Taken all;
  ServeFlags given;
  given.add_to(app);
  std::ranges::reverse(words);
  app.parse(words);
  all.flags = given;
  const auto told = take_variables(app, variables, all.flags);
  if (told) {
    all.told = *told;
  } else {
    all.refused = told.error().what;
    EXPECT_EQ(told.error().fault, Fault::invalid) << all.refused;
  }
  return all;
}

TEST(ServeEnvironment, each_name_of_a_flag_has_its_variable) {
  EXPECT_EQ(taken({{"ETCD_NAME", "x"}}).flags.name, "x");
  for (const char* const variable : {"ETCD_WATCH_PROGRESS_NOTIFY_INTERVAL",
                                     "ETCD_EXPERIMENTAL_WATCH_PROGRESS_NOTIFY_INTERVAL"}) {
    const Taken all = taken({{variable, "7s"}});
    EXPECT_EQ(all.flags.progress_interval, "7s") << variable;
    EXPECT_TRUE(all.told.empty() && all.refused.empty()) << variable;
  }
  EXPECT_EQ(taken({{"ETCD_EXPERIMENTAL_MAX_LEARNERS", "3"}}).flags.max_learners, 3U);
  EXPECT_FALSE(taken({{"ETCD_STRICT_RECONFIG_CHECK", "false"}}).flags.strict_reconfig_check);
  EXPECT_EQ(taken({{"ETCD_PEER_CERT_FILE", "p"}}).flags.peer_tls.cert_file, "p");
}

TEST(ServeEnvironment, what_was_given_stays) {
  const Taken all = taken({{"ETCD_MAX_TXN_OPS", "7"}}, {"--name=x", "--cert-file=c"});
  EXPECT_EQ(all.flags.name, "x");
  EXPECT_EQ(all.flags.client_tls.cert_file, "c");
  EXPECT_EQ(all.flags.max_txn_ops, 7U);
}

TEST(ServeEnvironment, a_flag_and_its_variable_are_a_conflict_in_the_words_of_etcd) {
  const std::string words = taken({{"ETCD_NAME", "x"}}, {"--name=y"}).refused;
  EXPECT_EQ(words,
            "conflicting environment variable \"ETCD_NAME\" is shadowed by corresponding "
            "command-line flag (either unset environment variable or disable flag)");
  EXPECT_NE(taken({{"ETCD_EXPERIMENTAL_MAX_LEARNERS", "3"}}, {"--max-learners=2"}).refused, "")
      << "another name of the same";
  EXPECT_NE(taken({{"ETCD_WAL_DIR", "x"}}, {"--wal-dir=y"}).refused, "");
}

TEST(ServeEnvironment, idle_flags_have_theirs_and_say_that_they_are_idle) {
  const Taken all = taken({{"ETCD_WAL_DIR", "/x"}});
  ASSERT_EQ(all.flags.idle.size(), 1U);
  EXPECT_TRUE(plan_of(all.flags)->told.at(0).starts_with("--wal-dir does nothing here"));
  const Result<ServePlan> refused = plan_of(taken({{"ETCD_FORCE_NEW_CLUSTER", "true"}}).flags);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().fault, Fault::invalid);
}

TEST(ServeEnvironment, a_variable_of_no_flag_is_told_without_what_it_holds) {
  const Taken all = taken({{"ETCD_ROOT_PASSWORD", "hush"}, {"ETCD_HELP", "1"}});
  EXPECT_EQ(all.told, (std::vector<std::string>{
                          "ETCD_HELP does nothing: no flag has this variable",
                          "ETCD_ROOT_PASSWORD does nothing: no flag has this variable"}));
}

TEST(ServeEnvironment, what_cannot_be_is_a_sentence) {
  const std::string refused = taken({{"ETCD_MAX_TXN_OPS", "many"}}).refused;
  EXPECT_TRUE(refused.contains("--max-txn-ops")) << refused;
  EXPECT_NE(taken({{"ETCD_INITIAL_CLUSTER_STATE", "old"}}).refused, "");
  EXPECT_EQ(taken({{"ETCD_MAX_TXN_OPS", "-1"}}).refused,
            "a variable of the environment says what cannot be: "
            "--max-txn-ops: must be at least 0, and not -1");
  EXPECT_EQ(taken({{"ETCD_QUOTA_BACKEND_BYTES", "-1"}}).refused, "");
}

TEST(ServeEnvironment, of_the_process_only_those_of_etcd_that_hold_something_are_taken) {
  ::setenv("ETCD_TEST_ONE", "a=b", 1);
  ::setenv("ETCD_TEST_EMPTY", "", 1);
  ::setenv("ETCDCTL_TEST", "x", 1);
  const Variables all = etcd_variables();
  for (const char* const one : {"ETCD_TEST_ONE", "ETCD_TEST_EMPTY", "ETCDCTL_TEST"})
    ::unsetenv(one);
  EXPECT_EQ(all.at("ETCD_TEST_ONE"), "a=b");
  EXPECT_FALSE(all.contains("ETCD_TEST_EMPTY"));
  EXPECT_FALSE(all.contains("ETCDCTL_TEST"));
}

}  // namespace
}  // namespace bowline::apps
