// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include <asio/ip/tcp.hpp>

#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/names.h"

namespace bowline::runtime {

// Only for sources: it is slow to compile.
using Endpoint = asio::ip::tcp::endpoint;

// What an address (env.h says how they look) leads to: more than one if it names a host that has
// more. Nobody is told any more when `asker` has expired.
void find_endpoints(Loop&, Names&, const std::string& address, std::weak_ptr<const void> asker,
                    env::Done<Result<std::vector<Endpoint>>>);

std::string text_of(const Endpoint&);

// Where nobody listens at a port that the kernel gives to those who connect, it may give us just
// that one, and connect us with ourselves: once in some ten thousand times.
bool is_to_itself(const asio::ip::tcp::socket&);

}  // namespace bowline::runtime
