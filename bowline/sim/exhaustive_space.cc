// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_space.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <variant>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/sim/exhaustive_letter.h"

namespace bowline::sim::small {
namespace {

template <class List>
std::uint64_t hash_of(const List& list) {
  std::uint64_t hash = list.size();
  for (const auto word : list) hash = mixed(hash, word);
  return hash;
}

bool is_past(const Letter& letter, std::uint64_t rounds) {
  const auto* append = std::get_if<raft::AppendRequest>(&letter.message.body);
  return append != nullptr && append->round.value > rounds;
}

Brief brief_of(const Replica& r) {
  const Term term = r.core.term();
  return {.term = static_cast<std::uint8_t>(term.value),
          .commit = static_cast<std::uint8_t>(r.core.commit().value),
          .leads = r.core.leads(term),
          .written = marks(r.written, r.written.last()),
          .durable = marks(r.durable, r.durable.last())};
}

}  // namespace

std::uint64_t Space::Numbers::hash() const { return hash_of(list); }
std::uint64_t Space::Key::hash() const { return hash_of(words); }

Space::Space(const Limits& limits) : limits_(limits) {
  facts_.emplace_back();
  inbox({});
}

void Space::count(Report& report) const {
  report.replicas = replicas_.size();
  report.steps = steps_;
  report.letters = letters_.size();
  const auto many = static_cast<double>(report.replicas);
  report.collision = many * many / 2 / 18446744073709551616.0;
}

std::uint32_t Space::number(const Replica& r) {
  const auto [number, fresh] = digests_.number({digest(r)});
  if (!fresh) {
    if (limits_.check_merges) compare(replicas_[number], r);
    return number;
  }
  replicas_.push_back(r);
  briefs_.push_back(brief_of(r));
  own_.emplace_back();
  const auto kind = kinds_.number({digest_of_kind(r)});
  if (kind.fresh) first_of_kind_.push_back(number);
  kind_of_.push_back(kind.number);
  return number;
}

std::uint32_t Space::number(const Letter& letter) {
  const auto [number, fresh] = keys_.number({words_of(letter)});
  if (fresh) letters_.push_back(letter);
  return number;
}

std::uint32_t Space::number(Facts facts) {
  if (facts == facts_.front()) return 0;
  const auto known = std::ranges::find(facts_, facts);
  if (known != facts_.end()) return static_cast<std::uint32_t>(known - facts_.begin());
  facts_.push_back(std::move(facts));
  return static_cast<std::uint32_t>(facts_.size() - 1);
}

std::uint32_t Space::inbox(std::vector<std::uint32_t> letters) {
  std::uint8_t writers = 0;
  for (const std::uint32_t one : letters)
    if (one < letters_.size()) writers |= static_cast<std::uint8_t>(1U << letters_[one].from.value);
  const auto [number, fresh] = inboxes_.number({std::move(letters)});
  if (fresh) writers_.push_back(writers);
  return number;
}

bool Space::is_vote(std::uint32_t letter) const {
  const auto* vote = std::get_if<raft::VoteReply>(&letters_[letter].message.body);
  return vote != nullptr && vote->granted && !vote->pre;
}

std::uint32_t Space::set(std::vector<std::uint32_t> members) {
  std::ranges::sort(members);
  const auto rest = std::ranges::unique(members);
  members.erase(rest.begin(), rest.end());
  return inbox(std::move(members));
}

std::uint32_t Space::join(std::uint32_t a, std::uint32_t b) {
  if (a == b || b == 0) return a;
  if (a == 0) return b;
  const auto [number, fresh] = joins_.number({std::min(a, b), std::max(a, b)});
  if (!fresh) return joined_[number];
  std::vector<std::uint32_t> both;
  std::ranges::set_union(members(a), members(b), std::back_inserter(both));
  joined_.push_back(inbox(std::move(both)));
  return joined_[number];
}

std::vector<std::uint32_t> Space::difference(std::uint32_t a, std::uint32_t b) const {
  std::vector<std::uint32_t> rest;
  std::ranges::set_difference(members(a), members(b), std::back_inserter(rest));
  return rest;
}

std::uint32_t Space::living(std::uint32_t letters, std::uint32_t kind) {
  if (letters == 0) return 0;
  const auto [number, fresh] = sortings_.number({letters, kind});
  if (!fresh) return sorted_[number];
  std::vector<std::uint32_t> alive;
  for (const std::uint32_t one : members(letters))
    if (!dead(one, first_of_kind_[kind])) alive.push_back(one);
  sorted_.push_back(inbox(std::move(alive)));
  return sorted_[number];
}

std::uint32_t Space::site(std::uint32_t replica, const std::vector<std::uint32_t>& letters) {
  std::vector<std::uint32_t> alive;
  for (const std::uint32_t one : letters)
    if (!dead(one, replica)) alive.push_back(one);
  std::vector<std::uint32_t> votes;
  for (const std::uint32_t one : alive)
    if (is_vote(one)) votes.push_back(one);
  const auto [number, fresh] = sites_.number({replica, inbox(std::move(alive))});
  if (!fresh) return number;
  stem_of_.push_back(stems_.number({replica, inbox(std::move(votes))}).number);
  edges_.emplace_back();
  expanded_.push_back(false);
  return number;
}

std::uint32_t Space::site_of(const Replica& r) { return site(number(r), {}); }

const std::vector<std::uint32_t>& Space::with(std::uint32_t at, std::uint32_t letter) {
  const auto [number, fresh] = deliveries_.number({at, letter});
  if (!fresh) return delivered_[number];
  const Pair here = sites_[at];
  std::vector<std::uint32_t> letters = inboxes_[here.second].list;
  const auto place = std::ranges::lower_bound(letters, letter);
  std::vector<std::uint32_t> sites;
  if (dead(letter, here.first) || (place != letters.end() && *place == letter)) {
    sites.push_back(at);
  } else {
    letters.insert(place, letter);
    const bool fits = limits_.letters == 0 || letters.size() <= limits_.letters;
    if (fits) sites.push_back(site(here.first, letters));
    for (std::size_t lost = 0; !fits && lost < letters.size(); ++lost) {
      std::vector<std::uint32_t> rest = letters;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(lost));
      sites.push_back(site(here.first, rest));
    }
  }
  delivered_.push_back(std::move(sites));
  return delivered_[number];
}

// Answers to a question that nobody waits for any more, now or later: those of a term that is past
// for good (it is on disk, so not even a crash brings it back), or of a term that this replica
// stopped leading, or to a campaign that is over. Such a letter does nothing, whenever it comes.
bool Space::dead(std::uint32_t number, std::uint32_t replica) {
  const Replica& r = replicas_[replica];
  const raft::Message& m = letters_[number].message;
  if (planted(Bug::p05_counts_votes_of_older_term) || m.term > r.durable.hard.term) return false;
  if (const auto* vote = std::get_if<raft::VoteReply>(&m.body))
    if (r.core.role() == raft::Role::candidate && vote->campaign == r.campaign) return false;
  const bool may_lead = r.core.role() != raft::Role::follower && r.core.term() == m.term;
  if (std::holds_alternative<raft::AppendReply>(m.body) && may_lead) return false;
  return std::holds_alternative<raft::VoteReply>(m.body) ||
         std::holds_alternative<raft::AppendReply>(m.body);
}

Facts Space::facts_of(const Replica& before, const Act& what, const Taken& taken) const {
  const Replica& r = taken.after;
  Facts facts;
  const Term term = r.core.term();
  const auto now = static_cast<std::uint8_t>(term.value);
  if (r.core.leads(term) && !before.core.leads(term)) facts.elected = now;
  facts.proposed = what.kind == Act::Kind::propose;
  facts.crashed = what.kind == Act::Kind::crash;
  const bool fired = what.kind == Act::Kind::time_out || what.kind == Act::Kind::lose_touch;
  facts.timer = fired && limits_.timers != 0;
  for (const raft::Effect& effect : taken.effects) {
    if (const auto* commit = std::get_if<raft::Commit>(&effect))
      facts.committed = marks(r.written, commit->through);
    if (const auto* refused = std::get_if<raft::Refused>(&effect))
      facts.never.push_back(entry_of(refused->ticket));
    const auto* decided = std::get_if<raft::Decided>(&effect);
    if (decided == nullptr) continue;
    if (decided->outcome == raft::Outcome::committed)
      facts.done.push_back(entry_of(decided->ticket));
    if (decided->outcome == raft::Outcome::overruled)
      facts.never.push_back(entry_of(decided->ticket));
  }
  for (const Letter& letter : taken.sent)
    if (const auto* ack = std::get_if<raft::AppendReply>(&letter.message.body))
      if (ack->matched) facts.acknowledged = marks(r.durable, ack->match);
  if (!facts.committed.empty() || !facts.acknowledged.empty()) facts.term = now;
  return facts;
}

// Takes a step, unless it leads out of the limits or changes nothing.
void Space::take(std::uint32_t replica, Act what, std::vector<std::uint32_t>& outcomes) {
  const Letter* letter = hears(what) ? &letters_[what.letter] : nullptr;
  Taken taken = act(replicas_[replica], what, letter, limits_);
  ++steps_;
  Outcome outcome{.act = what, .after = replica, .facts = 0, .letters = {}, .broken = taken.broken};
  if (outcome.broken.empty()) {
    if (taken.after.core.term().value > limits_.terms) return;
    for (const Letter& sent : taken.sent)
      if (is_past(sent, limits_.rounds)) return;
    outcome.facts = number(facts_of(replicas_[replica], what, taken));
    outcome.after = number(taken.after);
    for (const Letter& sent : taken.sent) outcome.letters.push_back(number(sent));
    std::ranges::sort(outcome.letters);
    const auto rest = std::ranges::unique(outcome.letters);
    outcome.letters.erase(rest.begin(), rest.end());
    if (outcome.after == replica && outcome.letters.empty() && outcome.facts == 0) return;
  }
  const bool known = std::ranges::any_of(outcomes, [&](std::uint32_t i) {
    const Outcome& old = outcomes_[i];
    return old.after == outcome.after && old.facts == outcome.facts &&
           old.letters == outcome.letters && old.broken == outcome.broken;
  });
  if (known) return;
  outcomes.push_back(static_cast<std::uint32_t>(outcomes_.size()));
  outcomes_.push_back(std::move(outcome));
}

const std::vector<std::uint32_t>& Space::own(std::uint32_t replica) {
  if (!own_[replica].empty()) return own_[replica];
  std::vector<std::uint32_t> outcomes;
  for (const Act& what : acts_of(replicas_[replica], limits_)) take(replica, what, outcomes);
  return own_[replica] = std::move(outcomes);
}

const std::vector<std::uint32_t>& Space::heard(std::uint32_t replica, std::uint32_t letter) {
  const auto [number, fresh] = hearings_.number({replica, letter});
  if (!fresh) return heard_[number];
  heard_.emplace_back();
  std::vector<std::uint32_t> outcomes;
  take(replica, {Act::Kind::hear, 0, 0, letter}, outcomes);
  // Only a request for a vote asks for the time.
  if (std::holds_alternative<raft::VoteRequest>(letters_[letter].message.body))
    take(replica, {Act::Kind::hear_late, 0, 0, letter}, outcomes);
  return heard_[number] = std::move(outcomes);
}

const std::vector<Edge>& Space::edges(std::uint32_t at) {
  if (expanded_[at]) return edges_[at];
  const Pair here = sites_[at];
  const std::vector<std::uint32_t> letters = inboxes_[here.second].list;
  std::vector<std::uint32_t> outcomes = own(here.first);
  for (const std::uint32_t letter : letters)
    for (const std::uint32_t outcome : heard(here.first, letter)) outcomes.push_back(outcome);
  std::vector<Edge> edges;
  for (const std::uint32_t i : outcomes) {
    const Outcome& outcome = outcomes_[i];
    std::vector<std::uint32_t> rest = letters;
    if (limits_.letters > 0 && hears(outcome.act)) std::erase(rest, outcome.act.letter);
    const std::uint32_t target = site(outcome.after, rest);
    const auto same = [&](const Edge& edge) {
      const Outcome& other = outcomes_[edge.outcome];
      return edge.target == target && other.facts == outcome.facts &&
             other.letters == outcome.letters && other.broken == outcome.broken;
    };
    if (std::ranges::none_of(edges, same)) edges.push_back({target, i});
  }
  expanded_[at] = true;
  return edges_[at] = std::move(edges);
}

// Two replicas with one digest must do the same, whatever comes.
void Space::compare(const Replica& known, const Replica& same) {
  const auto differ = [&](const Act& what, const Letter* letter) {
    const Taken a = act(known, what, letter, limits_);
    const Taken b = act(same, what, letter, limits_);
    if (a.broken != b.broken || (a.broken.empty() && digest(a.after) != digest(b.after)))
      return true;
    return !std::ranges::equal(a.sent, b.sent, {}, words_of, words_of);
  };
  for (const Act& what : acts_of(known, limits_)) ensure(!differ(what, nullptr));
  for (const Letter& letter : letters_) {
    if (letter.to != known.id()) continue;
    ensure(!differ({Act::Kind::hear, 0, 0, 0}, &letter));
    ensure(!differ({Act::Kind::hear_late, 0, 0, 0}, &letter));
  }
}

}  // namespace bowline::sim::small
