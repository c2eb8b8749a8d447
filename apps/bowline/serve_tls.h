// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include <CLI/CLI.hpp>

#include "bowline/base/result.h"
#include "bowline/runtime/tls_options.h"

namespace bowline::apps {

// etcd's flags about TLS, of the port for clients or of that for peers.
struct TlsFlags {
  std::string cert_file;
  std::string key_file;
  std::string trusted_ca_file;
  std::string crl_file;
  bool client_cert_auth = false;
  // Of the port for clients: members speak TLS 1.3.
  std::string min_version = "TLS1.2";
  std::string max_version;    // empty: the newest
  std::string cipher_suites;  // of TLS 1.2; empty: ours
  // What is not here, and is refused rather than left out: it would protect less than was asked.
  bool auto_tls = false;
  std::string allowed_cn;
  std::string allowed_hostname;

  bool is_said() const { return !cert_file.empty() || !key_file.empty(); }
};

// What they come to. `flag` is how a flag of them begins: "--" or "--peer-". `wanted`: a URL says
// https. The error is a sentence that says which flag to change; without TLS, what is given is off.
Result<runtime::TlsOptions> client_tls_of(const TlsFlags&, bool wanted);
Result<runtime::TlsOptions> peer_tls_of(const TlsFlags&, bool wanted);

}  // namespace bowline::apps
