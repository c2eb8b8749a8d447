// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <string>

#include <openssl/ssl.h>

#include "bowline/runtime/raw_socket.h"
#include "bowline/runtime/test_certificates.h"

namespace bowline::runtime {

// Somebody with OpenSSL and without our rules: shows whatever it has, takes whoever is there.
// Blocks, so it runs on a thread of its own.
struct Stranger {
  Issued issued;  // empty: it shows nothing
  int oldest = TLS1_2_VERSION;
  int newest = TLS1_3_VERSION;
  std::string protocols = {};  // that it offers by ALPN, each with its length before it

  // Calls, or is called; says "hi" if it can, and reads until the end. Returns what it heard.
  std::string call(const RawSocket&) const;
  std::string answer(const RawSocket&) const;
};

}  // namespace bowline::runtime
