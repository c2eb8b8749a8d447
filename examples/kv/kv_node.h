// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "bowline/api/node.h"
#include "bowline/session/session_machine.h"
#include "examples/kv/door.h"
#include "examples/kv/notes.h"

namespace bowline::examples::kv {

struct KvOptions {
  NodeId id;
  std::string directory;
  std::string listen;     // for the other nodes
  std::string advertise;  // what they call instead, if that differs
  Door::Options clients;
  host::GroupOptions group;
  Duration tick_every = std::chrono::seconds(1);  // so often the sessions' time goes on
  std::string journal;                            // the file of its notes; empty: it makes none
};

// One member of the group that keeps the map.
class KvNode {
  struct Private {};  // only open() makes one

 public:
  KvNode(Private, KvOptions options) : options_(std::move(options)) {}
  static Result<std::unique_ptr<KvNode>> open(const KvOptions&);
  ~KvNode() = default;
  KvNode(const KvNode&) = delete;
  KvNode& operator=(const KvNode&) = delete;

  // `peers`: all members with their addresses, this one too. The same on each of them.
  Result<void> start(const std::map<NodeId, std::string>& peers);

  std::string peer_address() const { return node_->address(); }
  const std::string& client_address() const { return client_address_; }  // once it has started
  const Group& group() const { return *group_; }
  std::size_t sessions() const;  // that are open, as this member has it

 private:
  KvOptions options_;
  std::optional<Notes> notes_;
  std::unique_ptr<KvMachine> map_;                     // within that of the sessions
  const session::SessionMachine* sessions_ = nullptr;  // the group's, on the node's thread
  Door door_;  // before the node, which replies to it to its end
  std::unique_ptr<Node> node_;
  std::optional<Group> group_;
  std::string client_address_;
};

}  // namespace bowline::examples::kv
