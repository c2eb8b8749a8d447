// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/answer.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/wire/printable.h"
#include "bowline/wire/sayings.h"

// Numbers as varints unless said otherwise, texts as size and bytes:
//   number | kind u8 | body
// The kind is the place of the body in Answered. docs/WIRE.md has the bodies.
namespace bowline::wire {
namespace {

constexpr std::size_t least_peer_bytes = 5;
constexpr std::size_t least_line_bytes = 4;
constexpr std::size_t least_link_bytes = 3;

std::uint8_t bits_of(std::initializer_list<bool> bits) {
  std::uint8_t all = 0;
  for (std::uint8_t place = 0; const bool bit : bits)
    all = static_cast<std::uint8_t>(all | (bit ? 1U << place++ : 0U << place++));
  return all;
}

// ---- writing

void put_place(std::string& out, LogId id) {
  put_varint(out, id.term.value);
  put_varint(out, id.index.value);
}

// Of others, for people's terminals.
void put_words(std::string& out, std::string_view text) {
  put_saying(out, printable(text.substr(0, most_words_bytes)));
}

void put_body(std::string& out, const Done& answer) { put_place(out, answer.id); }

void put_body(std::string& out, const Declined& answer) {
  put(out, std::to_underlying(answer.why));
  put_words(out, answer.sentence);
  put_varint(out, answer.leader.value);
  put_words(out, answer.address);
}

void put_body(std::string& out, const Unsure& answer) { put_words(out, answer.sentence); }

void put_peer(std::string& out, const PeerReport& peer) {
  put_varint(out, peer.id.value);
  put_varint(out, peer.match.value);
  put(out, std::to_underlying(peer.mode));
  put(out, bits_of({peer.up, peer.caught_up}));
  put_varint(out, peer.silent ? static_cast<std::uint64_t>(peer.silent->count()) + 1 : 0);
}

void put_body(std::string& out, const GroupReport& answer) {
  put_varint(out, answer.group.value);
  put_varint(out, answer.node.value);
  put(out, std::to_underlying(answer.role));
  put_varint(out, answer.term.value);
  put_varint(out, answer.leader.value);
  put_varint(out, answer.commit.value);
  for (const LogId id : {answer.applied, answer.last, answer.base, answer.snapshot})
    put_place(out, id);
  put(out, bits_of({answer.change_pending, answer.asleep, answer.damaged, answer.stateless,
                    answer.stopped}));
  put_varint(out, answer.members_at.value);
  const bool none = answer.members.members.empty();
  put_saying(out, none ? std::string_view() : raft::encode(answer.members).view());
  put_varint(out, answer.peers.size());
  for (const PeerReport& peer : answer.peers) put_peer(out, peer);
}

void put_body(std::string& out, const NodeReport& answer) {
  put_varint(out, answer.id.value);
  put_words(out, answer.name);
  put(out, answer.newest_version);
  put_varint(out, answer.groups);
  put_varint(out, answer.leads);
  put_varint(out, answer.links.size());
  for (const LinkReport& link : answer.links) {
    put_varint(out, link.id.value);
    put_words(out, link.address);
    put(out, link.version);
  }
  put(out, bits_of({answer.more}));
  put_varint(out, answer.lines.size());
  for (const GroupLine& line : answer.lines) {
    put_varint(out, line.group.value);
    put(out, std::to_underlying(line.role));
    put_varint(out, line.leader.value);
    put_varint(out, line.takers.size());
    for (const NodeId id : line.takers) put_varint(out, id.value);
  }
}

// ---- reading

class AnswerReader {
 public:
  explicit AnswerReader(Cursor& in) : in_(in) {}

  void take(Done& answer) { answer.id = id(); }
  void take(Declined& answer) {
    answer.why = static_cast<Why>(in_.u8_below(std::to_underlying(Why::never) + 1));
    answer.sentence = words();
    answer.leader = {in_.varint()};
    answer.address = words();
  }
  void take(Unsure& answer) { answer.sentence = words(); }
  void take(GroupReport& answer) {
    answer.group = {in_.varint()};
    answer.node = {in_.varint()};
    answer.role = role();
    answer.term = {count()};
    answer.leader = {in_.varint()};
    answer.commit = {count()};
    for (LogId* const at : {&answer.applied, &answer.last, &answer.base, &answer.snapshot})
      *at = id();
    take_flags(answer.change_pending, answer.asleep, answer.damaged, answer.stateless,
               answer.stopped);
    answer.members_at = {count()};
    take_members(answer.members);
    for (std::uint64_t peers = how_many(least_peer_bytes); peers > 0 && in_.good(); --peers)
      take_peer(answer.peers.emplace_back());
  }
  void take(NodeReport& answer) {
    answer.id = {in_.varint()};
    answer.name = words();
    answer.newest_version = in_.u8();
    answer.groups = in_.varint();
    answer.leads = in_.varint();
    for (std::uint64_t links = how_many(least_link_bytes); links > 0 && in_.good(); --links) {
      const NodeId to{in_.varint()};
      std::string address = words();
      answer.links.push_back({to, std::move(address), in_.u8()});
    }
    take_flags(answer.more);
    for (std::uint64_t lines = how_many(least_line_bytes); lines > 0 && in_.good(); --lines)
      take_line(answer.lines.emplace_back());
  }

 private:
  std::uint64_t count() { return in_.varint_at_most(absurd); }
  // Each of them takes so many bytes at least: nobody makes room for more than can come.
  std::uint64_t how_many(std::size_t least_bytes) {
    return in_.varint_at_most(in_.left() / least_bytes);
  }
  LogId id() {
    const Term term{count()};
    return {term, {count()}};
  }
  raft::Role role() {
    return static_cast<raft::Role>(in_.u8_below(std::to_underlying(raft::Role::leader) + 1));
  }
  std::string words() {
    std::string text = take_saying(in_);
    if (text.size() > most_words_bytes || !std::ranges::all_of(text, is_printable)) in_.fail();
    return text;
  }
  template <class... Bits>
  void take_flags(Bits&... bits) {
    const std::uint8_t all = in_.u8_below(1U << sizeof...(bits));
    std::uint8_t place = 0;
    ((bits = (all >> place++ & 1) != 0), ...);
  }
  void take_members(raft::Membership& members) {
    const std::string_view bytes = in_.take(in_.varint());
    if (bytes.empty()) return;
    const raft::MembershipPtr found = raft::decode_membership(bytes);
    if (found == nullptr) return in_.fail();
    members = *found;
  }
  void take_peer(PeerReport& peer) {
    peer.id = {in_.varint()};
    peer.match = {count()};
    peer.mode = static_cast<raft::Progress::Mode>(
        in_.u8_below(std::to_underlying(raft::Progress::Mode::snapshot) + 1));
    take_flags(peer.up, peer.caught_up);
    const auto silent = static_cast<std::int64_t>(in_.varint_at_most(INT64_MAX));
    if (silent > 0) peer.silent = Duration(silent - 1);
  }
  void take_line(GroupLine& line) {
    line.group = {in_.varint()};
    line.role = role();
    line.leader = {in_.varint()};
    for (std::uint64_t takers = how_many(1); takers > 0 && in_.good(); --takers)
      line.takers.push_back({in_.varint()});
  }

  Cursor& in_;
};

}  // namespace

std::string frame_of(const Answer& answer) {
  std::string frame = begin_frame(FrameKind::answer);
  put_varint(frame, answer.number);
  put(frame, static_cast<std::uint8_t>(answer.what.index()));
  std::visit([&](const auto& body) { put_body(frame, body); }, answer.what);
  end_frame(frame);
  return frame;
}

Result<Answer> answer_in(const Frame& frame) {
  Answer answer;
  if (frame.kind == FrameKind::answer) {
    Cursor in(*frame.body);
    answer.number = in.varint();
    AnswerReader reader(in);
    if (take_kind(in, answer.what, [&](auto& body) { reader.take(body); }) && in.at_end())
      return answer;
  }
  return std::unexpected(Error{Fault::corrupt, "a frame that answers nothing"});
}

}  // namespace bowline::wire
