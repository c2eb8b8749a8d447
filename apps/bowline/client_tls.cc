// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/client_tls.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/tls_openssl.h"

namespace bowline::apps {
namespace {

namespace tls = runtime::tls;
using Names = tls::Owned<GENERAL_NAMES, GENERAL_NAMES_free>;

std::unexpected<Error> no(std::string why) {
  return std::unexpected(Error{Fault::unreachable, std::move(why)});
}

Result<runtime::TlsFile> file_of(const char* option, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return no(std::string(option) + ": " + path + " cannot be read: " + std::strerror(errno));
  return runtime::TlsFile(path, std::string(std::istreambuf_iterator<char>(in), {}));
}

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

std::string printable(const unsigned char* bytes, int size) {
  std::string text(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
  for (char& one : text)
    if (one < ' ' || one > '~') one = '?';
  return text;
}

std::string address_in(const ASN1_OCTET_STRING* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
  const bool is_whole = family == AF_INET || ASN1_STRING_length(bytes) == 16;
  if (!is_whole ||
      ::inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size()) == nullptr)
    return "?";
  return text.data();
}

// "localhost, 10.0.0.1": where its holder may be called.
std::string names_in(const X509* certificate) {
  constexpr int most_shown = 8;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string all;
  int shown = 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (++shown > most_shown) return all + ", ...";
    all += all.empty() ? "" : ", ";
    all += name->type == GEN_IPADD ? address_in(name->d.iPAddress)
                                   : printable(ASN1_STRING_get0_data(name->d.dNSName),
                                               ASN1_STRING_length(name->d.dNSName));
  }
  return all.empty() ? "no name at all" : all;
}

// Why we do not believe who answers.
std::string doubt(long verdict, const std::string& names, const std::string& wanted) {
  switch (verdict) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "its certificate, or one above it, has expired: somebody has to renew it, or the "
             "clock here is wrong";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "its certificate, or one above it, is not valid yet: is the clock here right?";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "its certificate is for " + names + ", and not for " + wanted +
             "; --servername says for whom it shall be";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "its certificate is of an authority that is not trusted here; --cacert names the "
             "file of the one to trust";
    case X509_V_ERR_INVALID_PURPOSE:
      return "its certificate is not for servers: its extended key usage must have serverAuth";
    default:
      return std::string("its certificate is refused: ") + X509_verify_cert_error_string(verdict);
  }
}

// What the server did not like of us, or what else went wrong.
std::string complaint(bool shows_certificate) {
  const unsigned long error = ERR_peek_last_error();
  const int reason = ERR_GET_LIB(error) == ERR_LIB_SSL ? ERR_GET_REASON(error) : 0;
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      ERR_clear_error();
      return "it wants a certificate of this client: --cert and --key name one";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return "it does not take this client's certificate (--cert): " + tls::last_complaint();
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      ERR_clear_error();
      return std::string("it ends the TLS greeting: ") +
             (shows_certificate ? "it may not take this client's certificate (--cert)"
                                : "it may want a certificate of this client (--cert and --key)") +
             ", or wants other ciphers";
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_HTTP_REQUEST:
      ERR_clear_error();
      return "it does not speak TLS; write http:// if it shall not";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: ERR_clear_error(); return "it closed the connection";
    default: return "TLS: " + tls::last_complaint();
  }
}

// As OpenSSL's own socket does it, but without the signal: whoever pipes our output into `head`
// shall still end us with it, and a server that closes shall not.
int write_silently(BIO* bio, const char* bytes, int size) {
  int socket = -1;
  BIO_get_fd(bio, &socket);
  BIO_clear_retry_flags(bio);
  const ssize_t count = ::send(socket, bytes, static_cast<std::size_t>(size), MSG_NOSIGNAL);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(count);
}

BIO* silent_socket(int socket) {
  static const BIO_METHOD* const method = [] {
    const BIO_METHOD* const usual = BIO_s_socket();
    BIO_METHOD* const made = BIO_meth_new(BIO_TYPE_SOCKET, "silent socket");
    ensure(made != nullptr);
    BIO_meth_set_write(made, write_silently);
    BIO_meth_set_read(made, BIO_meth_get_read(usual));
    BIO_meth_set_puts(made, BIO_meth_get_puts(usual));
    BIO_meth_set_ctrl(made, BIO_meth_get_ctrl(usual));
    BIO_meth_set_create(made, BIO_meth_get_create(usual));
    BIO_meth_set_destroy(made, BIO_meth_get_destroy(usual));
    return made;
  }();
  BIO* const bio = BIO_new(method);
  ensure(bio != nullptr);
  BIO_set_fd(bio, socket, BIO_NOCLOSE);
  return bio;
}

class TlsSocket final : public ClientSocket {
 public:
  TlsSocket(int socket, tls::Session session) : ClientSocket(socket), session_(std::move(session)) {
    BIO* const bio = silent_socket(socket);
    SSL_set_bio(session_.get(), bio, bio);
    SSL_set_app_data(session_.get(), this);
  }
  ~TlsSocket() override { SSL_shutdown(session_.get()); }

  Result<void> greet(Until until, const std::string& name) {
    while (true) {
      ERR_clear_error();
      const int done = SSL_connect(session_.get());
      if (done == 1) return {};
      const Result<bool> waits = is_to_wait(done);
      const long verdict = SSL_get_verify_result(session_.get());
      const bool doubts =
          SSL_get_verify_mode(session_.get()) != SSL_VERIFY_NONE && verdict != X509_V_OK;
      if (!waits && doubts) return no(doubt(verdict, names_, name));
      if (!waits) return std::unexpected(waits.error());
      if (!ClientSocket::wait(until, wants_to_write_)) return no("it did not greet in time");
    }
  }
  // OpenSSL asks while it verifies; later the certificate that it refused is gone.
  static int judged(int good, X509_STORE_CTX* verification) {
    const auto* const session = static_cast<const SSL*>(
        X509_STORE_CTX_get_ex_data(verification, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (good != 1)
      static_cast<TlsSocket*>(SSL_get_app_data(session))->names_ =
          names_in(X509_STORE_CTX_get0_cert(verification));
    return good;
  }
  SSL* session() const { return session_.get(); }
  bool speaks_http2() const {
    const unsigned char* chosen = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(session_.get(), &chosen, &size);
    return std::string_view(reinterpret_cast<const char*>(chosen), size) == "h2";
  }

  Result<std::size_t> send(std::string_view bytes) override {
    std::size_t count = 0;
    ERR_clear_error();
    const int done = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &count);
    if (done == 1) return count;
    const Result<bool> waits = is_to_wait(done);
    if (!waits) return std::unexpected(waits.error());
    return 0;
  }
  Result<std::size_t> receive(std::span<char> to) override {
    std::size_t count = 0;
    ERR_clear_error();
    const int done = SSL_read_ex(session_.get(), to.data(), to.size(), &count);
    if (done == 1) return count;
    const Result<bool> waits = is_to_wait(done);
    if (!waits) return std::unexpected(waits.error());
    return 0;
  }
  bool wait(Until until, bool also_to_send) override {
    if (SSL_pending(session_.get()) > 0) return true;
    return ClientSocket::wait(until, also_to_send || wants_to_write_);
  }

 private:
  // An error: it is over.
  Result<bool> is_to_wait(int done) {
    const int fault = errno;
    const int what = SSL_get_error(session_.get(), done);
    wants_to_write_ = what == SSL_ERROR_WANT_WRITE;
    if (what == SSL_ERROR_WANT_WRITE || what == SSL_ERROR_WANT_READ) return true;
    if (what == SSL_ERROR_ZERO_RETURN) return no("it closed the connection");
    if (what == SSL_ERROR_SYSCALL && ERR_peek_error() == 0)
      return no(fault == 0 ? "it closed the connection" : std::strerror(fault));
    return no(complaint(SSL_get_certificate(session_.get()) != nullptr));
  }

  tls::Session session_;
  std::string names_;  // in a certificate that was refused
  bool wants_to_write_ = false;
};

}  // namespace

bool ClientTlsOptions::is_given() const {
  return believes_anybody || !authorities.empty() || !certificate.empty() || !key.empty() ||
         !server_name.empty();
}

struct ClientTls::Parts {
  ClientTlsOptions options;
  tls::Context context;

  Result<void> trust() const;
  Result<void> show() const;
};

Result<void> ClientTls::Parts::trust() const {
  SSL_CTX* const to = context.get();
  if (options.believes_anybody) {
    SSL_CTX_set_verify(to, SSL_VERIFY_NONE, nullptr);
    return {};
  }
  SSL_CTX_set_verify(to, SSL_VERIFY_PEER, TlsSocket::judged);
  if (options.authorities.empty()) {
    ensure(SSL_CTX_set_default_verify_paths(to) == 1);
    return {};
  }
  const auto file = file_of("--cacert", options.authorities);
  if (!file) return std::unexpected(file.error());
  const auto all = tls::certificates_in(*file);
  if (!all) return no("--cacert: " + all.error().what);
  for (const tls::Certificate& one : *all)
    ensure(X509_STORE_add_cert(SSL_CTX_get_cert_store(to), one.get()) == 1);
  return {};
}

Result<void> ClientTls::Parts::show() const {
  if (options.certificate.empty() != options.key.empty())
    return no("--cert and --key go together: the certificate, and the key that it was made for");
  if (options.certificate.empty()) return {};
  const auto file = file_of("--cert", options.certificate);
  if (!file) return std::unexpected(file.error());
  const auto chain = tls::certificates_in(*file);
  if (!chain) return no("--cert: " + chain.error().what);
  const auto key_file = file_of("--key", options.key);
  if (!key_file) return std::unexpected(key_file.error());
  const auto key = tls::key_in(*key_file);
  if (!key) return no("--key: " + key.error().what);
  SSL_CTX* const to = context.get();
  if (SSL_CTX_use_certificate(to, chain->front().get()) != 1)
    return no("--cert: " + options.certificate + ": " + tls::last_complaint());
  for (std::size_t i = 1; i < chain->size(); ++i)
    ensure(SSL_CTX_add1_chain_cert(to, (*chain)[i].get()) == 1);
  if (SSL_CTX_use_PrivateKey(to, key->get()) == 1) return {};
  ERR_clear_error();
  return no("--key: " + options.key + " is not the key of the certificate in " +
            options.certificate);
}

ClientTls::ClientTls(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
ClientTls::~ClientTls() = default;

Result<std::shared_ptr<const ClientTls>> ClientTls::open(ClientTlsOptions options) {
  static constexpr std::array<unsigned char, 3> http2 = {2, 'h', '2'};
  auto parts = std::make_unique<Parts>();
  parts->options = std::move(options);
  parts->context.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const to = parts->context.get();
  ensure(to != nullptr && SSL_CTX_set_min_proto_version(to, TLS1_2_VERSION) == 1);
  ensure(SSL_CTX_set_alpn_protos(to, http2.data(), http2.size()) == 0);
  SSL_CTX_set_mode(to, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(to, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (const auto trusted = parts->trust(); !trusted) return std::unexpected(trusted.error());
  if (const auto shown = parts->show(); !shown) return std::unexpected(shown.error());
  return std::make_shared<const ClientTls>(std::move(parts));
}

Result<std::unique_ptr<ClientSocket>> ClientTls::greet(int socket, const std::string& address,
                                                       Until until) const {
  const std::string& given = parts_->options.server_name;
  const std::string name = given.empty() ? parts_of(address).host : given;
  auto one = std::make_unique<TlsSocket>(socket, tls::Session(SSL_new(parts_->context.get())));
  SSL* const session = one->session();
  if (is_address(name)) {
    ensure(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), name.c_str()) == 1);
  } else {
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    const bool is_set = SSL_set1_host(session, name.c_str()) == 1 &&
                        SSL_set_tlsext_host_name(session, name.c_str()) == 1;
    if (!is_set) return no("'" + name + "' is no name of a server");
  }
  if (const auto greeted = one->greet(until, name); !greeted)
    return no("cannot connect to https://" + address + ": " + greeted.error().what);
  if (!one->speaks_http2())
    return no("cannot connect to https://" + address +
              ": it speaks TLS, and not HTTP/2 in it: is that the port for clients?");
  return one;
}

}  // namespace bowline::apps
