// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "bowline/base/ids.h"
#include "bowline/base/result.h"
#include "bowline/base/time.h"
#include "bowline/env/env.h"
#include "bowline/runtime/loop.h"
#include "bowline/runtime/network.h"
#include "bowline/wire/frame.h"

namespace bowline::chaos {

// Stands between nodes: each has an address here, which is the one that the others know. Who calls
// is in the first frame of a connection, so every way from one node to another can be spoiled by
// itself. Its functions may be called from any thread, and have done their work when they return.
class Relay {
 public:
  Relay();
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // A node that others call here, with the address they are to call.
  Result<std::string> stand_in_for(NodeId);
  // It says in its hello that it is another one: who it is may depend on the address here.
  void is_called(NodeId node, NodeId by_itself);
  // Where it is in truth; again when it has another port. Empty: nowhere.
  void lead(NodeId, std::string address);

  // Nothing gets from one to the other, and nobody is told: what is sent waits until it is mended.
  void cut(NodeId from, NodeId to);
  void delay(NodeId from, NodeId to, Duration);
  // Connections between the two end, now and whenever one is made.
  void refuse(NodeId, NodeId);
  void reset(NodeId, NodeId);  // those that there are end
  void mend();                 // all of that is over

 private:
  struct Way {
    bool is_cut = false;
    bool is_refused = false;
    Duration delay{};
  };
  struct Piece {
    Time due;
    std::string bytes;
  };
  // What one end said to the other.
  struct Lane {
    std::deque<Piece> pieces;
    std::uint64_t bytes = 0;
    bool is_held = false;
  };
  static constexpr std::size_t caller = 0, called = 1;
  struct Pipe {
    std::array<NodeId, 2> ids;  // 0: it has not said who it is
    std::array<std::unique_ptr<env::Connection>, 2> ends;
    std::array<Lane, 2> lanes;  // from each of these ends
    wire::FrameReader hello{4096};
    bool is_connecting = false;
  };
  using Pipes = std::map<std::uint64_t, Pipe>;

  void ask(std::function<void()> work);
  void came(NodeId to, std::unique_ptr<env::Connection>);
  void received(std::uint64_t id, std::size_t end, std::string_view bytes);
  bool learn_caller(Pipe&, std::string_view bytes);
  void connect(std::uint64_t id);
  void begin(std::uint64_t id, std::size_t end);
  void pass_on(Pipe&, std::size_t end);
  void pass_on_all();
  bool concerns(const Pipe&, NodeId, NodeId) const;
  Way& way(NodeId from, NodeId to) { return ways_[{from, to}]; }

  runtime::Loop loop_;
  runtime::Network network_;
  env::TimerId timer_;
  std::map<NodeId, std::unique_ptr<env::Listener>> listeners_;
  std::map<NodeId, std::string> places_;
  std::map<NodeId, NodeId> by_own_name_;
  std::map<std::pair<NodeId, NodeId>, Way> ways_;
  Pipes pipes_;
  std::uint64_t last_pipe_ = 0;
  std::thread thread_;
};

}  // namespace bowline::chaos
