// SPDX-License-Identifier: Apache-2.0
#include "bowline/runtime/tls_files.h"

#include <cerrno>
#include <cstdint>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <unistd.h>

#include "bowline/base/ensure.h"
#include "bowline/runtime/fault.h"
#include "bowline/runtime/handle.h"

namespace bowline::runtime {
namespace {

constexpr std::size_t most_bytes = 16 << 20;  // a list of revocations may be long
constexpr std::size_t first_bytes = 16 << 10;

Result<TlsFile> read_file(const std::string& path) {
  const Handle file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const std::string doing = "cannot read " + path;
  if (!file) return std::unexpected(system_error(errno, doing));
  // Its memory is taken before the bytes come: a key must not stay behind where it was too small.
  for (std::size_t room = first_bytes; room <= most_bytes; room *= 4) {
    TlsFile found(path, std::string(room, '\0'));
    std::size_t filled = 0;
    while (filled < room) {
      const ssize_t count = ::pread(file.number(), found.contents.data() + filled, room - filled,
                                    static_cast<off_t>(filled));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return std::unexpected(system_error(errno, doing));
      if (count == 0) break;
      filled += static_cast<std::size_t>(count);
    }
    if (filled == room) continue;
    found.contents.resize(filled);
    return found;
  }
  return std::unexpected(
      Error{Fault::full, doing + ": it is larger than 16 MiB; is it the right file?"});
}

Result<std::vector<TlsFile>> read_all(const std::vector<std::string>& paths) {
  std::vector<TlsFile> all;
  for (const std::string& path : paths) {
    Result<TlsFile> file = read_file(path);
    if (!file) return std::unexpected(std::move(file.error()));
    all.push_back(*std::move(file));
  }
  return all;
}

class Digester {
 public:
  Digester() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    ensure(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
  }
  void add(const TlsFile& file) {
    const std::uint64_t size = file.contents.size();
    ensure(EVP_DigestUpdate(context_.get(), &size, sizeof size) == 1);
    ensure(EVP_DigestUpdate(context_.get(), file.contents.data(), file.contents.size()) == 1);
  }
  TlsFiles::Digest digest() {
    TlsFiles::Digest result{};
    unsigned size = 0;
    ensure(EVP_DigestFinal_ex(context_.get(), result.data(), &size) == 1);
    ensure(size == result.size());
    return result;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

TlsFile::TlsFile(std::string name, std::string text)
    : path(std::move(name)), contents(std::move(text)) {}

TlsFile::~TlsFile() { OPENSSL_cleanse(contents.data(), contents.size()); }

TlsFiles::Digest TlsFiles::digest() const {
  Digester all;
  all.add(certificate);
  all.add(key);
  for (const TlsFile& file : authorities) all.add(file);
  for (const TlsFile& file : revocations) all.add(file);
  return all.digest();
}

Result<TlsFiles> read_tls_files(const TlsOptions& options) {
  Result<TlsFile> certificate = read_file(options.certificate);
  if (!certificate) return std::unexpected(std::move(certificate.error()));
  Result<TlsFile> key = read_file(options.key);
  if (!key) return std::unexpected(std::move(key.error()));
  Result<std::vector<TlsFile>> authorities = read_all(options.authorities);
  if (!authorities) return std::unexpected(std::move(authorities.error()));
  Result<std::vector<TlsFile>> revocations = read_all(options.revocations);
  if (!revocations) return std::unexpected(std::move(revocations.error()));
  return TlsFiles{.certificate = *std::move(certificate),
                  .key = *std::move(key),
                  .authorities = *std::move(authorities),
                  .revocations = *std::move(revocations)};
}

}  // namespace bowline::runtime
