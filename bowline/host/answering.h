// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/env/env.h"
#include "bowline/host/shard.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"

namespace bowline::host {

// Does what an operator asks of this node, and answers once: maybe at once, maybe when a quorum has
// decided.
void answer(Shard&, wire::Asked, env::Done<wire::Answered>);

}  // namespace bowline::host
