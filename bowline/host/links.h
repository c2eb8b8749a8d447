// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bowline/base/prng.h"
#include "bowline/env/env.h"
#include "bowline/env/life.h"
#include "bowline/host/link.h"

namespace bowline::host {

// The connections of one node to all others. Each node calls whomever it has to speak to, until
// they are connected; of two connections between the same nodes, the one that the lower id began is
// used. What is sent while there is none is lost: the protocol lives with that.
class Links {
 public:
  struct Options {
    Duration hello_within = std::chrono::seconds(1);
    Duration retry_floor = std::chrono::milliseconds(20);  // doubled with each failure ...
    Duration retry_most = std::chrono::seconds(1);         // ... up to this
    Duration short_life = std::chrono::milliseconds(100);  // of a connection: call later, then
    Duration spare_lives = std::chrono::seconds(1);        // how long a second connection is kept
    std::uint32_t most_frame_bytes = 64 << 20;
    std::size_t most_strangers = 64;  // connections that have not said who they are
    std::size_t most_peers = 1024;
  };
  struct Hooks {
    std::move_only_function<void(NodeId from, const wire::Frame&, const wire::Way&)> letters;
    std::move_only_function<void(NodeId)> up = {};  // it can be spoken to, and could not before
    // The peer's process is gone, or another one came in its place: it leads nothing any more. Said
    // when a connection closed and could not be made again at once.
    std::move_only_function<void(NodeId)> lost;
    // What was sent to it may be lost.
    std::move_only_function<void(NodeId)> broke;
    // It can be reached, over another connection than before.
    std::move_only_function<void(NodeId)> met;
    std::move_only_function<void(NodeId)> drained;  // of what was sent to it, nothing waits here
    // Why somebody was not let in, or a call came to nothing. May be said again with each try.
    std::move_only_function<void(const std::string& who, const std::string& why)> told = {};
    // Does anybody here need this node? Who is not needed is not called again once there is no
    // connection, and forgotten. May be left out: all are needed.
    std::move_only_function<bool(NodeId)> needed = {};
    std::move_only_function<void(NodeId)> forgotten = {};  // for that reason
    // For another purpose than letters.
    std::move_only_function<void(std::unique_ptr<Link>)> other;
  };

  Links(env::Loop&, env::Clock&, env::Network&, wire::Hello here, Options, std::uint64_t seed,
        Hooks);
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  void listen(const std::string& address, env::Done<Result<void>>);
  std::string address() const;  // where others find us; once listening

  void know(NodeId, std::string address);  // and call it, from now on
  void forget(NodeId);                     // it has no part in anything here
  const std::string* address_of(NodeId) const;

  // How letters to it are written now; null: there is no connection. `epoch` changes with it: what
  // was written for another one means nothing on this.
  const wire::Way* way_to(NodeId) const;
  std::uint64_t epoch(NodeId) const;
  void send(NodeId, std::string frame);
  std::uint64_t queued(NodeId) const;
  bool up(NodeId id) const { return way_to(id) != nullptr; }
  std::vector<NodeId> peers() const;  // of which anything is known
  struct Traffic {
    std::uint64_t sent_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t failures = 0;  // calls that came to nothing, and connections that broke
  };
  Traffic traffic(NodeId) const;  // since it is known

 private:
  struct Peer {
    std::string address;           // empty: it finds us, or not
    std::unique_ptr<Link> called;  // by us
    std::unique_ptr<Link> caller;  // it called us
    Traffic traffic;
    std::uint64_t epoch = 0;
    std::uint64_t boot = 0;  // of its process, as we saw it last
    bool calling = false;
    bool gone = false;  // and we said so
    std::uint32_t failures = 0;
    Time since;  // there has been a connection
    env::TimerId timer;
    bool has_timer = false;
  };
  struct Stranger {
    std::unique_ptr<Link> link;
    Time since;
  };

  // Which of its connections is in use; null: none.
  Link* used(NodeId, const Peer&) const;
  Peer* find(NodeId);
  const Peer* find(NodeId) const;
  Peer& peer(NodeId);
  void due(NodeId);
  void call(NodeId);
  void called(NodeId, Result<std::unique_ptr<env::Connection>>);
  void call_later(NodeId, Peer&);
  void failed(NodeId, Peer&);
  void accepted(std::unique_ptr<env::Connection>);
  void greeted(std::uint64_t number);  // of a stranger
  void agreed(NodeId, Peer&, const Link&);
  void ended(NodeId, std::unique_ptr<Link>& which, const Link*);
  bool is_needed(NodeId id) { return !hooks_.needed || hooks_.needed(id); }
  void vanished(NodeId);
  void expire_strangers();
  void tell(const std::string& who, const std::string& why);
  void bury(std::unique_ptr<Link>);
  Link::Hooks hooks_of(NodeId, Link&, bool ours);

  env::Loop& loop_;
  env::Clock& clock_;
  env::Network& network_;
  wire::Hello here_;
  Options options_;
  Prng prng_;
  Hooks hooks_;
  std::unique_ptr<env::Listener> listener_;
  std::map<NodeId, Peer> peers_;
  std::map<std::uint64_t, Stranger> strangers_;  // in the order in which they came
  std::uint64_t last_stranger_ = 0;
  std::uint64_t epochs_ = 0;
  env::TimerId strangers_timer_;
  std::vector<std::unique_ptr<Link>> dead_;  // until nobody can be inside of them
  env::Life life_;
};

}  // namespace bowline::host
