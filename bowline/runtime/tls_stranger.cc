// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_stranger.h"

#include <array>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/tls_openssl.h"

namespace bowline::runtime {
namespace {

tls::Bio reader_of(const std::string& text) {
  return tls::Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

tls::Context context_of(const Stranger& stranger) {
  tls::Context context(SSL_CTX_new(TLS_method()));
  ensure(SSL_CTX_set_cipher_list(context.get(), "ALL:@SECLEVEL=0") == 1);
  ensure(SSL_CTX_set_min_proto_version(context.get(), stranger.oldest) == 1);
  ensure(SSL_CTX_set_max_proto_version(context.get(), stranger.newest) == 1);
  if (!stranger.protocols.empty())
    ensure(SSL_CTX_set_alpn_protos(
               context.get(), reinterpret_cast<const unsigned char*>(stranger.protocols.data()),
               static_cast<unsigned>(stranger.protocols.size())) == 0);
  if (stranger.issued.certificate.empty()) return context;
  const tls::Certificate certificate(
      PEM_read_bio_X509(reader_of(stranger.issued.certificate).get(), nullptr, nullptr, nullptr));
  const tls::Key key(
      PEM_read_bio_PrivateKey(reader_of(stranger.issued.key).get(), nullptr, nullptr, nullptr));
  ensure(SSL_CTX_use_certificate(context.get(), certificate.get()) == 1);
  ensure(SSL_CTX_use_PrivateKey(context.get(), key.get()) == 1);
  return context;
}

std::string talk(SSL* session) {
  std::string heard;
  std::array<char, 1000> part{};
  if (SSL_do_handshake(session) == 1) {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session, &chosen, &size);
    if (size > 0) heard = std::string(reinterpret_cast<const char*>(chosen), size) + " ";
    (void)SSL_write(session, "hi", 2);
    for (int count = 0; (count = SSL_read(session, part.data(), part.size())) > 0;)
      heard.append(part.data(), static_cast<std::size_t>(count));
  }
  ERR_clear_error();
  return heard;
}

}  // namespace

std::string Stranger::call(const RawSocket& socket) const {
  const tls::Context context = context_of(*this);
  const tls::Session session(SSL_new(context.get()));
  SSL_set_fd(session.get(), socket.number());
  SSL_set_connect_state(session.get());
  return talk(session.get());
}

std::string Stranger::answer(const RawSocket& socket) const {
  const tls::Context context = context_of(*this);
  const tls::Session session(SSL_new(context.get()));
  SSL_set_fd(session.get(), socket.number());
  SSL_set_accept_state(session.get());
  SSL_set_verify(session.get(), SSL_VERIFY_PEER, [](int, X509_STORE_CTX*) { return 1; });
  return talk(session.get());
}

}  // namespace bowline::runtime
