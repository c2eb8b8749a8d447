// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/runtime/tls_openssl.h"
#include "bowline/runtime/tls_options.h"

namespace bowline::runtime {

// What a certificate of a test shall say.
struct Wish {
  std::vector<std::string> uris;
  std::vector<std::string> hosts = {};          // "DNS:localhost", "IP:127.0.0.1"
  std::string usage = "serverAuth,clientAuth";  // empty: it says nothing of that
  long from_seconds = -3600;                    // from now
  long to_seconds = 30L * 24 * 3600;

  static Wish of_node(NodeId, const std::string& cluster = "test");
};

struct Issued {
  std::string certificate;  // PEM
  std::string key;
  long serial = 0;
};

// One that vouches for nodes.
class Authority {
 public:
  explicit Authority(const std::string& name);           // for which it vouches itself
  Authority(const std::string& name, Authority& above);  // what it issues has its own with it

  Issued issue(const Wish&);
  Issued self_signed(const Wish&);  // which it has no part in
  const std::string& certificate() const { return pem_; }
  long serial() const;
  std::string revocations(const std::vector<long>& serials, long renewed_in_seconds = 3600) const;

 private:
  void begin(long serial);
  void sign(X509* certificate) const;
  tls::Certificate make(const Wish&, EVP_PKEY* key);

  std::string name_;
  tls::Key key_;
  tls::Certificate own_;
  std::string pem_;
  std::string chain_;  // PEM, of those between it and the one that is trusted
  long serials_ = 1;
};

// A key (PEM) in all the forms in which somebody might write it: the lines of its file, its number,
// and the bytes of that.
std::vector<std::string> forms_of_key(const std::string& pem);

// A directory of a test's own with the files that TlsOptions name; gone with it.
class CertificateFolder {
 public:
  CertificateFolder();
  ~CertificateFolder();
  CertificateFolder(const CertificateFolder&) = delete;
  CertificateFolder& operator=(const CertificateFolder&) = delete;

  // As an operator should: a reader finds the old contents or the new ones.
  std::string write(const std::string& name, const std::string& text) const;
  std::string path(const std::string& name) const { return (place_ / name).string(); }
  // The files of one node are NAME.pem and NAME.key; whom it trusts is roots.pem.
  TlsOptions options(const std::string& name, const Issued&, const std::string& authorities) const;

 private:
  std::filesystem::path place_;
};

}  // namespace bowline::runtime
