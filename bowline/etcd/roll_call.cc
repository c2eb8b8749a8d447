// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/roll_call.h"

#include <cstdint>
#include <utility>

#include "bowline/base/encoding.h"

namespace bowline::etcd {
namespace {

void tell(env::Done<>& verdict) {
  if (verdict) std::exchange(verdict, {})();
}

}  // namespace

RollCall::RollCall(Here& here, Verdicts verdicts) : here_(here), verdicts_(std::move(verdicts)) {
  here_.quorum.serve_members([this](NodeId from) { return answer(from); });
}

void RollCall::removed() { tell(verdicts_.removed); }

void RollCall::call() {
  const raft::Membership* const members = here_.members();
  if (members == nullptr || here_.clock.now() < next_) return;
  next_ = here_.clock.now() + here_.settings.election;
  for (const raft::Member& one : members->members)
    if (one.id != here_.self())
      here_.quorum.ask_member(one.id,
                              life_.guard([this](const std::string& said) { heard(said); }));
}

// Since when the members are these u64, whether the one that asks is one of them u8, and which life
// of it u64; 0: none that was met yet. Nothing: we do not know either.
std::string RollCall::answer(NodeId from) const {
  const host::Replica* const replica = here_.quorum.replica();
  if (replica == nullptr) return {};
  const raft::Config& now = replica->core().memberships().latest();
  if (now.at > replica->core().commit() || now.membership->find(here_.self()) == nullptr) return {};
  const raft::Member* const known = now.membership->find(from);
  std::string said;
  put(said, now.at.value);
  put(said, static_cast<std::uint8_t>(known != nullptr ? 1 : 0));
  put(said, known == nullptr ? std::uint64_t{0} : known->incarnation.value);
  return said;
}

void RollCall::heard(const std::string& said) {
  const host::Replica* const replica = here_.quorum.replica();
  if (replica == nullptr || replica->core().leader()) return;
  Cursor in(said);
  const Index at{in.u64()};
  const bool is_member = in.u8() != 0;
  const Incarnation life{in.u64()};
  if (!in.good() || at < replica->core().memberships().latest().at) return;
  if (!is_member) return removed();
  if (life && life != replica->core().incarnation()) tell(verdicts_.disowned);
}

}  // namespace bowline::etcd
