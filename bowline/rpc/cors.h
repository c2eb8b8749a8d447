// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/rpc/http.h"

namespace bowline::rpc {

// The same exchange, whose answer says that a page of that origin may read it.
Exchange shared_with(std::string origin, Exchange);
// What a browser is told that asks before it lets such a page ask (OPTIONS).
HttpAnswer may_ask();

}  // namespace bowline::rpc
