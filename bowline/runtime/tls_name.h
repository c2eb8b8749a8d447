// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "bowline/base/result.h"
#include "bowline/env/env.h"

namespace bowline::runtime {

// The rule by which a certificate names a node: exactly one of its alternative names is a URI of
// the form bowline://CLUSTER/node/ID; or bowline://CLUSTER/admin/NAME, which is nobody's node.
// Other names may be there, and mean nothing here.
Result<env::Identity> named_by(std::span<const std::string> uris);

// How that name is written.
std::string tls_name(const env::Identity&);

}  // namespace bowline::runtime
