// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bowline/base/ids.h"
#include "bowline/base/text.h"

namespace bowline::raft {

// What a member is in a configuration, or is meant to become.
enum class Standing : std::uint8_t { none, learner, voter };

inline constexpr std::uint8_t default_priority = 100;
inline constexpr std::uint8_t never_leads = 0;

struct Member {
  NodeId id;
  Incarnation incarnation;  // 0: this member was not met yet; bound when it is
  Standing now = Standing::voter;
  Standing goal = Standing::voter;  // where the change in flight takes it; none: out
  bool outgoing = false;            // a voter of the configuration that is being left
  bool staged = false;              // came in with the change in flight; a cancel takes it out
  std::uint8_t priority = default_priority;  // the higher, the sooner it campaigns; 0: never
  Text address;
  Text metadata;
  friend bool operator==(const Member&, const Member&) = default;
};

// Who counts. While some member is `outgoing` the group is in joint consensus (dissertation 4.3):
// every decision needs a majority of the members whose `now` is voter, and a majority of the
// outgoing ones. A change in flight is written in the goals, so that whoever leads next can finish
// it; there is no other memory of it.
struct Membership {
  ClusterId cluster;
  std::vector<Member> members;  // sorted by id; at most max_members

  const Member* find(NodeId id) const;
  Member* find(NodeId id);
  bool votes(NodeId id) const;       // in either half
  bool barred(const Member&) const;  // from leading, by its priority; but never all voters
  bool joint() const;
  bool settled() const;  // no change in flight
  std::size_t voters() const;
  friend bool operator==(const Membership&, const Membership&) = default;
};

using MembershipPtr = std::shared_ptr<const Membership>;

inline constexpr std::size_t max_members = 64;

// A membership and the entry that brought it; at 0: what the group began with.
struct Config {
  Index at;
  MembershipPtr membership;
};

// Where a log begins: everything through `id` is in a snapshot, and this was the membership there.
struct Base {
  LogId id;
  MembershipPtr membership;
  Index membership_index;
  Term known_in;  // that `id` is committed: older leaders may not know of it, so we leave them
};

// The questions a quorum answers. Pure functions. The spans go along with `members`, one value for
// each.
enum class Ballot : std::uint8_t { none, yes, no };
enum class Tally : std::uint8_t { pending, won, lost };
Tally tally(const Membership&, std::span<const Ballot> ballots);

// The greatest value that a majority (of both halves) has reached. 0 where there is no voter.
std::uint64_t reached_by_quorum(const Membership&, std::span<const std::uint64_t> values);

// The steps of a change, each a new membership made from the one in force. See changes.cc for when.
struct Wanted {  // a target in a user's words: whoever is not named leaves
  NodeId id;
  Standing standing = Standing::voter;
  std::uint8_t priority = default_priority;
  std::string address;
  std::string metadata;
};
bool sane(const Membership&);        // sorted, unique, bounded, has a voter in each half
bool sane(std::span<const Wanted>);  // likewise
Membership staged(const Membership&, std::span<const Wanted>);  // goals set, newcomers learn
Membership joined(const Membership&);                           // both halves decide
Membership concluded(const Membership&);  // goals reached, the old half forgotten
Membership cancelled(const Membership&);  // all stand as before the change
Membership bound(const Membership&, NodeId, Incarnation);
bool needs_joint(const Membership&);  // do the goals change who votes?

}  // namespace bowline::raft
