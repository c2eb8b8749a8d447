// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/types.h>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/tls_context.h"

namespace bowline::runtime {

enum class TlsSide : std::uint8_t { calls, answers };

// One side of a TLS session, from bytes to bytes: of sockets and time it knows nothing. After an
// error it is of no use any more, but what it has to say may still be sent.
class TlsSession {
 public:
  TlsSession(std::shared_ptr<const TlsContext>, TlsSide);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // What came. It is only looked at, until the calls that follow have taken what they could.
  void show(std::string_view bytes) { in_ = bytes; }
  std::string_view left() const { return in_; }
  // What has to be sent, so far.
  std::size_t out_bytes() const { return out_.size(); }
  void reserve_out(std::size_t bytes) { out_.reserve(bytes); }
  std::string take_out() { return std::exchange(out_, {}); }

  // Goes on with the greeting. True: it is over, and identity() is proved.
  Result<bool> greet();
  const std::optional<env::Identity>& identity() const { return identity_; }

  // What the next of these bytes mean. Empty: there is no whole record. Fault::unreachable: the
  // other side has said good-bye.
  static constexpr std::size_t most_record_bytes = 16 << 10;
  Result<std::string_view> read(std::span<char> memory);  // of at least most_record_bytes
  Result<void> write(std::string_view bytes);             // at most most_record_bytes
  void say_goodbye();

  // One of the certificates that were shown has expired since.
  bool has_expired() const;
  // Would this context let the other side in? An error: no, and why.
  Result<void> judge(const TlsContext&) const;

  // For the context, while it greets.
  static TlsSession& of(const SSL*);
  void judged(Result<env::Identity> verdict);

 private:
  struct Pipe;  // between us and OpenSSL
  struct Parts;

  std::string complaint() const;
  std::unexpected<Error> broken() const;

  std::shared_ptr<const TlsContext> context_;
  std::unique_ptr<Parts> parts_;
  std::string_view in_;
  std::string out_;
  std::optional<env::Identity> identity_;
  std::string refused_;  // why the certificate of the other side was
  std::uint64_t records_ = 0;
};

}  // namespace bowline::runtime
