// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_story.h"

#include <variant>

#include "bowline/words/describe.h"

namespace bowline::sim::small {
namespace {

std::string text(const Act& what, const Letter* letter) {
  const std::string number = std::to_string(what.count);
  switch (what.kind) {
    case Act::Kind::hear:
      return "hears from " + std::to_string(letter->from.value) + ": " +
             raft::text(letter->message);
    case Act::Kind::hear_late:
      return "after a silence, hears from " + std::to_string(letter->from.value) + ": " +
             raft::text(letter->message);
    case Act::Kind::time_out: return "'s election timer fires";
    case Act::Kind::beat: return "'s heartbeat is due";
    case Act::Kind::lose_touch: return "finds that no quorum answers it";
    case Act::Kind::finish: return "'s disk has finished " + number + " of its writes";
    case Act::Kind::propose: return "is asked by a client";
    case Act::Kind::crash:
      return "loses power and is back: of its writes in flight " + number + " survive, and " +
             std::to_string(what.parts) + " parts of the next";
  }
  return {};
}

}  // namespace

std::vector<std::string> told(const Space& space, std::uint32_t site, const Outcome& outcome,
                              const Limits& limits) {
  const Replica& before = space.replica_at(site);
  const Act& what = outcome.act;
  const Letter* letter = hears(what) ? &space.letter(what.letter) : nullptr;
  const std::string words = text(what, letter);
  std::vector<std::string> lines{"node " + std::to_string(before.id().value) +
                                 (words.starts_with('\'') ? "" : " ") + words};
  const Taken taken = act(before, what, letter, limits);
  for (const raft::Effect& effect : taken.effects) lines.push_back("    " + raft::text(effect));
  return lines;
}

}  // namespace bowline::sim::small
