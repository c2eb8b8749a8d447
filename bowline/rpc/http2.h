// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "bowline/rpc/limits.h"
#include "bowline/rpc/router.h"
#include "bowline/rpc/session.h"

namespace bowline::rpc {

// HTTP/2 from its preface on: gRPC, and plain requests for the paths that the router has for HTTP.
std::unique_ptr<Session> make_http2(Router&, const Limits&, std::string peer, Time now,
                                    Session::Wakes);

}  // namespace bowline::rpc
