// SPDX-License-Identifier: Apache-2.0
#include "examples/kv/command.h"

#include "bowline/base/encoding.h"

namespace bowline::examples::kv {

std::string encode(const Command& command) {
  std::string bytes(1, static_cast<char>(command.verb));
  put_varint(bytes, command.mark);
  put_varint(bytes, command.version);
  put_varint(bytes, command.key.size());
  return bytes + command.key + command.value;
}

std::string encode(const Answer& answer) {
  std::string bytes(1, static_cast<char>(answer.kind));
  put_varint(bytes, answer.version);
  return bytes + answer.value;
}

std::optional<Command> decode_command(std::string_view bytes) {
  Cursor cursor(bytes);
  Command command;
  command.verb = static_cast<Verb>(cursor.u8_below(verbs));
  command.mark = cursor.varint();
  command.version = cursor.varint();
  command.key = cursor.take(cursor.varint());
  command.value = cursor.take(cursor.left());
  if (!cursor.good()) return std::nullopt;
  return command;
}

std::optional<Answer> decode_answer(std::string_view bytes) {
  Cursor cursor(bytes);
  Answer answer;
  answer.kind = static_cast<Answer::Kind>(cursor.u8_below(4));
  answer.version = cursor.varint();
  answer.value = cursor.take(cursor.left());
  if (!cursor.good()) return std::nullopt;
  return answer;
}

}  // namespace bowline::examples::kv
