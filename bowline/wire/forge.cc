// SPDX-License-Identifier: Apache-2.0
#include "bowline/wire/forge.h"

#include <string>
#include <utility>
#include <variant>

namespace bowline::wire {
namespace {

using namespace raft;

// Small numbers mostly, and now and then one of any size.
std::uint64_t number(Prng& prng) {
  const std::uint64_t most = 1ULL << prng.below(prng.chance(20) ? 63 : 12);
  return prng.below(most + 1);
}

LogId id(Prng& prng) {
  const Term term{number(prng)};
  return {term, {number(prng)}};
}

Bytes payload(Prng& prng) {
  std::string text(prng.chance(80) ? prng.below(40) : prng.below(3000), '\0');
  for (char& c : text) c = static_cast<char>(prng.next());
  return Bytes::own(std::move(text));
}

Kind kind(Prng& prng) { return static_cast<Kind>(prng.below(3)); }

MembershipPtr membership(Prng& prng) {
  if (prng.chance(20)) return nullptr;
  auto made = std::make_shared<Membership>();
  made->cluster = {number(prng)};
  const std::uint64_t count = 1 + prng.below(5);
  for (std::uint64_t i = 1; i <= count; ++i)
    made->members.push_back({.id = {i}, .incarnation = {number(prng)}, .address = Text("a:1")});
  return made;
}

Base base(Prng& prng) {
  const LogId through = id(prng);
  MembershipPtr members = membership(prng);
  const Index index{number(prng)};
  return {through, std::move(members), index, {number(prng)}};
}

void fill(Prng& prng, VoteRequest& body) {
  body = {id(prng), {number(prng)}, prng.chance(50), prng.chance(50)};
}
void fill(Prng& prng, VoteReply& body) {
  body = {{number(prng)}, prng.chance(50), prng.chance(50), static_cast<Denial>(prng.below(5))};
}
void fill(Prng& prng, AppendRequest& body) {
  body.prev = id(prng);
  body.commit = {number(prng)};
  body.round = {number(prng)};
  body.news = prng.chance(20);
  body.rest = prng.chance(20);
  LogId last = body.prev;
  for (std::uint64_t count = prng.below(6); count > 0; --count) {
    last = {last.term + (prng.chance(20) ? prng.below(5) : 0), last.index.next()};
    body.entries.push_back({last, kind(prng), payload(prng)});
  }
}
void fill(Prng& prng, AppendReply& body) {
  body.round = {number(prng)};
  body.matched = prng.chance(50);
  body.full = prng.chance(20);
  body.installing = prng.chance(20);
  body.resting = prng.chance(20);
  body.lost = prng.chance(20);
  body.match = {number(prng)};
  body.refused = {number(prng)};
  body.hint = id(prng);
}
void fill(Prng& prng, SnapshotOffer& body) {
  body.base = base(prng);
  body.commit = {number(prng)};
  body.round = {number(prng)};
}
void fill(Prng&, TimeoutNow&) {}
void fill(Prng& prng, ReadRequest& body) { body.id = {number(prng)}; }
void fill(Prng& prng, ReadReply& body) { body = {{number(prng)}, prng.chance(50), {number(prng)}}; }
void fill(Prng& prng, EntriesRequest& body) {
  for (std::uint64_t count = prng.below(6); count > 0; --count) body.wanted.push_back(id(prng));
}
void fill(Prng& prng, EntriesReply& body) {
  for (std::uint64_t count = prng.below(6); count > 0; --count)
    body.entries.push_back({id(prng), kind(prng), payload(prng)});
  if (prng.chance(50)) body.base = base(prng);
}

void fill(Prng& prng, WantSnapshot& parcel) { parcel = {{number(prng)}, id(prng)}; }
void fill(Prng& prng, HaveSnapshot& parcel) { parcel = {{number(prng)}, payload(prng)}; }
void fill(Prng& prng, NoSnapshot& parcel) {
  parcel = {{number(prng)}, std::string(prng.below(50), static_cast<char>('a' + prng.below(26)))};
}
template <class Which>
Which which(Prng& prng) {
  Which parcel;
  parcel.group = {number(prng)};
  parcel.identity = prng.next();
  parcel.number = static_cast<std::uint32_t>(prng.below(5000));
  return parcel;
}
void fill(Prng& prng, WantPiece& parcel) { parcel = which<WantPiece>(prng); }
void fill(Prng& prng, Piece& parcel) {
  parcel = which<Piece>(prng);
  parcel.bytes = payload(prng);
}
void fill(Prng& prng, GonePiece& parcel) { parcel = which<GonePiece>(prng); }

template <class Variant, std::size_t... Kinds>
void fill_kind(Prng& prng, std::size_t wanted, Variant& body, std::index_sequence<Kinds...>) {
  static_cast<void>(
      ((wanted == Kinds && (fill(prng, body.template emplace<Kinds>()), true)) || ...));
}

}  // namespace

Message forged_message(Prng& prng, Version version) {
  Message message{.cluster = {prng.below(3)},
                  .from = {1 + prng.below(3)},
                  .to = {prng.below(3)},
                  .term = {number(prng)},
                  .body = {}};
  constexpr std::size_t bodies = std::variant_size_v<Body>;
  fill_kind(prng, prng.below(bodies), message.body, std::make_index_sequence<bodies>());
  if (version >= rest_since) return message;
  if (auto* append = std::get_if<AppendRequest>(&message.body)) append->rest = false;
  if (auto* reply = std::get_if<AppendReply>(&message.body)) reply->resting = false;
  return message;
}

Parcel forged_parcel(Prng& prng) {
  Parcel parcel;
  constexpr std::size_t parcels = std::variant_size_v<Parcel>;
  fill_kind(prng, prng.below(parcels), parcel, std::make_index_sequence<parcels>());
  return parcel;
}

Way forged_way(Prng& prng) {
  return {.version = static_cast<Version>(1 + prng.below(newest_version)),
          .cluster = {prng.below(3)},
          .from = {1 + prng.below(3)},
          .to = {prng.below(3)}};
}

}  // namespace bowline::wire
