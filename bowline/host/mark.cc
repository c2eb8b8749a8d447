// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/mark.h"

#include <utility>

#include "bowline/base/ensure.h"
#include "bowline/raft/membership_codec.h"

// A mark, where v is a varint: version v | group v | base
namespace bowline::host {
namespace {

constexpr std::uint64_t mark_version = 1;

std::unexpected<Error> bad_mark(std::string why) {
  return std::unexpected(Error{Fault::corrupt, "the mark of the state machine " + std::move(why)});
}

}  // namespace

void put_base(std::string& to, const raft::Base& base) {
  ensure(base.membership != nullptr);
  const Bytes membership = raft::encode(*base.membership);
  put_varint(to, base.id.term.value);
  put_varint(to, base.id.index.value);
  put_varint(to, base.membership_index.value);
  put_varint(to, base.known_in.value);
  put_varint(to, membership.size());
  to += membership.view();
}

raft::Base take_base(Cursor& cursor) {
  raft::Base base;
  base.id.term = {cursor.varint_at_most(absurd)};
  base.id.index = {cursor.varint_at_most(absurd)};
  base.membership_index = {cursor.varint_at_most(absurd)};
  base.known_in = {cursor.varint_at_most(absurd)};
  base.membership = raft::decode_membership(cursor.take(cursor.varint()));
  if (base.membership == nullptr || base.membership_index > base.id.index) cursor.fail();
  return base;
}

std::string encode_mark(GroupId group, const raft::Base& base) {
  ensure(bool(base.id.index));
  std::string mark;
  put_varint(mark, mark_version);
  put_varint(mark, group.value);
  put_base(mark, base);
  return mark;
}

Result<raft::Base> decode_mark(GroupId group, std::string_view mark) {
  Cursor cursor(mark);
  if (const std::uint64_t found = cursor.varint(); found != mark_version)
    return bad_mark("is of format " + std::to_string(found) + "; this program reads format " +
                    std::to_string(mark_version));
  const GroupId of{cursor.varint()};
  if (cursor.good() && of != group)
    return bad_mark("says that its state is of group " + std::to_string(of.value) + ", not of " +
                    std::to_string(group.value) + ": give each group a place of its own");
  raft::Base base = take_base(cursor);
  if (!cursor.good() || !cursor.at_end() || !base.id.index) return bad_mark("makes no sense");
  return base;
}

}  // namespace bowline::host
