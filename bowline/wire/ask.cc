// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/ask.h"

#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/wire/sayings.h"

// Numbers as varints unless said otherwise, texts as size and bytes:
//   number | kind u8 | body
// The kind is the place of the body in Asked. docs/WIRE.md has the bodies.
namespace bowline::wire {
namespace {

constexpr std::size_t least_member_bytes = 5;

// ---- writing

void put_body(std::string& out, const AskNode& ask) {
  put_varint(out, ask.after.value);
  put_varint(out, ask.most_groups);
}

void put_body(std::string& out, const AskGroup& ask) { put_varint(out, ask.group.value); }

void put_body(std::string& out, const AskMembers& ask) {
  put_varint(out, ask.group.value);
  put(out, static_cast<std::uint8_t>(ask.expected.has_value()));
  if (ask.expected) put_varint(out, ask.expected->value);
  put_varint(out, ask.wanted.size());
  for (const raft::Wanted& one : ask.wanted) {
    put_varint(out, one.id.value);
    put(out, std::to_underlying(one.standing));
    put(out, one.priority);
    put_saying(out, one.address);
    put_saying(out, one.metadata);
  }
}

void put_body(std::string& out, const AskCancel& ask) { put_varint(out, ask.group.value); }

void put_body(std::string& out, const AskTransfer& ask) {
  put_varint(out, ask.group.value);
  put_varint(out, ask.to.value);
}

void put_body(std::string& out, const AskSnapshot& ask) { put_varint(out, ask.group.value); }

void put_body(std::string& out, const AskRecover& ask) {
  put_varint(out, ask.group.value);
  put_varint(out, ask.anew.value);
}

void put_body(std::string& out, const AskDestroy& ask) {
  put_varint(out, ask.group.value);
  put(out, static_cast<std::uint8_t>(ask.even_a_member));
}

// ---- reading

void take(Cursor& in, AskNode& ask) {
  ask.after = {in.varint()};
  ask.most_groups = static_cast<std::uint32_t>(in.varint_at_most(most_groups_at_once));
}

void take(Cursor& in, AskGroup& ask) { ask.group = {in.varint()}; }

void take(Cursor& in, AskMembers& ask) {
  ask.group = {in.varint()};
  if (in.u8_below(2) != 0) ask.expected = Index{in.varint_at_most(absurd)};
  const std::uint64_t count = in.varint_at_most(in.left() / least_member_bytes);
  for (std::uint64_t i = 0; i < count && in.good(); ++i) {
    raft::Wanted& one = ask.wanted.emplace_back();
    one.id = {in.varint()};
    one.standing =
        static_cast<raft::Standing>(in.u8_below(std::to_underlying(raft::Standing::voter) + 1));
    one.priority = in.u8();
    one.address = take_saying(in);
    one.metadata = take_saying(in);
  }
}

void take(Cursor& in, AskCancel& ask) { ask.group = {in.varint()}; }

void take(Cursor& in, AskTransfer& ask) {
  ask.group = {in.varint()};
  ask.to = {in.varint()};
}

void take(Cursor& in, AskSnapshot& ask) { ask.group = {in.varint()}; }

void take(Cursor& in, AskRecover& ask) {
  ask.group = {in.varint()};
  ask.anew = {in.varint()};
}

void take(Cursor& in, AskDestroy& ask) {
  ask.group = {in.varint()};
  ask.even_a_member = in.u8_below(2) != 0;
}

}  // namespace

GroupId group_of(const Asked& what) {
  return std::visit(
      [](const auto& ask) {
        if constexpr (requires { ask.group; }) return ask.group;
        return GroupId{};
      },
      what);
}

std::string text(const Asked& what) {
  struct Words {
    std::string operator()(const AskNode&) { return "look at the node"; }
    std::string operator()(const AskGroup&) { return "look at the group"; }
    std::string operator()(const AskCancel&) { return "cancel the change of members"; }
    std::string operator()(const AskSnapshot&) { return "take a snapshot"; }
    std::string operator()(const AskTransfer& ask) {
      return "hand over to " + (ask.to ? "node " + std::to_string(ask.to.value) : "the best");
    }
    std::string operator()(const AskRecover& ask) {
      return "go on alone as cluster " + std::to_string(ask.anew.value);
    }
    std::string operator()(const AskDestroy& ask) {
      return std::string("destroy the group here") +
             (ask.even_a_member ? ", a member of it or not" : "");
    }
    std::string operator()(const AskMembers& ask) {
      std::string words = "have the members";
      for (const raft::Wanted& one : ask.wanted)
        words += " " + std::to_string(one.id.value) +
                 (one.standing == raft::Standing::voter ? "" : " (learner)");
      return words;
    }
  };
  return std::visit(Words{}, what);
}

bool changes_something(const Asked& what) {
  return !std::holds_alternative<AskNode>(what) && !std::holds_alternative<AskGroup>(what);
}

Version since(const Asked& what) {
  return std::holds_alternative<AskDestroy>(what) ? destroy_since : admin_since;
}

std::string frame_of(const Ask& ask) {
  std::string frame = begin_frame(FrameKind::ask);
  put_varint(frame, ask.number);
  put(frame, static_cast<std::uint8_t>(ask.what.index()));
  std::visit([&](const auto& body) { put_body(frame, body); }, ask.what);
  end_frame(frame);
  return frame;
}

Result<Ask> ask_in(const Frame& frame, Version version) {
  Ask ask;
  if (frame.kind == FrameKind::ask) {
    Cursor in(*frame.body);
    ask.number = in.varint();
    const bool good = take_kind(in, ask.what, [&](auto& body) { take(in, body); }) && in.at_end();
    if (good && since(ask.what) <= version) return ask;
  }
  return std::unexpected(Error{Fault::corrupt, "a frame that asks for nothing that is known here"});
}

}  // namespace bowline::wire
