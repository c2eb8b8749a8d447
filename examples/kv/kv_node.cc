// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/kv_node.h"

#include <future>
#include <utility>

#include "examples/kv/ticking.h"

namespace bowline::examples::kv {
namespace {

constexpr GroupId map_group{1};

}  // namespace

Result<std::unique_ptr<KvNode>> KvNode::open(const KvOptions& options) {
  auto kv = std::make_unique<KvNode>(Private{}, options);
  if (!options.journal.empty()) {
    Result<Notes> notes = Notes::open(options.journal);
    if (!notes) return std::unexpected(notes.error());
    kv->notes_ = *std::move(notes);
  }
  NodeOptions node;
  node.id = options.id;
  node.directory = options.directory;
  node.listen = options.listen;
  node.advertise = options.advertise;
  node.name = "kv";
  node.disk.direct = false;  // works on every file system; a server of your own may want it
  Result<std::unique_ptr<Node>> opened = Node::open(std::move(node));
  if (!opened) return std::unexpected(opened.error());
  kv->node_ = *std::move(opened);
  return kv;
}

Result<void> KvNode::start(const std::map<NodeId, std::string>& peers) {
  KvMachine::Journal journal;
  if (notes_) {
    journal = [this](Index index, const Command& command) { notes_->note(index, command); };
  }
  map_ = std::make_unique<KvMachine>(std::move(journal));
  auto machine = std::make_unique<session::SessionMachine>(*map_);
  sessions_ = machine.get();
  GroupSetup setup;
  for (const auto& [id, address] : peers) setup.founders.push_back({.id = id, .address = address});
  setup.options = options_.group;
  Result<Group> group = node_->start(map_group, std::move(setup), std::move(machine));
  if (!group) return std::unexpected(group.error());
  group_ = *group;
  const auto ticks = [this](const Room& room) -> Result<std::unique_ptr<Lodger>> {
    return std::make_unique<Ticking>(room, map_group, *sessions_, options_.tick_every);
  };
  if (Result<void> lodged = node_->lodge(ticks); !lodged) return lodged;
  Result<std::string> address = door_.open(*group, *map_, options_.clients);
  if (!address) return std::unexpected(address.error());
  client_address_ = *std::move(address);
  return {};
}

std::size_t KvNode::sessions() const {
  std::promise<std::size_t> said;
  node_->at([&](host::Shard*) { said.set_value(sessions_->table().size()); });
  return said.get_future().get();
}

}  // namespace bowline::examples::kv
