// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_history.h"

#include <algorithm>

namespace bowline::sim::small {
namespace {

std::string node(std::uint64_t id) { return "node " + std::to_string(id); }
std::string entry(std::uint64_t index) { return "entry " + std::to_string(index); }
std::string term_of(std::uint64_t term) { return "term " + std::to_string(term); }

bool begins_with(const Marks& log, const Marks& part) {
  return part.size() <= log.size() && std::equal(part.begin(), part.end(), log.begin());
}

std::string elected(History& h, std::uint8_t term, std::uint64_t who, const Brief& now) {
  std::uint8_t& leader = h.leader_of[term];
  if (leader != 0 && leader != who)
    return node(leader) + " and " + node(who) + " both lead " + term_of(term);
  leader = static_cast<std::uint8_t>(who);
  for (std::size_t i = 0; i < h.committed.size(); ++i) {
    if (h.committed_in[i] >= term) break;
    if (i >= now.written.size() || now.written[i] != h.committed[i])
      return node(who) + " leads " + term_of(term) + " without " + entry(i + 1) +
             ", which was committed in " + term_of(h.committed_in[i]);
  }
  return {};
}

std::string committed(History& h, const Facts& facts, std::uint64_t who) {
  const std::size_t both = std::min(h.committed.size(), facts.committed.size());
  for (std::size_t i = 0; i < both; ++i)
    if (h.committed[i] != facts.committed[i])
      return node(who) + " applies another " + entry(i + 1) + " than was applied before";
  for (std::size_t i = both; i < facts.committed.size(); ++i) {
    h.committed.push_back(facts.committed[i]);
    h.committed_in.push_back(facts.term);
  }
  return {};
}

std::string acknowledged(const Facts& facts, std::uint64_t who, const Briefs& now) {
  for (std::uint64_t i = 0; i < nodes; ++i)
    if (now[i]->leads && now[i]->term == facts.term && i + 1 != who &&
        !begins_with(now[i]->written, facts.acknowledged))
      return node(who) + " acknowledges " + entry(facts.acknowledged.size()) + ", but " +
             node(i + 1) + ", which leads " + term_of(facts.term) + ", has another log";
  return {};
}

bool is_committed(const History& h, LogId id) {
  return id.index.value <= h.committed.size() &&
         h.committed[id.index.value - 1].term == id.term.value;
}

std::string told(History& h, const Facts& facts) {
  for (const LogId id : facts.done)
    if (!is_committed(h, id)) return "a client was told that its entry is committed, and it is not";
  h.never.insert(h.never.end(), facts.never.begin(), facts.never.end());
  for (const LogId id : h.never)
    if (is_committed(h, id)) return "a client was told that its entry will not be, and it is";
  return {};
}

std::string matching(const Marks& a, const Marks& b) {
  for (std::size_t i = std::min(a.size(), b.size()); i-- > 0;) {
    if (a[i].term != b[i].term) continue;
    if (a[i] == b[i]) return {};  // and so does all before it
    return entry(i + 1) + " of " + term_of(a[i].term) + " follows two different logs";
  }
  return {};
}

}  // namespace

std::uint64_t History::hash() const {
  std::uint64_t sum = proposed | (crashes << 8U) | (timers << 16U);
  for (const LogId id : never) sum = mixed(sum, ticket_of(id).value);
  for (const std::uint8_t leader : leader_of) sum = mixed(sum, leader);
  for (const Mark& mark : committed) sum = mixed(sum, mark.prefix);
  for (const std::uint8_t term : committed_in) sum = mixed(sum, term);
  return mixed(0, sum);
}

bool affordable(const Act& what, const History& h, const Limits& limits) {
  switch (what.kind) {
    case Act::Kind::propose: return h.proposed < limits.entries;
    case Act::Kind::crash: return h.crashes < limits.crashes;
    case Act::Kind::time_out:
    case Act::Kind::lose_touch: return limits.timers == 0 || h.timers < limits.timers;
    default: return true;
  }
}

std::string observe(History& h, const Facts& facts, std::uint64_t who, const Briefs& now) {
  h.proposed = static_cast<std::uint8_t>(h.proposed + facts.proposed);
  h.crashes = static_cast<std::uint8_t>(h.crashes + facts.crashed);
  h.timers = static_cast<std::uint8_t>(h.timers + facts.timer);
  if (facts.elected != 0)
    if (std::string broken = elected(h, facts.elected, who, *now[who - 1]); !broken.empty())
      return broken;
  if (std::string broken = committed(h, facts, who); !broken.empty()) return broken;
  if (std::string broken = acknowledged(facts, who, now); !broken.empty()) return broken;
  return told(h, facts);
}

std::string broken_commit(const History& h, std::uint64_t who, const Brief& now) {
  const std::size_t commit = now.commit;
  if (commit == 0) return {};
  const bool known = commit <= h.committed.size() && commit <= now.written.size();
  if (known && now.written[commit - 1] == h.committed[commit - 1]) return {};
  return node(who) + " takes " + entry(commit) + " for committed, which it is not";
}

std::string broken_state(const History& h, const Briefs& now) {
  for (std::uint64_t i = 0; i < nodes; ++i)
    if (std::string broken = matching(now[i]->written, now[(i + 1) % nodes]->written);
        !broken.empty())
      return broken;
  if (h.committed.empty()) return {};
  const auto copies = std::ranges::count_if(
      now, [&](const Brief* one) { return begins_with(one->durable, h.committed); });
  if (2 * static_cast<std::uint64_t>(copies) > nodes) return {};
  return entry(h.committed.size()) + " is committed, and on " + std::to_string(copies) +
         " disks only";
}

}  // namespace bowline::sim::small
