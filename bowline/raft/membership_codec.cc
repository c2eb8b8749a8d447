// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership_codec.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"

// All little-endian:
//   version u8 = 1 | cluster u64 | members u8 | member*
//   member   id u64 | incarnation u64 | now u8 | goal u8 | flags u8 | priority u8 | address |
//            metadata, both as size u16 and bytes
//   flags    1: outgoing, 2: staged
namespace bowline::raft {
namespace {

constexpr std::uint8_t layout = 1;
constexpr std::uint8_t outgoing_flag = 1;
constexpr std::uint8_t staged_flag = 2;

void put_text(std::string& out, const Text& text) {
  put(out, static_cast<std::uint16_t>(text.size()));
  out += text.view();
}

void put_member(std::string& out, const Member& member) {
  put(out, member.id.value);
  put(out, member.incarnation.value);
  put(out, std::to_underlying(member.now));
  put(out, std::to_underlying(member.goal));
  put(out, static_cast<std::uint8_t>((member.outgoing ? outgoing_flag : 0U) |
                                     (member.staged ? staged_flag : 0U)));
  put(out, member.priority);
  put_text(out, member.address);
  put_text(out, member.metadata);
}

Text take_text(Cursor& cursor) { return Text(cursor.take(cursor.u16())); }

Member take_member(Cursor& cursor) {
  Member member;
  member.id = {cursor.u64()};
  member.incarnation = {cursor.u64()};
  member.now = static_cast<Standing>(cursor.u8_below(3));
  member.goal = static_cast<Standing>(cursor.u8_below(3));
  const std::uint8_t flags = cursor.u8_below(4);
  member.outgoing = (flags & outgoing_flag) != 0;
  member.staged = (flags & staged_flag) != 0;
  member.priority = cursor.u8();
  member.address = take_text(cursor);
  member.metadata = take_text(cursor);
  return member;
}

}  // namespace

Bytes encode(const Membership& membership) {
  ensure(sane(membership));
  std::string out;
  put(out, layout);
  put(out, membership.cluster.value);
  put(out, static_cast<std::uint8_t>(membership.members.size()));
  for (const Member& member : membership.members) put_member(out, member);
  return Bytes::own(std::move(out));
}

MembershipPtr decode_membership(std::string_view bytes) {
  Cursor cursor(bytes);
  if (cursor.u8() != layout) return nullptr;
  auto membership = std::make_shared<Membership>();
  membership->cluster = {cursor.u64()};
  const std::uint64_t members = cursor.u8();
  membership->members.reserve(std::min<std::uint64_t>(members, max_members));
  for (std::uint64_t i = 0; i < members && cursor.good(); ++i)
    membership->members.push_back(take_member(cursor));
  if (!cursor.good() || !cursor.at_end() || !sane(*membership)) return nullptr;
  return membership;
}

}  // namespace bowline::raft
