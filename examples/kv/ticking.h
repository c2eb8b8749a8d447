// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "bowline/api/node.h"
#include "bowline/session/session_machine.h"
#include "bowline/session/ticker.h"

namespace bowline::examples::kv {

// Lets the time of the sessions go on: whoever leads proposes a tick from time to time. Lives on
// the node's thread.
class Ticking final : public Lodger {
 public:
  Ticking(const Room&, GroupId, const session::SessionMachine&, Duration every);
  ~Ticking() override;

 private:
  void look();

  host::Shard& shard_;
  env::Loop& loop_;
  GroupId group_;
  const session::SessionMachine& machine_;
  Duration every_;
  session::Ticker ticker_;
  bool leads_ = false;  // and has begun to count
  env::TimerId timer_;
};

}  // namespace bowline::examples::kv
