// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "bowline/runtime/tls_files.h"

// What OpenSSL gives, with owners. Only for sources that speak to it.
namespace bowline::runtime::tls {

template <auto Drop>
struct Dropper {
  template <class T>
  void operator()(T* owned) const {
    Drop(owned);
  }
};
template <class T, auto Drop>
using Owned = std::unique_ptr<T, Dropper<Drop>>;

using Bio = Owned<BIO, BIO_free>;
using Certificate = Owned<X509, X509_free>;
using RevocationList = Owned<X509_CRL, X509_CRL_free>;
using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Store = Owned<X509_STORE, X509_STORE_free>;
using Verification = Owned<X509_STORE_CTX, X509_STORE_CTX_free>;
using Context = Owned<SSL_CTX, SSL_CTX_free>;
using Session = Owned<SSL, SSL_free>;

// What is in a PEM file. An error names the file, and nothing that is in it.
Result<std::vector<Certificate>> certificates_in(const TlsFile&);
Result<std::vector<RevocationList>> revocations_in(const TlsFile&);
Result<Key> key_in(const TlsFile&);

// What OpenSSL complained of last on this thread, in its words; and forgets all of it.
std::string last_complaint();

}  // namespace bowline::runtime::tls
