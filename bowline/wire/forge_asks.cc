// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <utility>
#include <variant>

#include "bowline/wire/forge.h"

namespace bowline::wire {
namespace {

std::uint64_t number(Prng& prng) { return prng.below(1 + (1ULL << prng.below(40))); }

LogId id(Prng& prng) {
  const Term term{number(prng)};
  return {term, {number(prng)}};
}

std::string words(Prng& prng) {
  return std::string(prng.below(30), static_cast<char>('a' + prng.below(26)));
}

void fill(Prng& prng, AskNode& ask) {
  ask.after = {number(prng)};
  ask.most_groups = static_cast<std::uint32_t>(prng.below(most_groups_at_once + 1));
}
void fill(Prng& prng, AskGroup& ask) { ask.group = {number(prng)}; }
void fill(Prng& prng, AskMembers& ask) {
  ask.group = {number(prng)};
  if (prng.chance(50)) ask.expected = Index{number(prng)};
  for (std::uint64_t count = prng.below(5); count > 0; --count)
    ask.wanted.push_back({{number(prng)},
                          static_cast<raft::Standing>(prng.below(3)),
                          static_cast<std::uint8_t>(prng.below(256)),
                          words(prng),
                          words(prng)});
}
void fill(Prng& prng, AskCancel& ask) { ask.group = {number(prng)}; }
void fill(Prng& prng, AskTransfer& ask) {
  ask.group = {number(prng)};
  ask.to = {number(prng)};
}
void fill(Prng& prng, AskSnapshot& ask) { ask.group = {number(prng)}; }
void fill(Prng& prng, AskRecover& ask) {
  ask.group = {number(prng)};
  ask.anew = {number(prng)};
}
void fill(Prng& prng, AskDestroy& ask) {
  ask.group = {number(prng)};
  ask.even_a_member = prng.chance(50);
}

void fill(Prng& prng, Done& answer) { answer.id = id(prng); }
void fill(Prng& prng, Declined& answer) {
  answer.why = static_cast<Why>(prng.below(5));
  answer.sentence = words(prng);
  answer.leader = {number(prng)};
  answer.address = words(prng);
}
void fill(Prng& prng, Unsure& answer) { answer.sentence = words(prng); }
void fill(Prng& prng, GroupReport& answer) {
  answer.group = {number(prng)};
  answer.node = {number(prng)};
  answer.role = static_cast<raft::Role>(prng.below(3));
  answer.term = {number(prng)};
  answer.leader = {number(prng)};
  answer.commit = {number(prng)};
  for (LogId* const at : {&answer.applied, &answer.last, &answer.base, &answer.snapshot})
    *at = id(prng);
  for (bool* const flag : {&answer.change_pending, &answer.asleep, &answer.damaged,
                           &answer.stateless, &answer.stopped})
    *flag = prng.chance(50);
  answer.members_at = {number(prng)};
  if (prng.chance(80)) {
    answer.members.cluster = {number(prng)};
    for (std::uint64_t one = 1 + prng.below(4); one > 0; --one)
      answer.members.members.insert(answer.members.members.begin(),
                                    {.id = {one}, .address = Text(words(prng))});
  }
  for (std::uint64_t count = prng.below(4); count > 0; --count) {
    PeerReport& peer = answer.peers.emplace_back();
    peer.id = {number(prng)};
    peer.match = {number(prng)};
    peer.mode = static_cast<raft::Progress::Mode>(prng.below(3));
    peer.up = prng.chance(50);
    peer.caught_up = prng.chance(50);
    if (prng.chance(50)) peer.silent = Duration(static_cast<std::int64_t>(number(prng)));
  }
}
void fill(Prng& prng, NodeReport& answer) {
  answer.id = {number(prng)};
  answer.name = words(prng);
  answer.newest_version = static_cast<std::uint8_t>(prng.below(9));
  answer.groups = number(prng);
  answer.leads = number(prng);
  for (std::uint64_t count = prng.below(4); count > 0; --count)
    answer.links.push_back({{number(prng)}, words(prng), static_cast<std::uint8_t>(prng.below(3))});
  for (std::uint64_t count = prng.below(4); count > 0; --count) {
    GroupLine line{{number(prng)}, static_cast<raft::Role>(prng.below(3)), {number(prng)}, {}};
    for (std::uint64_t takers = prng.below(4); takers > 0; --takers)
      line.takers.push_back({number(prng)});
    answer.lines.push_back(std::move(line));
  }
  answer.more = prng.chance(50);
}

template <class Variant, std::size_t... Kinds>
void fill_kind(Prng& prng, std::size_t wanted, Variant& what, std::index_sequence<Kinds...>) {
  static_cast<void>(
      ((wanted == Kinds && (fill(prng, what.template emplace<Kinds>()), true)) || ...));
}

template <class Named>
Named forged(Prng& prng) {
  constexpr std::size_t kinds = std::variant_size_v<decltype(Named::what)>;
  Named named;
  named.number = number(prng);
  fill_kind(prng, prng.below(kinds), named.what, std::make_index_sequence<kinds>());
  return named;
}

}  // namespace

Ask forged_ask(Prng& prng) { return forged<Ask>(prng); }
Answer forged_answer(Prng& prng) { return forged<Answer>(prng); }

}  // namespace bowline::wire
