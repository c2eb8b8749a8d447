// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/forge.h"

#include <utility>

#include "bowline/raft/membership_codec.h"

namespace bowline::wal {

std::string random_bytes(Prng& prng, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(prng.next());
  return bytes;
}

raft::MembershipPtr three_members() {
  raft::Membership membership;
  membership.cluster = ClusterId{77};
  for (std::uint64_t id = 1; id <= 3; ++id) {
    raft::Member member;
    member.id = {id};
    membership.members.push_back(member);
  }
  return std::make_shared<const raft::Membership>(std::move(membership));
}

raft::Batch random_entries(Prng& prng, LogId before, std::size_t count, std::size_t most_bytes) {
  raft::Batch entries;
  for (std::size_t i = 0; i < count; ++i) {
    before = {before.term + (prng.chance(10) ? prng.below(300) : 0), before.index.next()};
    const bool membership = prng.chance(5);
    Bytes payload = membership ? raft::encode(*three_members())
                               : Bytes::own(random_bytes(prng, prng.below(most_bytes + 1)));
    entries.push_back(
        {before, membership ? raft::Kind::membership : raft::Kind::command, std::move(payload)});
  }
  return entries;
}

raft::Persist random_write(Prng& prng) {
  raft::Persist write;
  const LogId before{{1 + prng.below(1000)}, {prng.below(100000)}};
  if (prng.chance(30)) {
    const bool votes = prng.chance(50);
    write.hard_state = {
        before.term, {votes ? 1 + prng.below(9) : 0}, {prng.next()}, prng.chance(10)};
  }
  if (prng.chance(20)) {
    write.base = {
        before, prng.chance(90) ? three_members() : nullptr, {prng.below(1000)}, before.term};
    write.discard = prng.chance(30);
  }
  if (prng.chance(20)) write.cut_after = before.index;
  if (prng.chance(20)) {
    write.repaired = random_entries(prng, {}, 1 + prng.below(5), 100);
    std::erase_if(write.repaired, [&](const auto&) { return prng.chance(40); });
  }
  const std::size_t count = prng.below(20);  // in order: not all compilers draw arguments alike
  write.entries = random_entries(prng, before, count, prng.chance(10) ? 9000 : 300);
  return write;
}

}  // namespace bowline::wal
