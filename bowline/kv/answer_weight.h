// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "bowline/kv/request.h"
#include "bowline/kv/store.h"
#include "bowline/kv/txn_run.h"

// What the answer to a request that writes would weigh at most, worked out before anything is
// written: a few bytes may ask for all data many times over, and what is in the log has to be
// carried out by every replica, again at each start. Depends on the state and the request alone.
namespace bowline::kv {

// answer_too_large, or none. What is asked otherwise has passed refused() (txn_run.h).
Refusal too_large(const Store&, const Put&, std::uint64_t most);
Refusal too_large(const Store&, const DeleteRange&, std::uint64_t most);
Refusal too_large(const Store&, const Txn&, const Path&, std::uint64_t most);

}  // namespace bowline::kv
