// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "bowline/base/result.h"
#include "bowline/raft/message.h"
#include "bowline/wire/version.h"

namespace bowline::wire {

// A message of one group's core to that on another node.
struct Letter {
  GroupId group;
  raft::Message message;
};

// What both sides of a connection know of all that goes one way on it, so that no letter says it
// again: agreed on in the hello. A letter that differs says so.
struct Way {
  Version version = newest_version;
  ClusterId cluster;
  Incarnation from, to;
};

// Appends a letter to a frame of them. What the version has no word for is left out: none of that
// changes what is promised.
void put_letter(std::string& frame, GroupId, const raft::Message&, const Way&);

// All letters of a frame. An error: it was not made by put_letter(), and nothing of it counts. The
// payloads of entries are parts of the body and not copied.
Result<std::vector<Letter>> letters_in(const std::shared_ptr<const std::string>& body, const Way&);

}  // namespace bowline::wire
