// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "bowline/base/ensure.h"
#include "bowline/raft/core.h"
#include "bowline/raft/effect.h"
#include "bowline/raft/input.h"
#include "bowline/raft/why.h"

// Every value of the protocol as one line of text: what golden tests compare, what the flight
// recorder keeps, what a person reads.
namespace bowline::raft {

std::string text(LogId);
std::string text(const Membership&);
std::string text(const Message&);
std::string text(const Input&);
std::string text(const Effect&);
std::string text(const WhyNotLeading&);
std::string text(const WhyNotCommitted&);
std::string text(const Core&);  // its whole state

// While this lives, an ensure() that fails says in which state the replica is: whoever calls step()
// has one.
class PostMortem {
 public:
  explicit PostMortem(const Core& core)
      : subject_(&core, [](const void* subject) {
          return "the state of node " + text(*static_cast<const Core*>(subject));
        }) {}

 private:
  EnsureSubject subject_;
};

}  // namespace bowline::raft
