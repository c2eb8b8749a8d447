// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include <openssl/x509.h>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/tls_files.h"
#include "bowline/runtime/tls_options.h"

namespace bowline::runtime {

// What one state of the files comes to: who we are, and whom we believe. Never changes: connections
// keep that with which they began, and another state of the files makes another one.
class TlsContext {
  struct Parts;
  struct Private {};  // only make() makes one

 public:
  TlsContext(Private, std::unique_ptr<Parts>);
  // `self`: whom our certificate must name; with an empty cluster, whichever it names is ours.
  static Result<std::shared_ptr<const TlsContext>> make(const TlsOptions&, const TlsFiles&,
                                                        const env::Identity& self);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  const env::Identity& self() const;
  bool lets_anybody_in() const;  // a port of clients that asks for no certificates
  // What is no error, but needs somebody's care: sentences.
  const std::vector<std::string>& warnings() const;

  // Who is it that shows these certificates, its own first? An error is a sentence about it.
  Result<env::Identity> judge(X509* leaf, STACK_OF(X509) * chain) const;

  // The same in the midst of a greeting.
  Result<env::Identity> judge(X509_STORE_CTX*) const;
  SSL_CTX* get() const;

 private:
  std::unique_ptr<Parts> parts_;
};

}  // namespace bowline::runtime
