// SPDX-License-Identifier: Apache-2.0
#include "fuzz/wire_targets.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <variant>

#include "bowline/base/encoding.h"
#include "bowline/base/ensure.h"
#include "bowline/base/prng.h"
#include "bowline/wire/forge.h"
#include "bowline/wire/frame.h"
#include "bowline/wire/hello.h"
#include "bowline/wire/parcel.h"

namespace bowline::fuzz {
namespace {

using wire::Frame;
using wire::FrameKind;
using wire::Hello;
using wire::Letter;
using wire::Way;

constexpr std::uint32_t most_body = 8000;

std::string framed(FrameKind kind, std::string_view body) {
  std::string frame = wire::begin_frame(kind);
  frame += body;
  wire::end_frame(frame);
  return frame;
}

std::string u16(std::size_t value) {
  std::string bytes;
  put(bytes, static_cast<std::uint16_t>(value));
  return bytes;
}

// Frames of what is described, so that their sums are right.
std::string made_of(std::string_view input) {
  std::string bytes;
  Cursor cursor(input);
  while (cursor.good() && !cursor.at_end()) {
    const std::uint8_t kind = cursor.u8();
    const std::uint16_t size = cursor.u16();
    bytes += framed(static_cast<FrameKind>(kind), cursor.take(size));
  }
  return bytes;
}

wire::Version wire_version(bool old) { return old ? wire::oldest_version : wire::newest_version; }

Hello here() { return {.self = {1}, .disk = {101}, .cluster = {5}, .shards = 2}; }

}  // namespace

bool eat_letters(std::string_view input) {
  if (input.size() < 3) return false;
  const auto known = [&](std::size_t i) { return static_cast<std::uint64_t>(input[i] & 3); };
  const Way way{.version = wire_version(input[0] & 4),
                .cluster = {known(0)},
                .from = {known(1)},
                .to = {known(2)}};
  const auto body = std::make_shared<const std::string>(input.substr(3));
  const Result<std::vector<Letter>> letters = letters_in(body, way);
  if (!letters) return false;
  std::string again;
  for (const Letter& letter : *letters) {
    ensure(letter.message.term.value <= absurd);
    wire::put_letter(again, letter.group, letter.message, way);
  }
  ensure(again == *body);
  return !letters->empty();
}

bool eat_frames(std::string_view input) {
  if (input.size() < 2) return false;
  const std::size_t piece = 1 + static_cast<unsigned char>(input[0]);
  const bool makes = (input[1] & 1) != 0;
  std::string bytes(input.substr(2));
  if (makes) bytes = made_of(bytes);
  wire::FrameReader reader(most_body);
  reader.allow(most_body, wire_version((input[1] & 2) != 0));
  std::vector<Frame> whole;
  std::string_view rest = bytes;
  bool good = true;
  while (good && !rest.empty()) {
    good = reader.feed(rest.substr(0, piece), whole).has_value();
    rest.remove_prefix(std::min(piece, rest.size()));
  }
  std::string again;
  for (const Frame& frame : whole) {
    ensure(frame.body->size() <= most_body);
    again += framed(frame.kind, *frame.body);
    ensure(wire::refusal_in(frame).size() <= frame.body->size());
  }
  ensure(std::string_view(bytes).starts_with(again));
  return !whole.empty();
}

bool eat_hello(std::string_view input) {
  const Frame frame{FrameKind::hello, std::make_shared<const std::string>(input)};
  const Result<Hello> hello = hello_in(frame);
  if (!hello) return false;
  std::vector<Frame> whole;
  wire::FrameReader reader(wire::most_hello_bytes);
  ensure(reader.feed(frame_of(*hello), whole).has_value() && whole.size() == 1);
  const Result<Hello> again = hello_in(whole.front());
  ensure(again.has_value() && *again == *hello);
  const auto ways = agree(here(), *hello);
  const auto back = agree(*hello, here());
  ensure(ways.has_value() == back.has_value());
  ensure(!ways || (ways->out.cluster == back->in.cluster && ways->in.from == back->out.from));
  return true;
}

bool eat_parcels(std::string_view input) {
  if (input.empty()) return false;
  const Frame frame{static_cast<FrameKind>(input.front()),
                    std::make_shared<const std::string>(input.substr(1))};
  const Result<wire::Parcel> parcel = parcel_in(frame);
  if (!parcel) return false;
  ensure(frame_of(*parcel) == framed(frame.kind, *frame.body));
  return true;
}

bool eat_asks(std::string_view input) {
  if (input.empty()) return false;
  const Frame frame{static_cast<FrameKind>(input.front()),
                    std::make_shared<const std::string>(input.substr(1))};
  if (const Result<wire::Ask> ask = ask_in(frame)) {
    ensure(frame_of(*ask) == framed(frame.kind, *frame.body));
    ensure(!wire::text(ask->what).empty());
    return true;
  }
  const Result<wire::Answer> answer = answer_in(frame);
  if (answer) ensure(frame_of(*answer) == framed(frame.kind, *frame.body));
  return answer.has_value();
}

// Three of each kind, the last of the oldest version.
std::vector<Seed> letters_seeds() {
  std::vector<Seed> seeds;
  Prng prng(1);
  std::vector<int> made(std::variant_size_v<raft::Body>);
  while (seeds.size() < 3 * made.size()) {
    const raft::Message message = wire::forged_message(prng);
    const std::size_t kind = message.body.index();
    if (made[kind] == 3) continue;
    const bool old = made[kind] == 2;
    std::string bytes(old ? "\5\1\1" : "\1\1\1");
    wire::put_letter(bytes, {prng.below(300)}, message,
                     {.version = wire_version(old), .cluster = {1}, .from = {1}, .to = {1}});
    if (bytes.size() > 600) continue;
    seeds.push_back({std::to_string(kind) + "abc"[made[kind]++], std::move(bytes)});
  }
  return seeds;
}

std::vector<Seed> frames_seeds() {
  const std::string one = framed(FrameKind::letters, "some");
  const auto said = [](FrameKind kind, const std::string& body) {
    return static_cast<char>(kind) + u16(body.size()) + body;
  };
  const std::string several = said(FrameKind::hello, "who") + said(FrameKind::letters, "") +
                              said(FrameKind::letters, std::string(300, 'x')) +
                              said(FrameKind::pulse, "") + said(FrameKind::refusal, "no");
  return {{"raw", std::string("\x20\0", 2) + one},
          {"two", std::string("\0\0", 2) + one + one},
          {"several", "\x30\1" + several},
          {"old", "\x30\3" + several}};
}

std::vector<Seed> hello_seeds() {
  Hello there{.self = {2}, .wanted = {1}, .disk = {102}, .cluster = {5}, .shards = 2};
  std::vector<Seed> seeds;
  const auto add = [&](std::string name) {
    seeds.push_back({std::move(name), frame_of(there).substr(wire::frame_head_bytes)});
  };
  add("welcome");
  there.name = "north";
  there.cluster_name = "prod";
  there.newest = 9;
  add("newer");
  there.newest = 1;
  add("older");
  there.newest = 9;
  there.cluster = {6};
  add("stranger");
  there = {.oldest = wire::admin_since, .purpose = wire::Purpose::admin, .name = "an admin"};
  add("operator");
  return seeds;
}

// One of each kind.
std::vector<Seed> parcels_seeds() {
  std::vector<Seed> seeds;
  Prng prng(1);
  std::vector<bool> made(std::variant_size_v<wire::Parcel>);
  while (seeds.size() < made.size()) {
    const wire::Parcel parcel = wire::forged_parcel(prng);
    if (made[parcel.index()]) continue;
    made[parcel.index()] = true;
    const std::string frame = frame_of(parcel);
    seeds.push_back({std::to_string(parcel.index()),
                     frame.substr(2, 1) + frame.substr(wire::frame_head_bytes)});
  }
  return seeds;
}

// One of each kind.
std::vector<Seed> asks_seeds() {
  std::vector<Seed> seeds;
  const auto add = [&](std::string name, const std::string& frame) {
    seeds.push_back({std::move(name), frame.substr(2, 1) + frame.substr(wire::frame_head_bytes)});
  };
  Prng prng(1);
  std::vector<bool> asked(std::variant_size_v<wire::Asked>);
  std::vector<bool> answered(std::variant_size_v<wire::Answered>);
  while (seeds.size() < asked.size() + answered.size()) {
    const wire::Ask ask = wire::forged_ask(prng);
    const std::size_t kind = ask.what.index();
    if (!asked[kind]) add("ask" + std::to_string(kind), frame_of(ask));
    asked[kind] = true;
    const wire::Answer answer = wire::forged_answer(prng);
    const std::size_t sort = answer.what.index();
    if (!answered[sort]) add("answer" + std::to_string(sort), frame_of(answer));
    answered[sort] = true;
  }
  return seeds;
}

}  // namespace bowline::fuzz
