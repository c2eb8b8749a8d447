// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "bowline/rpc/limits.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/session.h"

namespace bowline::rpc {

// HTTP/1.1: one request after the other, answered in their order. Requests that two readers could
// understand in two ways are refused.
std::unique_ptr<Session> make_http1(Router&, const Limits&, std::string peer, Time now,
                                    Session::Wakes);

}  // namespace bowline::rpc
