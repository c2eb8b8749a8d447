// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/test_certificates.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <utility>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/tls_name.h"

namespace bowline::runtime {
namespace {

constexpr long year = 365L * 24 * 3600;

template <class Write>
std::string pem(Write write) {
  const tls::Bio bio(BIO_new(BIO_s_mem()));
  ensure(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  return pem([certificate](BIO* bio) { return PEM_write_bio_X509(bio, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return pem([key](BIO* bio) {
    return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
  });
}

void name(X509_NAME* at, const std::string& text) {
  ensure(X509_NAME_add_entry_by_txt(at, "CN", MBSTRING_ASC,
                                    reinterpret_cast<const unsigned char*>(text.data()),
                                    static_cast<int>(text.size()), -1, 0) == 1);
}

void extend(X509* certificate, int what, const std::string& value) {
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, nullptr, what, value.c_str());
  ensure(extension != nullptr);
  ensure(X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void last(X509* certificate, long from_seconds, long to_seconds) {
  ensure(X509_gmtime_adj(X509_getm_notBefore(certificate), from_seconds) != nullptr);
  ensure(X509_gmtime_adj(X509_getm_notAfter(certificate), to_seconds) != nullptr);
}

}  // namespace

Wish Wish::of_node(NodeId node, const std::string& cluster) {
  return {.uris = {tls_name({.node = node, .cluster = cluster})}};
}

Authority::Authority(const std::string& named)
    : name_(named), key_(EVP_EC_gen("P-256")), own_(X509_new()) {
  begin(1);
  sign(own_.get());
  pem_ = pem_of(own_.get());
}

Authority::Authority(const std::string& named, Authority& above)
    : name_(named), key_(EVP_EC_gen("P-256")), own_(X509_new()) {
  begin(++above.serials_);
  above.sign(own_.get());
  pem_ = pem_of(own_.get());
  chain_ = pem_ + above.chain_;
}

void Authority::begin(long serial) {
  X509_set_version(own_.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(own_.get()), serial);
  last(own_.get(), -year, year);
  name(X509_get_subject_name(own_.get()), name_);
  X509_set_pubkey(own_.get(), key_.get());
  extend(own_.get(), NID_basic_constraints, "critical,CA:TRUE");
  extend(own_.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
}

void Authority::sign(X509* certificate) const {
  X509_set_issuer_name(certificate, X509_get_subject_name(own_.get()));
  ensure(X509_sign(certificate, key_.get(), EVP_sha256()) > 0);
}

long Authority::serial() const { return ASN1_INTEGER_get(X509_get0_serialNumber(own_.get())); }

tls::Certificate Authority::make(const Wish& wish, EVP_PKEY* key) {
  tls::Certificate made(X509_new());
  X509_set_version(made.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), ++serials_);
  last(made.get(), wish.from_seconds, wish.to_seconds);
  name(X509_get_subject_name(made.get()), "a node");
  X509_set_pubkey(made.get(), key);
  std::string names;
  for (const std::string& uri : wish.uris) names += (names.empty() ? "URI:" : ",URI:") + uri;
  for (const std::string& host : wish.hosts) names += (names.empty() ? "" : ",") + host;
  if (!names.empty()) extend(made.get(), NID_subject_alt_name, names);
  if (!wish.usage.empty()) extend(made.get(), NID_ext_key_usage, wish.usage);
  return made;
}

Issued Authority::issue(const Wish& wish) {
  const tls::Key key(EVP_EC_gen("P-256"));
  const tls::Certificate made = make(wish, key.get());
  sign(made.get());
  return {pem_of(made.get()) + chain_, pem_of(key.get()), serials_};
}

Issued Authority::self_signed(const Wish& wish) {
  const tls::Key key(EVP_EC_gen("P-256"));
  const tls::Certificate made = make(wish, key.get());
  X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
  ensure(X509_sign(made.get(), key.get(), EVP_sha256()) > 0);
  return {pem_of(made.get()), pem_of(key.get()), serials_};
}

std::string Authority::revocations(const std::vector<long>& serials,
                                   long renewed_in_seconds) const {
  const tls::RevocationList list(X509_CRL_new());
  const tls::Owned<ASN1_TIME, ASN1_TIME_free> then(X509_gmtime_adj(nullptr, -year));
  const tls::Owned<ASN1_TIME, ASN1_TIME_free> next(X509_gmtime_adj(nullptr, renewed_in_seconds));
  X509_CRL_set_version(list.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(list.get(), X509_get_subject_name(own_.get()));
  X509_CRL_set1_lastUpdate(list.get(), then.get());
  X509_CRL_set1_nextUpdate(list.get(), next.get());
  for (const long serial : serials) {
    X509_REVOKED* const revoked = X509_REVOKED_new();
    const tls::Owned<ASN1_INTEGER, ASN1_INTEGER_free> number(ASN1_INTEGER_new());
    ASN1_INTEGER_set(number.get(), serial);
    X509_REVOKED_set_serialNumber(revoked, number.get());
    X509_REVOKED_set_revocationDate(revoked, then.get());
    ensure(X509_CRL_add0_revoked(list.get(), revoked) == 1);
  }
  X509_CRL_sort(list.get());
  ensure(X509_CRL_sign(list.get(), key_.get(), EVP_sha256()) > 0);
  return pem([&list](BIO* bio) { return PEM_write_bio_X509_CRL(bio, list.get()); });
}

CertificateFolder::CertificateFolder() {
  std::string place = (std::filesystem::temp_directory_path() / "bowline-tls-XXXXXX").string();
  ensure(::mkdtemp(place.data()) != nullptr);
  place_ = place;
}

CertificateFolder::~CertificateFolder() { std::filesystem::remove_all(place_); }

std::string CertificateFolder::write(const std::string& name, const std::string& text) const {
  const std::filesystem::path made = place_ / (name + ".new");
  std::ofstream(made, std::ios::binary) << text;
  std::filesystem::rename(made, place_ / name);
  return path(name);
}

TlsOptions CertificateFolder::options(const std::string& name, const Issued& issued,
                                      const std::string& authorities) const {
  TlsOptions options;
  options.certificate = write(name + ".pem", issued.certificate);
  options.key = write(name + ".key", issued.key);
  options.authorities = {write("roots.pem", authorities)};
  return options;
}

std::vector<std::string> forms_of_key(const std::string& pem) {
  std::vector<std::string> forms;
  std::istringstream lines(pem);
  for (std::string line; std::getline(lines, line);)
    if (!line.contains("PRIVATE KEY")) forms.push_back(line);
  BIO* const bio = BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
  EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
  BIGNUM* number = nullptr;
  ensure(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1);
  char* const hex = BN_bn2hex(number);
  forms.emplace_back(hex);
  std::string lower(hex);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  forms.push_back(lower);
  std::string bytes(static_cast<std::size_t>(BN_num_bytes(number)), '\0');
  BN_bn2bin(number, reinterpret_cast<unsigned char*>(bytes.data()));
  forms.push_back(bytes);
  OPENSSL_free(hex);
  BN_free(number);
  EVP_PKEY_free(key);
  BIO_free(bio);
  return forms;
}

}  // namespace bowline::runtime
