// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/watch_service.h"

#include <utility>

#include "bowline/etcd/unary.h"

namespace bowline::etcd {

WatchService::WatchService(Here& here)
    : here_(here), progress_timer_(here.loop.timer([this] { due(); })) {
  here_.loop.set(progress_timer_, here_.clock.now() + here_.settings.progress_every);
}

WatchService::~WatchService() { here_.loop.drop(progress_timer_); }

void WatchService::add_to(rpc::Router& router) {
  router.bidirectional("/etcdserverpb.Watch/Watch",
                       [this](rpc::Call call) { open(std::move(call)); });
  // As in etcd, who watches may be away for long. What waits for it is little (watch_stream.cc).
  router.find("/etcdserverpb.Watch/Watch")->is_patient = true;
}

// Whoever lost its member with the leader comes here while the next one is elected. etcd's client
// takes a refusal for the end of the watch, so it has the patience that older streams have.
void WatchService::open(rpc::Call call) {
  if (wants_leader(call) && leaderless_) return refuse(call, Wrong::no_leader);
  const std::uint64_t number = ++last_;
  streams_[number] =
      std::make_unique<WatchStream>(here_, std::move(call), [this, number] { ended(number); });
}

// It may be inside of its own hook.
void WatchService::ended(std::uint64_t number) {
  auto stream = streams_.extract(number);
  if (stream.empty()) return;
  if (dead_.empty()) here_.loop.soon(life_.guard([this] { dead_.clear(); }));
  dead_.push_back(std::move(stream.mapped()));
}

void WatchService::leaderless(bool for_long) {
  leaderless_ = for_long;
  if (!leaderless_) return;
  std::vector<WatchStream*> all;
  for (const auto& [number, stream] : streams_)
    if (stream->wants_leader()) all.push_back(stream.get());
  for (WatchStream* stream : all) stream->finish(status_of(Wrong::no_leader));
}

void WatchService::stop() {
  while (!streams_.empty()) streams_.begin()->second->finish(status_of(Wrong::stopped));
}

void WatchService::due() {
  here_.machine.watches().progress_due();
  here_.loop.set(progress_timer_, here_.clock.now() + here_.settings.progress_every);
}

}  // namespace bowline::etcd
