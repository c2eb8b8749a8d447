// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "bowline/rpc/limits.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/session.h"

namespace bowline::rpc {

// A connection that may speak either: its first bytes tell, the preface of HTTP/2 or anything else.
// Under TLS they tell the same as ALPN does.
std::unique_ptr<Session> make_connection(Router&, const Limits&, std::string peer, Time now,
                                         Session::Wakes);

}  // namespace bowline::rpc
