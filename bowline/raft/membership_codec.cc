// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/membership_codec.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

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

void put(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

void put_text(std::string& out, const Text& text) {
  put(out, text.size(), 2);
  out += text.view();
}

void put_member(std::string& out, const Member& member) {
  put(out, member.id.value, 8);
  put(out, member.incarnation.value, 8);
  put(out, std::to_underlying(member.now), 1);
  put(out, std::to_underlying(member.goal), 1);
  put(out, (member.outgoing ? outgoing_flag : 0U) | (member.staged ? staged_flag : 0U), 1);
  put(out, member.priority, 1);
  put_text(out, member.address);
  put_text(out, member.metadata);
}

// Reads on until something does not fit; from then on everything is zero and `good` is false.
class Cursor {
 public:
  explicit Cursor(std::string_view bytes) : rest_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }
  void fail() { good_ = false; }

  std::uint64_t number(std::size_t bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; const char c : take(bytes))
      value |= std::uint64_t{static_cast<unsigned char>(c)} << (8 * i++);
    return value;
  }
  std::uint8_t byte_below(std::uint8_t bound) {
    const auto value = static_cast<std::uint8_t>(number(1));
    if (value < bound) return value;
    fail();
    return 0;
  }
  Text text() { return Text(take(number(2))); }

 private:
  std::string_view take(std::size_t bytes) {
    if (!good_ || rest_.size() < bytes) {
      good_ = false;
      return {};
    }
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(bytes);
    return taken;
  }

  std::string_view rest_;
  bool good_ = true;
};

Member take_member(Cursor& cursor) {
  Member member;
  member.id = {cursor.number(8)};
  member.incarnation = {cursor.number(8)};
  member.now = static_cast<Standing>(cursor.byte_below(3));
  member.goal = static_cast<Standing>(cursor.byte_below(3));
  const std::uint8_t flags = cursor.byte_below(4);
  member.outgoing = (flags & outgoing_flag) != 0;
  member.staged = (flags & staged_flag) != 0;
  member.priority = static_cast<std::uint8_t>(cursor.number(1));
  member.address = cursor.text();
  member.metadata = cursor.text();
  return member;
}

}  // namespace

Bytes encode(const Membership& membership) {
  ensure(sane(membership));
  std::string out;
  put(out, layout, 1);
  put(out, membership.cluster.value, 8);
  put(out, membership.members.size(), 1);
  for (const Member& member : membership.members) put_member(out, member);
  return Bytes::own(std::move(out));
}

MembershipPtr decode_membership(std::string_view bytes) {
  Cursor cursor(bytes);
  if (cursor.number(1) != layout) return nullptr;
  auto membership = std::make_shared<Membership>();
  membership->cluster = {cursor.number(8)};
  const std::uint64_t members = cursor.number(1);
  membership->members.reserve(std::min<std::uint64_t>(members, max_members));
  for (std::uint64_t i = 0; i < members && cursor.good(); ++i)
    membership->members.push_back(take_member(cursor));
  if (!cursor.good() || !cursor.at_end() || !sane(*membership)) return nullptr;
  return membership;
}

}  // namespace bowline::raft
