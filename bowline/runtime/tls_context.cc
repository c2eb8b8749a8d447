// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_context.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <openssl/err.h>
#include <openssl/x509_vfy.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/tls_name.h"
#include "bowline/runtime/tls_openssl.h"
#include "bowline/runtime/tls_rules.h"
#include "bowline/runtime/tls_session.h"

namespace bowline::runtime {
namespace {

const std::string theirs = "its certificate";
constexpr long most_certificate_bytes = 64 << 10;  // that whoever connects may show
constexpr int seconds_of_care = 14 * 24 * 3600;    // so long before it expires, we say so

std::unexpected<Error> no(std::string why) {
  return std::unexpected(Error{Fault::corrupt, std::move(why)});
}

}  // namespace

struct TlsContext::Parts {
  tls::Context context{SSL_CTX_new(TLS_method())};
  tls::Store store{X509_STORE_new()};
  env::Identity self;
  std::vector<NodeId> only;
  std::vector<std::string> warnings;
  bool for_clients = false;
  bool asks = true;  // for certificates

  Result<void> set_protocol(const TlsOptions&);
  Result<void> take_authorities(const TlsFiles&);
  Result<void> take_certificate(const TlsFiles&);
  Result<void> check_own(const std::string& ours, X509* leaf, STACK_OF(X509) * chain);
  void check_age(const std::string& ours, X509* leaf);
  Result<void> name_self(const TlsFile&, const env::Identity& wanted);
};

namespace {

// Called by OpenSSL when a client says what it speaks. Who speaks something else is not for us.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned offered_size, void*) {
  constexpr std::string_view known = "\x02h2\x08http/1.1";
  unsigned char* found = nullptr;
  const int result =
      SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(known.data()),
                            static_cast<unsigned>(known.size()), offered, offered_size);
  *chosen = found;
  return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Called by OpenSSL when a session has the certificates of the other side.
int judge_greeting(X509_STORE_CTX* verification, void* context) {
  const void* const of =
      X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx());
  TlsSession& session = TlsSession::of(static_cast<const SSL*>(of));
  session.judged(static_cast<const TlsContext*>(context)->judge(verification));
  if (session.identity()) return 1;
  if (X509_STORE_CTX_get_error(verification) == X509_V_OK)
    X509_STORE_CTX_set_error(verification, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

// Each of them, if there is a list at all: one that was forgotten would keep everybody out.
Result<void> has_list(X509* authority, const std::vector<tls::RevocationList>& lists,
                      const std::string& path) {
  const bool found = std::ranges::any_of(lists, [authority](const tls::RevocationList& list) {
    return X509_NAME_cmp(X509_CRL_get_issuer(list.get()), X509_get_subject_name(authority)) == 0 &&
           X509_CRL_verify(list.get(), X509_get0_pubkey(authority)) == 1;
  });
  ERR_clear_error();
  if (found) return {};
  return no(path +
            ": an authority in it has no list in tls.revocations; give each of them one, "
            "or none");
}

}  // namespace

Result<void> TlsContext::Parts::set_protocol(const TlsOptions& options) {
  SSL_CTX* const at = context.get();
  ensure(SSL_CTX_set_min_proto_version(at, options.also_1_2 ? TLS1_2_VERSION : TLS1_3_VERSION) ==
         1);
  ensure(SSL_CTX_set_max_proto_version(at, options.also_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION) ==
         1);
  const char* const usual = "ECDHE+AESGCM:ECDHE+CHACHA20";
  if (SSL_CTX_set_cipher_list(at, options.ciphers.empty() ? usual : options.ciphers.c_str()) != 1) {
    ERR_clear_error();
    return no("tls.ciphers: OpenSSL knows none of these: " + options.ciphers);
  }
  SSL_CTX_set_options(at, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET |
                              SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_session_cache_mode(at, SSL_SESS_CACHE_OFF);
  ensure(SSL_CTX_set_num_tickets(at, 0) == 1);
  ensure(SSL_CTX_set_max_early_data(at, 0) == 1);
  SSL_CTX_set_mode(at, SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_max_cert_list(at, most_certificate_bytes);
  const int asked = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
  SSL_CTX_set_verify(at, asks ? asked : SSL_VERIFY_NONE, nullptr);
  if (for_clients) SSL_CTX_set_alpn_select_cb(at, choose_protocol, nullptr);
  return {};
}

Result<void> TlsContext::Parts::take_authorities(const TlsFiles& files) {
  std::vector<tls::RevocationList> lists;
  for (const TlsFile& file : files.revocations) {
    auto found = tls::revocations_in(file);
    if (!found) return std::unexpected(found.error());
    for (tls::RevocationList& list : *found) {
      ensure(X509_STORE_add_crl(store.get(), list.get()) == 1);
      if (X509_cmp_current_time(X509_CRL_get0_nextUpdate(list.get())) < 0)
        warnings.push_back(file.path +
                           ": the list is older than it should be; what it says still "
                           "counts, but get a newer one");
      lists.push_back(std::move(list));
    }
  }
  for (const TlsFile& file : files.authorities) {
    auto found = tls::certificates_in(file);
    if (!found) return std::unexpected(found.error());
    for (const tls::Certificate& authority : *found) {
      ensure(X509_STORE_add_cert(store.get(), authority.get()) == 1);
      if (files.revocations.empty()) continue;
      if (Result<void> has = has_list(authority.get(), lists, file.path); !has) return has;
    }
  }
  if (!lists.empty())
    X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  ensure(SSL_CTX_set1_verify_cert_store(context.get(), store.get()) == 1);
  return {};
}

Result<void> TlsContext::Parts::take_certificate(const TlsFiles& files) {
  SSL_CTX* const at = context.get();
  auto certificates = tls::certificates_in(files.certificate);
  if (!certificates) return std::unexpected(certificates.error());
  const Result<tls::Key> key = tls::key_in(files.key);
  if (!key) return std::unexpected(key.error());
  ERR_clear_error();
  X509* const leaf = certificates->front().get();
  if (SSL_CTX_use_certificate(at, leaf) != 1)
    return no(files.certificate.path +
              ": this certificate cannot be used: " + tls::last_complaint());
  if (X509_check_private_key(leaf, key->get()) != 1 ||
      SSL_CTX_use_PrivateKey(at, key->get()) != 1) {
    ERR_clear_error();
    return no(files.key.path + ": this is not the key of the certificate in " +
              files.certificate.path);
  }
  for (std::size_t i = 1; i < certificates->size(); ++i)
    if (SSL_CTX_add1_chain_cert(at, (*certificates)[i].get()) != 1)
      return no(files.certificate.path + ": certificate number " + std::to_string(i + 1) +
                " in it cannot be used: " + tls::last_complaint());
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(at, static_cast<void*>(&chain));
  const std::string ours = "the certificate in " + files.certificate.path;
  check_age(ours, leaf);
  if (for_clients) return {};  // who vouches for us is known to them alone
  return check_own(ours, leaf, chain);
}

// What the others would refuse, they would refuse one by one, and here it is said once. But if it
// was revoked, we go on: a list that takes effect for others must do so here.
Result<void> TlsContext::Parts::check_own(const std::string& ours, X509* leaf,
                                          STACK_OF(X509) * chain) {
  for (const bool with_lists : {false, true}) {
    const tls::Verification verification(X509_STORE_CTX_new());
    ensure(X509_STORE_CTX_init(verification.get(), store.get(), leaf, chain) == 1);
    X509_VERIFY_PARAM* const rules = X509_STORE_CTX_get0_param(verification.get());
    if (!with_lists)
      ensure(X509_VERIFY_PARAM_clear_flags(rules,
                                           X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL) == 1);
    const Result<void> good = tls::is_vouched_for(verification.get(), ours);
    if (!good && !with_lists) return good;
    if (!good) warnings.push_back(good.error().what + "; other nodes will not let us in");
  }
  return {};
}

void TlsContext::Parts::check_age(const std::string& ours, X509* leaf) {
  int days = 0;
  int seconds = 0;
  ensure(ASN1_TIME_diff(&days, &seconds, nullptr, X509_get0_notAfter(leaf)) == 1);
  if (days * 24 * 3600 + seconds < seconds_of_care)
    warnings.push_back(ours + " expires in " + std::to_string(days) + " days: renew it");
}

Result<void> TlsContext::Parts::name_self(const TlsFile& file, const env::Identity& wanted) {
  const std::string ours = "the certificate in " + file.path;
  Result<env::Identity> named = tls::named_node(SSL_CTX_get0_certificate(context.get()), ours);
  if (!named) return std::unexpected(named.error());
  self = *std::move(named);
  if (!wanted.node && self.node)
    return no(ours + " names node " + std::to_string(self.node.value) +
              ", and an admin is wanted: it needs a URI like bowline://CLUSTER/admin/NAME");
  if (wanted.node && !self.node)
    return no(ours + " names the admin " + self.admin + ", and this is node " +
              std::to_string(wanted.node.value));
  if (self.node != wanted.node)
    return no(ours + " names node " + std::to_string(self.node.value) + ", and this is node " +
              std::to_string(wanted.node.value));
  if (!wanted.cluster.empty() && wanted.cluster != self.cluster)
    return no(ours + " names the cluster " + self.cluster + ", and this node is of " +
              wanted.cluster);
  return {};
}

Result<std::shared_ptr<const TlsContext>> TlsContext::make(const TlsOptions& options,
                                                           const TlsFiles& files,
                                                           const env::Identity& self) {
  auto parts = std::make_unique<Parts>();
  ensure(parts->context != nullptr);
  ensure(parts->store != nullptr);
  parts->only = options.only;
  parts->for_clients = options.for_clients;
  parts->asks = !options.for_clients || !options.authorities.empty();
  if (Result<void> good = parts->set_protocol(options); !good)
    return std::unexpected(std::move(good.error()));
  if (Result<void> good = parts->take_authorities(files); !good)
    return std::unexpected(std::move(good.error()));
  if (Result<void> good = parts->take_certificate(files); !good)
    return std::unexpected(std::move(good.error()));
  if (!options.for_clients) {
    if (Result<void> good = parts->name_self(files.certificate, self); !good)
      return std::unexpected(std::move(good.error()));
  }
  auto made = std::make_shared<TlsContext>(Private{}, std::move(parts));
  SSL_CTX_set_cert_verify_callback(made->get(), judge_greeting, made.get());
  return made;
}

TlsContext::TlsContext(Private, std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

TlsContext::~TlsContext() = default;

const env::Identity& TlsContext::self() const { return parts_->self; }
bool TlsContext::lets_anybody_in() const { return !parts_->asks; }
const std::vector<std::string>& TlsContext::warnings() const { return parts_->warnings; }
SSL_CTX* TlsContext::get() const { return parts_->context.get(); }

Result<env::Identity> TlsContext::judge(X509* leaf, STACK_OF(X509) * chain) const {
  if (lets_anybody_in()) return env::Identity{};
  if (leaf == nullptr) return no("it shows no certificate");
  const tls::Verification verification(X509_STORE_CTX_new());
  ensure(X509_STORE_CTX_init(verification.get(), parts_->store.get(), leaf, chain) == 1);
  return judge(verification.get());
}

Result<env::Identity> TlsContext::judge(X509_STORE_CTX* verification) const {
  const X509* const leaf = X509_STORE_CTX_get0_cert(verification);
  if (parts_->for_clients)  // first, as OpenSSL would not say what it is for
    if (Result<void> good = tls::is_for_clients(leaf, theirs); !good)
      return std::unexpected(std::move(good.error()));
  if (Result<void> good = tls::is_vouched_for(verification, theirs); !good)
    return std::unexpected(std::move(good.error()));
  if (parts_->for_clients) return env::Identity{};
  Result<env::Identity> named = tls::named_node(leaf, theirs);
  if (!named) return named;
  if (named->cluster != parts_->self.cluster)
    return no(theirs + " names the cluster " + named->cluster + ", and this node is of " +
              parts_->self.cluster);
  // Whoever is no node does not speak for one, and is asked again whether it may administer.
  const bool is_allowed = parts_->only.empty() || !named->node ||
                          std::ranges::find(parts_->only, named->node) != parts_->only.end();
  if (!is_allowed)
    return no(theirs + " names node " + std::to_string(named->node.value) +
              ", which is not among those in tls.only here");
  return named;
}

}  // namespace bowline::runtime
