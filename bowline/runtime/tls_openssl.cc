// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_openssl.h"

#include <string>
#include <utility>
#include <vector>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "bowline/base/ensure.h"

namespace bowline::runtime::tls {
namespace {

Bio reader_of(const TlsFile& file) {
  Bio bio(BIO_new_mem_buf(file.contents.data(), static_cast<int>(file.contents.size())));
  ensure(bio != nullptr);
  return bio;
}

std::unexpected<Error> bad(const TlsFile& file, const std::string& why) {
  ERR_clear_error();
  return std::unexpected(Error{Fault::corrupt, file.path + ": " + why});
}

// Everything of one kind; other blocks are passed over.
template <class Thing, class Read>
Result<std::vector<Thing>> all_in(const TlsFile& file, Read read, const std::string& what) {
  const Bio bio = reader_of(file);
  std::vector<Thing> all;
  ERR_clear_error();
  while (Thing next{read(bio.get(), nullptr, nullptr, nullptr)}) all.push_back(std::move(next));
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
    return bad(file, what + " number " + std::to_string(all.size() + 1) + " in it is damaged");
  if (all.empty()) return bad(file, "there is no " + what + " in it; it must be in the PEM format");
  ERR_clear_error();
  return all;
}

// Else OpenSSL asks whoever is at the terminal.
int no_password(char*, int, int, void* was_asked) {
  *static_cast<bool*>(was_asked) = true;
  return -1;
}

}  // namespace

Result<std::vector<Certificate>> certificates_in(const TlsFile& file) {
  return all_in<Certificate>(file, PEM_read_bio_X509, "certificate");
}

Result<std::vector<RevocationList>> revocations_in(const TlsFile& file) {
  return all_in<RevocationList>(file, PEM_read_bio_X509_CRL, "list of revocations");
}

Result<Key> key_in(const TlsFile& file) {
  const Bio bio = reader_of(file);
  bool was_asked = false;
  Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, &was_asked));
  if (was_asked)
    return bad(file,
               "the key in it is encrypted, and nobody is there to type the password: "
               "decrypt it, and let nobody else read the file");
  if (key == nullptr)
    return bad(file,
               "there is no private key in it that can be read; it must be in the PEM format");
  ERR_clear_error();
  return key;
}

std::string last_complaint() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "no reason is known" : reason;
}

}  // namespace bowline::runtime::tls
