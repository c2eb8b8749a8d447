// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_letter.h"

#include <variant>

#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"

namespace bowline::sim::small {
namespace {

using Words = std::vector<std::uint64_t>;

void add(Words& words, const raft::VoteRequest& in) {
  words.insert(words.end(),
               {in.last.term.value, in.last.index.value, in.campaign.value, in.pre, in.transfer});
}
void add(Words& words, const raft::VoteReply& in) {
  words.insert(words.end(),
               {in.campaign.value, in.pre, in.granted, static_cast<std::uint64_t>(in.denial)});
}
void add(Words& words, const raft::AppendRequest& in) {
  words.insert(words.end(),
               {in.prev.term.value, in.prev.index.value, in.commit.value, in.round.value, in.news});
  for (const raft::Entry& entry : in.entries)
    words.insert(words.end(),
                 {entry.id.term.value, entry.id.index.value, static_cast<std::uint64_t>(entry.kind),
                  mixed(0, entry.payload.view())});
}
void add(Words& words, const raft::AppendReply& in) {
  words.insert(words.end(),
               {in.round.value, in.matched, in.full, in.installing, in.lost, in.match.value,
                in.refused.value, in.hint.term.value, in.hint.index.value});
}
template <class Other>
void add(Words&, const Other&) {
  ensure(false);  // see the header
}

}  // namespace

std::vector<std::uint64_t> words_of(const Letter& letter) {
  const raft::Message& m = letter.message;
  Words words{letter.from.value, letter.to.value, m.version,    m.cluster.value,
              m.from.value,      m.to.value,      m.term.value, m.body.index()};
  std::visit([&words](const auto& body) { add(words, body); }, m.body);
  return words;
}

}  // namespace bowline::sim::small
