// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership.h"

#include <algorithm>
#include <optional>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"

namespace bowline::raft {
namespace {

constexpr std::size_t longest_text = 4096;

enum class Half { incoming, outgoing };

bool counts_in(Half half, const Member& member) {
  if (half == Half::outgoing) return member.outgoing;
  if (planted(Bug::p32_learners_count) && member.now == Standing::learner) return true;
  return member.now == Standing::voter;
}

bool asks_outgoing(const Membership& membership) {
  return membership.joint() && !planted(Bug::p31_joint_counts_only_the_new);
}

Tally tally_of(Half half, const Membership& membership, std::span<const Ballot> ballots) {
  std::size_t voters = 0;
  std::size_t yes = 0;
  std::size_t no = 0;
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    if (!counts_in(half, membership.members[i])) continue;
    ++voters;
    yes += ballots[i] == Ballot::yes;
    no += ballots[i] == Ballot::no;
  }
  const std::size_t majority = voters / 2 + 1;
  if (yes >= majority) return Tally::won;
  return voters - no >= majority ? Tally::pending : Tally::lost;
}

std::uint64_t reached_in(Half half, const Membership& membership,
                         std::span<const std::uint64_t> values) {
  std::array<std::uint64_t, max_members> reached{};
  std::size_t voters = 0;
  for (std::size_t i = 0; i < values.size(); ++i)
    if (counts_in(half, membership.members[i])) reached[voters++] = values[i];
  if (voters == 0) return 0;
  const auto middle = reached.begin() + static_cast<std::ptrdiff_t>(voters / 2);
  const auto end = reached.begin() + static_cast<std::ptrdiff_t>(voters);
  std::nth_element(reached.begin(), middle, end,
                   [](std::uint64_t a, std::uint64_t b) { return a > b; });
  return *middle;
}

bool is_voter(const Member& member) { return member.now == Standing::voter; }
bool will_vote(const Member& member) { return member.goal == Standing::voter; }

bool sane(const Member& member) {
  return member.id && (member.now != Standing::none || member.outgoing) &&
         member.address.size() <= longest_text && member.metadata.size() <= longest_text;
}

void apply(const Wanted& wanted, Member& member) {
  member.goal = wanted.standing;
  member.priority = wanted.priority;
  member.address = Text(wanted.address);
  member.metadata = Text(wanted.metadata);
}

Member newcomer(NodeId id) {
  Member member;
  member.id = id;
  member.now = Standing::learner;
  member.staged = true;
  return member;
}

// What this member was before the change; none: it was not there.
std::optional<Member> before_the_change(Member member, bool joint) {
  if (joint && member.outgoing) {
    member.now = Standing::voter;
  } else if (member.staged) {
    return std::nullopt;
  } else if (joint) {
    member.now = Standing::learner;  // only its promotion can have made it a voter
  }
  member.outgoing = false;
  member.goal = member.now;
  return member;
}

}  // namespace

const Member* Membership::find(NodeId id) const {
  const auto at = std::ranges::lower_bound(members, id, {}, &Member::id);
  return at != members.end() && at->id == id ? &*at : nullptr;
}

Member* Membership::find(NodeId id) {
  const auto at = std::ranges::lower_bound(members, id, {}, &Member::id);
  return at != members.end() && at->id == id ? &*at : nullptr;
}

bool Membership::votes(NodeId id) const {
  const Member* member = find(id);
  return member != nullptr && (is_voter(*member) || member->outgoing);
}

// Zero for all voters is zero for none: a group that nobody may lead could not even be told so.
bool Membership::barred(const Member& member) const {
  const auto may_lead = [](const Member& other) {
    return other.now == Standing::voter && other.priority != never_leads;
  };
  return member.priority == never_leads && std::ranges::any_of(members, may_lead);
}

bool Membership::joint() const { return std::ranges::any_of(members, &Member::outgoing); }

bool Membership::settled() const {
  return std::ranges::all_of(members, [](const Member& member) {
    return !member.outgoing && !member.staged && member.goal == member.now;
  });
}

std::size_t Membership::voters() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      members, [](const Member& member) { return is_voter(member) || member.outgoing; }));
}

Tally tally(const Membership& membership, std::span<const Ballot> ballots) {
  ensure(ballots.size() == membership.members.size());
  const Tally incoming = tally_of(Half::incoming, membership, ballots);
  if (!asks_outgoing(membership)) return incoming;
  const Tally outgoing = tally_of(Half::outgoing, membership, ballots);
  if (incoming == Tally::lost || outgoing == Tally::lost) return Tally::lost;
  return incoming == Tally::won ? outgoing : Tally::pending;
}

std::uint64_t reached_by_quorum(const Membership& membership,
                                std::span<const std::uint64_t> values) {
  ensure(values.size() == membership.members.size());
  ensure(values.size() <= max_members);
  const std::uint64_t incoming = reached_in(Half::incoming, membership, values);
  if (!asks_outgoing(membership)) return incoming;
  return std::min(incoming, reached_in(Half::outgoing, membership, values));
}

bool sane(const Membership& membership) {
  const auto& members = membership.members;
  const auto no_later = [](const Member& a, const Member& b) { return a.id >= b.id; };
  return members.size() <= max_members &&
         std::ranges::adjacent_find(members, no_later) == members.end() &&
         std::ranges::all_of(members, [](const Member& member) { return sane(member); }) &&
         std::ranges::any_of(members, is_voter) && std::ranges::any_of(members, will_vote);
}

bool sane(std::span<const Wanted> wanted) {
  if (wanted.size() > max_members) return false;
  std::vector<NodeId> ids;
  bool voter = false;
  for (const Wanted& one : wanted) {
    if (!one.id || one.standing == Standing::none) return false;
    if (one.address.size() > longest_text || one.metadata.size() > longest_text) return false;
    voter = voter || one.standing == Standing::voter;
    ids.push_back(one.id);
  }
  std::ranges::sort(ids);
  return voter && std::ranges::adjacent_find(ids) == ids.end();
}

Membership staged(const Membership& membership, std::span<const Wanted> wanted) {
  Membership next = membership;
  for (Member& member : next.members) member.goal = Standing::none;
  for (const Wanted& one : wanted) {
    auto at = std::ranges::lower_bound(next.members, one.id, {}, &Member::id);
    if (at == next.members.end() || at->id != one.id)
      at = next.members.insert(at, newcomer(one.id));
    apply(one, *at);
  }
  return next;
}

Membership joined(const Membership& membership) {
  Membership next = membership;
  for (Member& member : next.members) {
    member.outgoing = is_voter(member);
    // A learner that leaves stays until the end: a cancel keeps it.
    if (member.goal != Standing::none || member.outgoing) member.now = member.goal;
  }
  return next;
}

Membership concluded(const Membership& membership) {
  Membership next = membership;
  std::erase_if(next.members, [](const Member& member) { return member.goal == Standing::none; });
  for (Member& member : next.members) {
    member.now = member.goal;
    member.outgoing = false;
    member.staged = false;
  }
  return next;
}

Membership cancelled(const Membership& membership) {
  Membership next{membership.cluster, {}};
  for (const Member& member : membership.members)
    if (auto former = before_the_change(member, membership.joint()))
      next.members.push_back(std::move(*former));
  return next;
}

Membership bound(const Membership& membership, NodeId id, Incarnation incarnation) {
  Membership next = membership;
  if (Member* member = next.find(id)) member->incarnation = incarnation;
  return next;
}

bool needs_joint(const Membership& membership) {
  return std::ranges::any_of(membership.members, [](const Member& member) {
    return is_voter(member) != will_vote(member);
  });
}

}  // namespace bowline::raft
