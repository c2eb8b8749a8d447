// SPDX-License-Identifier: Apache-2.0
#include "bowline/session/envelope.h"

#include <utility>

#include "bowline/base/encoding.h"

// version u8 | kind u8 | tag | body; numbers as varints, and a command goes on to the end.
namespace bowline::session {
namespace {

constexpr std::uint8_t version = 1;

// ---- writing

void put_body(std::string& out, const Plain& body) { out += body.command; }
void put_body(std::string&, const Open&) {}
void put_body(std::string& out, const Call& body) {
  put_varint(out, body.session.value);
  put_varint(out, body.from.value);
  put_varint(out, body.serial - body.from);
  out += body.command;
}
void put_body(std::string& out, const KeepAlive& body) {
  put_varint(out, body.session.value);
  put_varint(out, body.from.value);
}
void put_body(std::string& out, const Close& body) { put_varint(out, body.session.value); }
void put_body(std::string& out, const Tick& body) { put_varint(out, body.time_ms); }
void put_body(std::string& out, const SetBounds& body) {
  put_varint(out, body.bounds.most_sessions);
  put_varint(out, body.bounds.most_calls);
  put_varint(out, body.bounds.most_answer_bytes);
  put_varint(out, body.bounds.most_bytes);
  put_varint(out, body.bounds.lifetime_ms);
  put_varint(out, body.bounds.most_step_ms);
}

// ---- reading

class EnvelopeReader {
 public:
  explicit EnvelopeReader(std::string_view bytes) : cursor_(bytes) {}

  template <std::size_t... Kinds>
  std::optional<Envelope> envelope(std::index_sequence<Kinds...>) {
    if (cursor_.u8() != version) return std::nullopt;
    const std::size_t kind = cursor_.u8();
    Envelope envelope{.tag = cursor_.varint(), .body = {}};
    const bool known = ((kind == Kinds && (take(envelope.body.emplace<Kinds>()), true)) || ...);
    if (!known || !cursor_.good() || !cursor_.at_end()) return std::nullopt;
    return envelope;
  }

 private:
  SessionId session() {
    const SessionId session{cursor_.varint_at_most(absurd)};
    if (!session) cursor_.fail();
    return session;
  }
  Serial serial() {
    const Serial serial{cursor_.varint_at_most(absurd)};
    if (!serial) cursor_.fail();
    return serial;
  }
  std::string_view rest() { return cursor_.take(cursor_.left()); }

  void take(Plain& body) { body.command = rest(); }
  void take(Open&) {}
  void take(Call& body) {
    body.session = session();
    body.from = serial();
    body.serial = body.from + cursor_.varint_at_most(absurd - body.from.value);
    body.command = rest();
  }
  void take(KeepAlive& body) {
    body.session = session();
    body.from = serial();
  }
  void take(Close& body) { body.session = session(); }
  void take(Tick& body) { body.time_ms = cursor_.varint_at_most(absurd); }
  void take(SetBounds& body) {
    body.bounds = {.most_sessions = cursor_.varint(),
                   .most_calls = cursor_.varint(),
                   .most_answer_bytes = cursor_.varint(),
                   .most_bytes = cursor_.varint(),
                   .lifetime_ms = cursor_.varint(),
                   .most_step_ms = cursor_.varint()};
    if (!body.bounds.fault().empty()) cursor_.fail();
  }

  Cursor cursor_;
};

}  // namespace

std::string encode(const Envelope& envelope) {
  std::string out;
  out.push_back(static_cast<char>(version));
  out.push_back(static_cast<char>(envelope.body.index()));
  put_varint(out, envelope.tag);
  std::visit([&](const auto& body) { put_body(out, body); }, envelope.body);
  return out;
}

std::optional<Envelope> decode_envelope(std::string_view bytes) {
  return EnvelopeReader(bytes).envelope(std::make_index_sequence<std::variant_size_v<Body>>());
}

}  // namespace bowline::session
