// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_tls.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "bowline/etcd/names.h"

namespace bowline::apps {
namespace {

std::unexpected<Error> refused(std::string what) {
  return std::unexpected(Error{Fault::invalid, std::move(what)});
}

// Those of TLS 1.2 that are served at all: with keys of their own for each connection, and without
// padding that can be probed. Their names in Go and so in etcd, and in OpenSSL.
struct Suite {
  std::string_view name;
  std::string_view openssl;
};
constexpr std::array suites{
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    Suite{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    Suite{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    Suite{"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    Suite{"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    Suite{"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    Suite{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305", "ECDHE-RSA-CHACHA20-POLY1305"},
    Suite{"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
};

// Lists that are made for etcd name others, too: those are left out, and the rest serves. What is
// of TLS 1.3 is always offered, as in Go.
Result<std::string> ciphers_of(const std::string& listed) {
  std::string ciphers;
  for (const std::string& name : etcd::split(listed, ',')) {
    const auto* const suite = std::ranges::find(suites, name, &Suite::name);
    if (suite != suites.end())
      ciphers += (ciphers.empty() ? "" : ":") + std::string(suite->openssl);
    else if (!name.starts_with("TLS_"))
      return refused("--cipher-suites: '" + name +
                     "' is no name like TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
  }
  if (!ciphers.empty() || listed.empty()) return ciphers;
  std::string all;
  for (const Suite& suite : suites) all += (all.empty() ? "" : ", ") + std::string(suite.name);
  return refused("--cipher-suites: none of these is served with TLS 1.2; those are: " + all);
}

Result<void> set_versions(runtime::TlsOptions& options, const TlsFlags& flags) {
  options.also_1_2 = flags.min_version != "TLS1.3";
  options.also_1_3 = flags.max_version != "TLS1.2";
  if (!options.also_1_2 && !options.also_1_3)
    return refused("--tls-max-version must not be below --tls-min-version");
  if (!options.also_1_2 && !flags.cipher_suites.empty())
    return refused("--cipher-suites is about TLS 1.2: leave it out with --tls-min-version=TLS1.3");
  Result<std::string> ciphers = ciphers_of(flags.cipher_suites);
  if (!ciphers) return std::unexpected(ciphers.error());
  options.ciphers = *std::move(ciphers);
  return {};
}

// What both ports have in common.
Result<runtime::TlsOptions> tls_of(const TlsFlags& flags, bool wanted, const std::string& flag) {
  if (flags.auto_tls)
    return refused(flag +
                   "auto-tls: certificates that nobody vouches for protect from nobody. Make some "
                   "with docs/examples/certificates.sh, and name them with " +
                   flag + "cert-file");
  if (!flags.allowed_cn.empty() || !flags.allowed_hostname.empty())
    return refused(flag + "…-allowed-…: names in certificates are not compared with a list here. " +
                   "Have an authority of its own vouch for whom you let in, and leave it out");
  if (flags.cert_file.empty() != flags.key_file.empty())
    return refused(flag + "cert-file and " + flag + "key-file go together");
  if (wanted && !flags.is_said())
    return refused("a URL with https:// needs " + flag + "cert-file and " + flag + "key-file");
  runtime::TlsOptions options;
  if (!wanted) return options;
  options.certificate = flags.cert_file;
  options.key = flags.key_file;
  if (!flags.trusted_ca_file.empty()) options.authorities = {flags.trusted_ca_file};
  if (!flags.crl_file.empty()) options.revocations = {flags.crl_file};
  return options;
}

}  // namespace

// As in etcd, an authority is enough to ask clients for certificates.
Result<runtime::TlsOptions> client_tls_of(const TlsFlags& flags, bool wanted) {
  Result<runtime::TlsOptions> options = tls_of(flags, wanted, "--");
  if (!options || !wanted) return options;
  if (flags.trusted_ca_file.empty() && (flags.client_cert_auth || !flags.crl_file.empty()))
    return refused("--trusted-ca-file is missing: the certificates of those who vouch for clients");
  options->for_clients = true;
  if (Result<void> set = set_versions(*options, flags); !set) return std::unexpected(set.error());
  return options;
}

// Members always show certificates to each other.
Result<runtime::TlsOptions> peer_tls_of(const TlsFlags& flags, bool wanted) {
  if (!wanted && flags.is_said())
    return refused("--peer-cert-file: the URLs of peers must begin with https:// then");
  Result<runtime::TlsOptions> options = tls_of(flags, wanted, "--peer-");
  if (!options || !wanted) return options;
  if (flags.trusted_ca_file.empty())
    return refused(
        "--peer-trusted-ca-file is missing: the certificates of those who vouch for members");
  return options;
}

}  // namespace bowline::apps
