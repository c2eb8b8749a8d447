// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <map>
#include <string>
#include <string_view>

#include "bowline/base/bytes.h"
#include "bowline/base/ids.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/links.h"
#include "bowline/wire/errand.h"

namespace bowline::host {

// What the program on this node asks of the same program on another node, over the connection that
// letters take: a follower hands what only the leader can do to the leader. Bytes that mean
// something to the programs only; what goes to one node in one turn is one frame.
class Errands {
 public:
  // There will be no answer.
  struct Lost {
    bool may_be_done = false;  // it was sent, and nobody knows what became of it
  };
  using Told = env::Done<std::expected<Bytes, Lost>>;
  // Answers once, now or later.
  using Serves = std::move_only_function<void(NodeId from, Bytes what, env::Done<std::string>)>;
  struct Options {
    std::size_t most_waiting = 65'536;            // asked here, and not answered yet
    std::uint64_t most_queued_bytes = 64U << 20;  // that one node has not taken
    std::uint64_t most_sent_bytes = 1U << 20;     // of these, before the letters that come next
  };
  struct Network {
    std::move_only_function<bool(NodeId)> reaches;  // by words that it knows
    std::move_only_function<std::uint64_t(NodeId)> queued;
    std::move_only_function<void(NodeId, std::string frame)> send;
  };

  Errands(env::Loop&, Options, Network);
  Errands(const Errands&) = delete;
  Errands& operator=(const Errands&) = delete;

  // Who answers for this group on this node; empty: nobody any more.
  void serve(GroupId, Serves);
  std::uint64_t ask(NodeId to, GroupId, std::string_view what, Told);
  void forget(std::uint64_t number);  // nobody waits for that any more
  std::size_t waiting() const { return waiting_.size(); }

  // From the node.
  void received(NodeId from, const wire::Frame&);
  void drained(NodeId);  // its connection has room again
  void broke(NodeId);    // what was sent to it may be lost

 private:
  struct Waiting {
    NodeId to;
    Told told;
  };

  void take(NodeId from, const wire::Errand&);
  void take(NodeId from, const wire::ErrandAnswer&);
  void answer(NodeId to, std::uint64_t number, bool served, std::string_view what);
  using Frames = std::map<NodeId, std::string>;
  std::string& frame_to(Frames&, NodeId, wire::FrameKind);
  void send_if_large(Frames&, NodeId);
  void ship(NodeId to, std::string frame);
  std::uint64_t waiting_bytes(NodeId to);
  void flush();

  struct Lane {  // frames that are whole, for a node that has not taken those before them
    std::deque<std::string> frames;
    std::uint64_t bytes = 0;
  };

  env::Loop& loop_;
  Options options_;
  Network network_;
  std::map<GroupId, Serves> serving_;
  std::map<std::uint64_t, Waiting> waiting_;
  std::uint64_t last_ = 0;
  std::map<NodeId, std::uint64_t> lives_;  // how often the connections to each of them broke
  Frames errands_;                         // of this turn, begun
  Frames answers_;
  std::map<NodeId, Lane> lanes_;
  bool flush_is_due_ = false;
  env::Life life_;
};

}  // namespace bowline::host
