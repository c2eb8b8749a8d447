// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/kv_node.h"

#include <future>
#include <utility>

#include "bowline/base/crc32c.h"
#include "examples/kv/ticking.h"

namespace bowline::examples::kv {
namespace {

constexpr GroupId map_group{1};

// Written before anybody is told, so that no end of the process loses a line somebody relies on.
void note(std::FILE* journal, Index index, const Command& command) {
  std::fprintf(journal, "%llu %llu %u\n", static_cast<unsigned long long>(index.value),
               static_cast<unsigned long long>(command.mark), crc32c(encode(command)));
  std::fflush(journal);
}

}  // namespace

Result<std::unique_ptr<KvNode>> KvNode::open(const KvOptions& options) {
  auto kv = std::make_unique<KvNode>(Private{}, options);
  if (!options.journal.empty()) {
    kv->journal_.reset(std::fopen(options.journal.c_str(), "a"));
    if (kv->journal_ == nullptr)
      return std::unexpected(Error{Fault::io, "cannot write the journal " + options.journal +
                                                  ": is its directory there, and ours?"});
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
  if (journal_ != nullptr) {
    journal = [file = journal_.get()](Index index, const Command& command) {
      note(file, index, command);
    };
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
