// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/base/prng.h"
#include "bowline/wire/answer.h"
#include "bowline/wire/ask.h"
#include "bowline/wire/letter.h"
#include "bowline/wire/parcel.h"

namespace bowline::wire {

// Any message that a core may send, of every kind alike, for tests and fuzzers.
// The version says what can be said.
raft::Message forged_message(Prng&, Version = newest_version);
Way forged_way(Prng&);
Parcel forged_parcel(Prng&);
Ask forged_ask(Prng&);
Answer forged_answer(Prng&);

}  // namespace bowline::wire
