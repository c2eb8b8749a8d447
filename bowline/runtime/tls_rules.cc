// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_rules.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "bowline/runtime/tls_name.h"

namespace bowline::runtime::tls {
namespace {

using Names = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

std::unexpected<Error> no(std::string why) {
  return std::unexpected(Error{Fault::corrupt, std::move(why)});
}

std::string sentence(int error, const std::string& who) {
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return who + " has expired: renew it, or correct the clock";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return who + " is not valid yet: correct the clock, or wait";
    case X509_V_ERR_CERT_REVOKED: return who + " was revoked";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return who + " vouches for itself: it needs one from an authority in tls.authorities";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return who +
             " is of an authority that is not in tls.authorities here, or certificates "
             "between the two are missing";
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return who + " is of an authority of which there is no list in tls.revocations here";
    case X509_V_ERR_INVALID_PURPOSE:
      return who + " is not for nodes: its extended key usage must have serverAuth and clientAuth";
    default: return who + " is refused: " + X509_verify_cert_error_string(error);
  }
}

// A list that nobody renewed in time still says who is revoked. Without this rule, the day on which
// it expires would stop the whole cluster.
int forgive_old_lists(int good, X509_STORE_CTX* verification) {
  if (good == 1) return 1;
  if (X509_STORE_CTX_get_error(verification) != X509_V_ERR_CRL_HAS_EXPIRED) return 0;
  X509_STORE_CTX_set_error(verification, X509_V_OK);
  return 1;
}

std::vector<std::string> uris_of(const X509* certificate) {
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::vector<std::string> uris;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* const uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)),
                      static_cast<std::size_t>(ASN1_STRING_length(uri)));
  }
  return uris;
}

}  // namespace

Result<void> is_vouched_for(X509_STORE_CTX* verification, const std::string& whose) {
  X509_STORE_CTX_set_verify_cb(verification, forgive_old_lists);
  const bool good = X509_verify_cert(verification) == 1;
  ERR_clear_error();
  if (good) return {};
  const std::string above = "an authority above " + whose;
  const bool is_its_own = X509_STORE_CTX_get_error_depth(verification) == 0;
  return no(sentence(X509_STORE_CTX_get_error(verification), is_its_own ? whose : above));
}

Result<env::Identity> named_node(const X509* certificate, const std::string& whose) {
  constexpr std::uint32_t both = XKU_SSL_SERVER | XKU_SSL_CLIENT;
  // OpenSSL caches what it finds in a certificate, which no reader of it can see.
  auto* const cached = const_cast<X509*>(certificate);
  if ((X509_get_extended_key_usage(cached) & both) != both)
    return no(sentence(X509_V_ERR_INVALID_PURPOSE, whose));
  Result<env::Identity> named = named_by(uris_of(certificate));
  if (!named) return no(whose + " " + named.error().what);
  return named;
}

Result<void> is_for_clients(const X509* certificate, const std::string& whose) {
  auto* const cached = const_cast<X509*>(certificate);
  if ((X509_get_extended_key_usage(cached) & XKU_SSL_CLIENT) != 0) return {};
  return no(whose + " is not for clients: its extended key usage must have clientAuth");
}

}  // namespace bowline::runtime::tls
