// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_tls.h"

#include <string>

#include <gtest/gtest.h>

#include "apps/bowline/serve_options.h"

namespace bowline::apps {
namespace {

ServeFlags secured() {
  ServeFlags flags;
  flags.listen_client_urls = "https://localhost:2379,http://localhost:2378";
  flags.client_tls.cert_file = "c.pem";
  flags.client_tls.key_file = "c.key";
  return flags;
}

std::string tls_refused(const ServeFlags& flags) {
  const Result<ServePlan> plan = plan_of(flags);
  if (plan) return "";
  EXPECT_EQ(plan.error().fault, Fault::invalid) << plan.error().what;
  return plan.error().what;
}

TEST(ServeTls, some_addresses_of_clients_have_it_and_some_have_not) {
  const Result<ServePlan> plan = plan_of(secured());
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->with_tls, std::set<std::string>{"localhost:2379"});
  EXPECT_TRUE(plan->client_tls.is_on());
  EXPECT_TRUE(plan->client_tls.for_clients);
  EXPECT_TRUE(plan->client_tls.also_1_2);
  EXPECT_TRUE(plan->client_tls.authorities.empty());
  EXPECT_FALSE(plan->peer_tls.is_on());
}

TEST(ServeTls, an_authority_is_enough_to_ask_clients_for_certificates) {
  ServeFlags flags = secured();
  flags.client_tls.trusted_ca_file = "ca.pem";
  flags.client_tls.crl_file = "crl.pem";
  flags.client_tls.min_version = "TLS1.3";
  const Result<ServePlan> plan = plan_of(flags);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->client_tls.authorities, std::vector<std::string>{"ca.pem"});
  EXPECT_EQ(plan->client_tls.revocations, std::vector<std::string>{"crl.pem"});
  EXPECT_FALSE(plan->client_tls.also_1_2);
}

TEST(ServeTls, versions_and_suites_of_clients_are_what_was_said) {
  ServeFlags flags = secured();
  flags.client_tls.max_version = "TLS1.2";
  flags.client_tls.cipher_suites =
      "TLS_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA,"
      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305,TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384";
  const Result<ServePlan> plan = plan_of(flags);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_TRUE(plan->client_tls.also_1_2);
  EXPECT_FALSE(plan->client_tls.also_1_3);
  EXPECT_EQ(plan->client_tls.ciphers, "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-AES256-GCM-SHA384");
  EXPECT_EQ(plan->client_tls.fault(), "");
  flags.client_tls.cipher_suites = "TLS_RSA_WITH_AES_128_CBC_SHA";
  EXPECT_TRUE(tls_refused(flags).starts_with("--cipher-suites: none of these"));
  flags.client_tls.cipher_suites = "AES";
  EXPECT_TRUE(tls_refused(flags).starts_with("--cipher-suites: 'AES' is no name"));
  flags.client_tls.min_version = "TLS1.3";
  EXPECT_TRUE(tls_refused(flags).starts_with("--tls-max-version must not be below"));
  flags.client_tls.max_version = "";
  EXPECT_TRUE(tls_refused(flags).starts_with("--cipher-suites is about TLS 1.2"));
}

TEST(ServeTls, members_have_it_all_or_none) {
  ServeFlags flags;
  flags.listen_peer_urls = flags.initial_advertise_peer_urls = "https://localhost:2380";
  EXPECT_TRUE(tls_refused(flags).contains("--peer-cert-file and --peer-key-file"));
  flags.peer_tls.cert_file = "p.pem";
  flags.peer_tls.key_file = "p.key";
  EXPECT_TRUE(tls_refused(flags).contains("--peer-trusted-ca-file is missing"));
  flags.peer_tls.trusted_ca_file = "ca.pem";
  const Result<ServePlan> plan = plan_of(flags);
  ASSERT_TRUE(plan) << plan.error().what;
  EXPECT_EQ(plan->peer_tls.certificate, "p.pem");
  EXPECT_FALSE(plan->peer_tls.for_clients);
  flags.listen_peer_urls = "http://localhost:2380";
  EXPECT_TRUE(tls_refused(flags).contains("all with https://, or none"));
  flags.initial_advertise_peer_urls = "http://localhost:2380";
  EXPECT_TRUE(tls_refused(flags).contains("must begin with https://"));
}

TEST(ServeTls, what_would_protect_less_than_was_asked_is_refused) {
  const auto with = [](auto change) {
    ServeFlags flags = secured();
    change(flags);
    return tls_refused(flags);
  };
  EXPECT_TRUE(with([](auto& f) { f.client_tls.auto_tls = true; }).starts_with("--auto-tls"));
  EXPECT_TRUE(with([](auto& f) { f.peer_tls.auto_tls = true; }).starts_with("--peer-auto-tls"));
  EXPECT_TRUE(with([](auto& f) { f.client_tls.key_file = ""; }).contains("go together"));
  EXPECT_TRUE(with([](auto& f) { f.client_tls = {}; }).contains("needs --cert-file"));
  EXPECT_TRUE(with([](auto& f) {
                f.client_tls.client_cert_auth = true;
              }).contains("--trusted-ca-file is missing"));
  EXPECT_TRUE(
      with([](auto& f) { f.client_tls.crl_file = "x"; }).contains("--trusted-ca-file is missing"));
  EXPECT_TRUE(with([](auto& f) { f.client_tls.allowed_hostname = "x"; }).contains("allowed"));
  EXPECT_TRUE(with([](auto& f) { f.peer_tls.allowed_cn = "x"; }).contains("--peer-"));
}

}  // namespace
}  // namespace bowline::apps
