// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/tls_openssl.h"

// The rules that a certificate is judged by. `whose` begins each sentence: "its certificate".
namespace bowline::runtime::tls {

// From an authority in the store, in force today, and not revoked.
Result<void> is_vouched_for(X509_STORE_CTX*, const std::string& whose);
// Made for nodes, which call and are called; and the node that it names.
Result<env::Identity> named_node(const X509*, const std::string& whose);
// Made for clients, or for anything.
Result<void> is_for_clients(const X509*, const std::string& whose);

}  // namespace bowline::runtime::tls
