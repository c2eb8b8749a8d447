// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/letter.h"

#include <algorithm>
#include <initializer_list>
#include <string_view>
#include <utility>
#include <variant>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/raft/membership_codec.h"

// Each letter, numbers as varints unless said otherwise:
//   kind and marks u8 | group | term | cluster u64? | from u64? | to u64? | body
// The kind is the place of the body in raft::Body, in the low four bits. docs/WIRE.md has the
// bodies.
namespace bowline::wire {
namespace {

using raft::Body;
using raft::Entry;

// What differs from what the connection says.
constexpr std::uint8_t own_cluster = 0x10;
constexpr std::uint8_t own_from = 0x20;
constexpr std::uint8_t own_to = 0x40;
constexpr std::uint8_t marks = own_cluster | own_from | own_to;
constexpr std::uint8_t kinds = 0x0f;

constexpr std::uint64_t entry_kinds = 3;

// Version 1 has one flag less in each of two bodies, the last one.
bool says_rest(const Way& way) { return way.version >= rest_since; }

std::uint8_t flags(std::initializer_list<bool> bits) {
  std::uint8_t all = 0;
  std::uint8_t bit = 1;
  for (const bool set : bits) {
    if (set) all |= bit;
    bit = static_cast<std::uint8_t>(bit << 1);
  }
  return all;
}

// ---- writing

void put_id(std::string& out, LogId id) {
  put_varint(out, id.term.value);
  put_varint(out, id.index.value);
}

void put_payload(std::string& out, const Bytes& payload) {
  put_varint(out, payload.size());
  out += payload.view();
}

void put_base(std::string& out, const raft::Base& base) {
  put_id(out, base.id);
  put_varint(out, base.membership_index.value);
  put_varint(out, base.known_in.value);
  put_payload(out, base.membership == nullptr ? Bytes() : encode(*base.membership));
}

void put_body(std::string& out, const raft::VoteRequest& body) {
  put(out, flags({body.pre, body.transfer}));
  put_id(out, body.last);
  put_varint(out, body.campaign.value);
}

void put_body(std::string& out, const raft::VoteReply& body) {
  put(out, flags({body.pre, body.granted}));
  put(out, std::to_underlying(body.denial));
  put_varint(out, body.campaign.value);
}

// Of each entry how much its term is above that of the one before; its index is the next.
void put_body(std::string& out, const raft::AppendRequest& body, const Way& way) {
  put(out, flags({body.news, body.rest && says_rest(way)}));
  put_id(out, body.prev);
  put_varint(out, body.commit.value);
  put_varint(out, body.round.value);
  put_varint(out, body.entries.size());
  LogId last = body.prev;
  for (const Entry& entry : body.entries) {
    ensure(entry.id.index == last.index.next() && entry.id.term >= last.term);
    put_varint(out, (entry.id.term - last.term) * entry_kinds + std::to_underlying(entry.kind));
    put_payload(out, entry.payload);
    last = entry.id;
  }
}

void put_body(std::string& out, const raft::AppendReply& body, const Way& way) {
  put(out,
      flags({body.matched, body.full, body.installing, body.lost, body.resting && says_rest(way)}));
  put_varint(out, body.round.value);
  put_varint(out, body.match.value);
  put_varint(out, body.refused.value);
  put_id(out, body.hint);
}

void put_body(std::string& out, const raft::SnapshotOffer& body) {
  put_base(out, body.base);
  put_varint(out, body.commit.value);
  put_varint(out, body.round.value);
}

void put_body(std::string&, const raft::TimeoutNow&) {}

void put_body(std::string& out, const raft::ReadRequest& body) { put_varint(out, body.id.value); }

void put_body(std::string& out, const raft::ReadReply& body) {
  put(out, flags({body.granted}));
  put_varint(out, body.id.value);
  put_varint(out, body.index.value);
}

void put_body(std::string& out, const raft::EntriesRequest& body) {
  put_varint(out, body.wanted.size());
  for (const LogId id : body.wanted) put_id(out, id);
}

void put_body(std::string& out, const raft::EntriesReply& body) {
  put(out, flags({body.base.has_value()}));
  put_varint(out, body.entries.size());
  for (const Entry& entry : body.entries) {
    put(out, std::to_underlying(entry.kind));
    put_id(out, entry.id);
    put_payload(out, entry.payload);
  }
  if (body.base) put_base(out, *body.base);
}

// ---- reading

class LetterReader {
 public:
  LetterReader(const std::shared_ptr<const std::string>& body, const Way& way)
      : body_(body), way_(way), cursor_(*body) {}

  bool good() const { return cursor_.good(); }
  bool at_end() const { return cursor_.at_end(); }

  Letter letter() {
    const std::uint8_t first = cursor_.u8();
    Letter letter{{cursor_.varint()}, {.body = {}}};
    raft::Message& message = letter.message;
    message.term = {count()};
    message.cluster = (first & own_cluster) != 0 ? ClusterId{cursor_.u64()} : way_.cluster;
    message.from = (first & own_from) != 0 ? Incarnation{cursor_.u64()} : way_.from;
    message.to = (first & own_to) != 0 ? Incarnation{cursor_.u64()} : way_.to;
    // The same letter is always the same bytes.
    if ((first & ~(marks | kinds)) != 0 || (first & marks) != marks_of(message, way_))
      cursor_.fail();
    take_body(first & kinds, message.body, std::make_index_sequence<std::variant_size_v<Body>>());
    return letter;
  }

  static std::uint8_t marks_of(const raft::Message& message, const Way& way) {
    return static_cast<std::uint8_t>((message.cluster != way.cluster ? own_cluster : 0) |
                                     (message.from != way.from ? own_from : 0) |
                                     (message.to != way.to ? own_to : 0));
  }

 private:
  template <std::size_t... Kinds>
  void take_body(std::size_t kind, Body& body, std::index_sequence<Kinds...>) {
    const bool known = ((kind == Kinds && (take(body.emplace<Kinds>()), true)) || ...);
    if (!known) cursor_.fail();
  }

  std::uint64_t count() { return cursor_.varint_at_most(absurd); }
  LogId id() {
    const Term term{count()};
    return {term, {count()}};
  }
  // So many bits; each is true or false.
  template <class... Bits>
  void take_flags(Bits&... bits) {
    const std::uint8_t all = cursor_.u8_below(1U << sizeof...(bits));
    std::uint8_t bit = 1;
    ((bits = (all & bit) != 0, bit = static_cast<std::uint8_t>(bit << 1)), ...);
  }
  Bytes payload() { return Bytes::part(body_, cursor_.take(cursor_.varint())); }
  // Each of them takes so many bytes at least: nobody makes room for more than can come.
  std::size_t how_many(std::size_t least_bytes) {
    return cursor_.varint_at_most(cursor_.left() / least_bytes);
  }
  static std::size_t room_for(std::size_t count) { return std::min<std::size_t>(count, 1024); }

  raft::Base base() {
    raft::Base base;
    base.id = id();
    base.membership_index = {count()};
    base.known_in = {count()};
    const std::string_view membership = cursor_.take(cursor_.varint());
    if (membership.empty()) return base;
    base.membership = raft::decode_membership(membership);
    if (base.membership == nullptr) cursor_.fail();
    return base;
  }

  void take(raft::VoteRequest& body) {
    take_flags(body.pre, body.transfer);
    body.last = id();
    body.campaign = {count()};
  }
  void take(raft::VoteReply& body) {
    take_flags(body.pre, body.granted);
    body.denial =
        static_cast<raft::Denial>(cursor_.u8_below(std::to_underlying(raft::Denial::old_term) + 1));
    body.campaign = {count()};
  }
  void take(raft::AppendRequest& body) {
    if (says_rest(way_)) {
      take_flags(body.news, body.rest);
    } else {
      take_flags(body.news);
    }
    body.prev = id();
    body.commit = {count()};
    body.round = {count()};
    LogId last = body.prev;
    const std::size_t entries = how_many(2);
    body.entries.reserve(room_for(entries));
    for (std::size_t i = 0; i < entries && good(); ++i) {
      const std::uint64_t word = cursor_.varint();
      // Before it is added: a sum that went around would look like a lower term.
      if (word / entry_kinds > absurd - last.term.value || last.index.value >= absurd)
        return cursor_.fail();
      last = {last.term + word / entry_kinds, last.index.next()};
      body.entries.push_back({last, static_cast<raft::Kind>(word % entry_kinds), payload()});
    }
  }
  void take(raft::AppendReply& body) {
    if (says_rest(way_)) {
      take_flags(body.matched, body.full, body.installing, body.lost, body.resting);
    } else {
      take_flags(body.matched, body.full, body.installing, body.lost);
    }
    body.round = {count()};
    body.match = {count()};
    body.refused = {count()};
    body.hint = id();
  }
  void take(raft::SnapshotOffer& body) {
    body.base = base();
    body.commit = {count()};
    body.round = {count()};
  }
  void take(raft::TimeoutNow&) {}
  void take(raft::ReadRequest& body) { body.id = {count()}; }
  void take(raft::ReadReply& body) {
    take_flags(body.granted);
    body.id = {count()};
    body.index = {count()};
  }
  void take(raft::EntriesRequest& body) {
    const std::size_t wanted = how_many(2);
    body.wanted.reserve(room_for(wanted));
    for (std::size_t i = 0; i < wanted && good(); ++i) body.wanted.push_back(id());
  }
  void take(raft::EntriesReply& body) {
    bool has_base = false;
    take_flags(has_base);
    const std::size_t entries = how_many(4);
    body.entries.reserve(room_for(entries));
    for (std::size_t i = 0; i < entries && good(); ++i) {
      const auto kind = static_cast<raft::Kind>(cursor_.u8_below(entry_kinds));
      const LogId entry = id();
      body.entries.push_back({entry, kind, payload()});
    }
    if (has_base) body.base = base();
  }

  std::shared_ptr<const std::string> body_;
  const Way& way_;
  Cursor cursor_;
};

}  // namespace

void put_letter(std::string& frame, GroupId group, const raft::Message& message, const Way& way) {
  const std::uint8_t differs = LetterReader::marks_of(message, way);
  put(frame, static_cast<std::uint8_t>(message.body.index() | differs));
  put_varint(frame, group.value);
  put_varint(frame, message.term.value);
  if ((differs & own_cluster) != 0) put(frame, message.cluster.value);
  if ((differs & own_from) != 0) put(frame, message.from.value);
  if ((differs & own_to) != 0) put(frame, message.to.value);
  const auto write = [&](const auto& body) {
    if constexpr (requires { put_body(frame, body, way); }) {
      put_body(frame, body, way);
    } else {
      put_body(frame, body);
    }
  };
  std::visit(write, message.body);
}

Result<std::vector<Letter>> letters_in(const std::shared_ptr<const std::string>& body,
                                       const Way& way) {
  std::vector<Letter> letters;
  LetterReader reader(body, way);
  while (reader.good() && !reader.at_end()) letters.push_back(reader.letter());
  if (!reader.good())
    return std::unexpected(Error{Fault::corrupt, "a frame holds what is no message"});
  return letters;
}

}  // namespace bowline::wire
