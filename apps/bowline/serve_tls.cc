// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_tls.h"

#include <utility>

namespace bowline::apps {
namespace {

std::unexpected<Error> refused(std::string what) {
  return std::unexpected(Error{Fault::io, std::move(what)});
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
Result<runtime::TlsOptions> client_tls_of(const TlsFlags& flags, bool wanted, bool only_1_3) {
  Result<runtime::TlsOptions> options = tls_of(flags, wanted, "--");
  if (!options || !wanted) return options;
  if (flags.trusted_ca_file.empty() && (flags.client_cert_auth || !flags.crl_file.empty()))
    return refused("--trusted-ca-file is missing: the certificates of those who vouch for clients");
  options->for_clients = true;
  options->also_1_2 = !only_1_3;
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
