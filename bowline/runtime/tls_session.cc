// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_session.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/tls_openssl.h"

namespace bowline::runtime {
namespace {

// One key may protect so many records that nobody can count on chance. AES-GCM allows about 2^24.
constexpr std::uint64_t records_of_a_key = 1 << 22;

using Method = tls::Owned<BIO_METHOD, BIO_meth_free>;

std::string alert_sentence(int alert) {
  if (alert == SSL_AD_CERTIFICATE_EXPIRED) return "it says that our certificate has expired";
  if (alert == SSL_AD_CERTIFICATE_REVOKED) return "it says that our certificate was revoked";
  if (alert == SSL_AD_UNKNOWN_CA)
    return "it does not know the authority of our certificate: compare its tls.authorities";
  if (alert == SSL_AD_CERTIFICATE_REQUIRED) return "it wants a certificate of ours";
  if (alert == SSL_AD_PROTOCOL_VERSION) return "it speaks no version of TLS that this node speaks";
  return std::string("it refuses this node (") + SSL_alert_desc_string_long(alert) +
         "): it says itself why, where it tells what went wrong there";
}

}  // namespace

struct TlsSession::Parts {
  tls::Session session;
};

struct TlsSession::Pipe {
  static int read(BIO* bio, char* to, int most) {
    TlsSession& session = *static_cast<TlsSession*>(BIO_get_data(bio));
    BIO_clear_retry_flags(bio);
    if (session.in_.empty()) {
      BIO_set_retry_read(bio);
      return -1;
    }
    const std::size_t count = std::min(session.in_.size(), static_cast<std::size_t>(most));
    std::memcpy(to, session.in_.data(), count);
    session.in_.remove_prefix(count);
    return static_cast<int>(count);
  }
  static int write(BIO* bio, const char* from, int count) {
    BIO_clear_retry_flags(bio);
    static_cast<TlsSession*>(BIO_get_data(bio))->out_.append(from, static_cast<std::size_t>(count));
    return count;
  }
  static long control(BIO*, int what, long, void*) { return what == BIO_CTRL_FLUSH ? 1 : 0; }
  static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
  }

  static const BIO_METHOD* method() {
    static const Method made = [] {
      Method method(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "bowline"));
      ensure(method != nullptr);
      ensure(BIO_meth_set_read(method.get(), read) == 1);
      ensure(BIO_meth_set_write(method.get(), write) == 1);
      ensure(BIO_meth_set_ctrl(method.get(), control) == 1);
      ensure(BIO_meth_set_create(method.get(), create) == 1);
      return method;
    }();
    return made.get();
  }
};

TlsSession::TlsSession(std::shared_ptr<const TlsContext> context, TlsSide side)
    : context_(std::move(context)),
      parts_(std::make_unique<Parts>(tls::Session(SSL_new(context_->get())))) {
  SSL* const session = parts_->session.get();
  ensure(session != nullptr);
  BIO* const pipe = BIO_new(Pipe::method());
  ensure(pipe != nullptr);
  BIO_set_data(pipe, this);
  SSL_set_bio(session, pipe, pipe);
  SSL_set_app_data(session, this);
  if (side == TlsSide::calls) {
    SSL_set_connect_state(session);
  } else {
    SSL_set_accept_state(session);
  }
}

TlsSession::~TlsSession() = default;

TlsSession& TlsSession::of(const SSL* session) {
  return *static_cast<TlsSession*>(SSL_get_app_data(session));
}

void TlsSession::judged(Result<env::Identity> verdict) {
  if (verdict) {
    identity_ = *std::move(verdict);
  } else {
    refused_ = std::move(verdict.error().what);
  }
}

// The first thing that OpenSSL complained of is the reason of the others.
std::string TlsSession::complaint() const {
  if (!refused_.empty()) return refused_;
  const unsigned long error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return "the session is damaged";
  if (reason > SSL_AD_REASON_OFFSET) return alert_sentence(reason - SSL_AD_REASON_OFFSET);
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return "it shows no certificate";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_VERSION_TOO_LOW:
      return "it speaks no version of TLS that is allowed here: this node takes 1.3, and 1.2 only "
             "with tls.also_1_2";
    default: {
      const char* const words = ERR_reason_error_string(error);
      return std::string("TLS with it failed: ") +
             (words == nullptr ? "no reason is known" : words);
    }
  }
}

std::unexpected<Error> TlsSession::broken() const {
  std::string why = complaint();
  ERR_clear_error();
  return std::unexpected(Error{Fault::corrupt, std::move(why)});
}

Result<bool> TlsSession::greet() {
  SSL* const session = parts_->session.get();
  ERR_clear_error();
  const int done = SSL_do_handshake(session);
  if (done == 1 && (identity_ || context_->lets_anybody_in())) return true;
  const bool goes_on = done != 1 && SSL_get_error(session, done) == SSL_ERROR_WANT_READ;
  if (goes_on) return false;
  return broken();
}

Result<std::string_view> TlsSession::read(std::span<char> memory) {
  SSL* const session = parts_->session.get();
  ERR_clear_error();
  std::size_t count = 0;
  const int done = SSL_read_ex(session, memory.data(), memory.size(), &count);
  if (done == 1) return std::string_view(memory.data(), count);
  switch (SSL_get_error(session, done)) {
    case SSL_ERROR_WANT_READ: return std::string_view();
    case SSL_ERROR_ZERO_RETURN:
      return std::unexpected(Error{Fault::unreachable, "it ended the connection"});
    default: return broken();
  }
}

Result<void> TlsSession::write(std::string_view bytes) {
  SSL* const session = parts_->session.get();
  ERR_clear_error();
  if (++records_ % records_of_a_key == 0 && SSL_version(session) == TLS1_3_VERSION)
    ensure(SSL_key_update(session, SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
  std::size_t count = 0;
  if (SSL_write_ex(session, bytes.data(), bytes.size(), &count) != 1) return broken();
  ensure(count == bytes.size());
  return {};
}

void TlsSession::say_goodbye() {
  (void)SSL_shutdown(parts_->session.get());
  ERR_clear_error();
}

bool TlsSession::has_expired() const {
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(parts_->session.get());
  for (int i = 0; i < sk_X509_num(chain); ++i)
    if (X509_cmp_current_time(X509_get0_notAfter(sk_X509_value(chain, i))) < 0) return true;
  return false;
}

Result<void> TlsSession::judge(const TlsContext& context) const {
  const SSL* const session = parts_->session.get();
  const Result<env::Identity> found =
      context.judge(SSL_get0_peer_certificate(session), SSL_get_peer_cert_chain(session));
  if (!found) return std::unexpected(found.error());
  return {};
}

}  // namespace bowline::runtime
