// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "apps/bowline/serve_flags.h"
#include "bowline/base/result.h"
#include "bowline/rpc/gate.h"
#include "bowline/rpc/limits.h"

// What the ports for clients let in, as the flags say it.
namespace bowline::apps {

// A request is one entry of the log, which is read and sent in one piece.
inline constexpr std::uint64_t most_request_bytes = 32U << 20U;

// Of each connection. The error is a sentence that says which flag to change.
Result<rpc::Limits> limits_of(const ServeFlags&);

// Who may ask by plain HTTP. `ours`: the URLs that clients are told. `is_plain`: some address has
// no TLS; where each has it, a page of another name comes to nothing by itself, as our certificate
// does not name it.
rpc::Gate gate_of(const ServeFlags&, const std::vector<std::string>& ours, bool is_plain);

}  // namespace bowline::apps
