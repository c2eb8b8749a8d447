// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/ticking.h"

#include <optional>
#include <string>
#include <utility>

namespace bowline::examples::kv {

Ticking::Ticking(const Room& room, GroupId group, const session::SessionMachine& machine,
                 Duration every)
    : shard_(room.shard),
      loop_(room.env.loop),
      group_(group),
      machine_(machine),
      every_(every),
      ticker_(every),
      timer_(room.env.loop.timer([this] { look(); })) {
  look();
}

Ticking::~Ticking() { loop_.drop(timer_); }

// A leader counts from the time that the table shows once all is applied that was committed before.
void Ticking::look() {
  const Time now = shard_.now();
  loop_.set(timer_, now + every_);
  host::Replica* const replica = shard_.find(group_);
  const bool leads = replica != nullptr && replica->core().role() == raft::Role::leader &&
                     (leads_ || replica->applied().index == replica->core().commit());
  if (leads && !leads_) ticker_.begin(machine_.table().time_ms(), now);
  leads_ = leads;
  if (!leads) return;
  if (std::optional<std::string> tick = ticker_.due(now))
    replica->propose(Bytes::own(*std::move(tick)), [](const host::Outcome&) {});
}

}  // namespace bowline::examples::kv
