// SPDX-License-Identifier: Apache-2.0
#include "apps/bowline/serve_page.h"

#include "bowline/etcd/here.h"
#include "bowline/etcd/names.h"

namespace bowline::apps {
namespace {

dash::StoreFigures figures_of(kv::KvMachine& map) {
  return {.revision = map.store().revision(),
          .compacted = map.store().compacted(),
          .keys = map.store().keys(),
          .bytes = map.store().bytes(),
          .watchers = map.watches().watchers(),
          .leases = map.leases().all().size()};
}

}  // namespace

dash::Sources page_sources(const Room& room, GroupId group, rpc::Router& router,
                           etcd::ServedMachine& machine) {
  return {.clock = room.env.clock,
          .loop = room.env.loop,
          .shard = room.shard,
          .group = group,
          .router = router,
          .names =
              [](const raft::Member& member) {
                const auto names = etcd::names_in(member.metadata.view());
                return names ? dash::Names{names->name, names->client_urls} : dash::Names{};
              },
          .store = [&machine] { return figures_of(machine.map()); },
          .version = etcd::server_version};
}

}  // namespace bowline::apps
