// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <variant>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/env/env.h"
#include "bowline/raft/effect.h"

namespace bowline::host {

// What became of a proposal. Each alternative asks something else of its client.
struct Applied {  // done
  LogId id;
  // Of the state machine; for a command only. None: the state came as a snapshot meanwhile, and
  // nobody here has seen the answer.
  std::optional<std::string> answer;
};
struct Refused {  // not done, and never will be
  raft::Refusal why = raft::Refusal::not_leader;
  NodeId leader;  // who may know better; 0: not known
};
struct Overruled {};  // not done, and never will be: another leader's entry took the place
struct Unknown {};    // may be done, or become so: whoever asks again needs to be told apart
using Outcome = std::variant<Applied, Refused, Overruled, Unknown>;
using Reply = env::Done<Outcome>;

// The state machine may be read now, and shows all that was done when the read was asked for.
struct Ready {
  Index index;
};
using ReadOutcome = std::variant<Ready, Refused>;
using ReadReply = env::Done<ReadOutcome>;

// As a sentence, for people: what became of it, and what to do about that. No code should read it.
std::string text(raft::Refusal);
std::string text(const Refused&);  // and who leads, if that is why
std::string text(const Outcome&);
std::string text(const ReadOutcome&);

// May the same be done if it is asked for once more, a little later, here or where Refused::leader
// says? Else something has to change first: whoever asks in a loop has to end it.
bool is_worth_asking_again(raft::Refusal);
bool is_worth_asking_again(const Outcome&);  // Unknown is not: it may be done already
bool is_worth_asking_again(const Error&);    // of error_of()

// Where a Result has no room for it: the fault says what to do, and the sentence is the same.
Error error_of(const Refused&);

}  // namespace bowline::host
