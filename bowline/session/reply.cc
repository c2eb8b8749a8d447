// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/reply.h"

#include <utility>

#include "bowline/base/encoding.h"

// kind u8 | the answer of Done, or the session of Opened as a varint
namespace bowline::session {
namespace {

template <class Kind>
void take(Cursor&, Kind&) {}
void take(Cursor& cursor, Done& reply) { reply.answer = cursor.take(cursor.left()); }
void take(Cursor& cursor, Opened& reply) {
  reply.session = {cursor.varint_at_most(absurd)};
  if (!reply.session) cursor.fail();
}

template <std::size_t... Kinds>
std::optional<Reply> reply_in(std::string_view bytes, std::index_sequence<Kinds...>) {
  Cursor cursor(bytes);
  const std::size_t kind = cursor.u8();
  Reply reply;
  const bool known = ((kind == Kinds && (take(cursor, reply.emplace<Kinds>()), true)) || ...);
  if (!known || !cursor.good() || !cursor.at_end()) return std::nullopt;
  return reply;
}

}  // namespace

std::string encode(const Reply& reply) {
  std::string out(1, static_cast<char>(reply.index()));
  if (const auto* done = std::get_if<Done>(&reply)) out += done->answer;
  if (const auto* opened = std::get_if<Opened>(&reply)) put_varint(out, opened->session.value);
  return out;
}

std::optional<Reply> decode_reply(std::string_view bytes) {
  return reply_in(bytes, std::make_index_sequence<std::variant_size_v<Reply>>());
}

}  // namespace bowline::session
