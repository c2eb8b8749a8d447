// SPDX-License-Identifier: Apache-2.0
#include "bowline/etcd/comparison.h"

#include <algorithm>
#include <chrono>
#include <expected>
#include <optional>
#include <utility>

#include "bowline/base/encoding.h"
#include "bowline/etcd/names.h"
#include "bowline/kv/command.h"

namespace bowline::etcd {
namespace {

constexpr std::string_view asks_for = "sum";

// Each member asks when it starts, and whoever leads once in a while.
constexpr std::size_t most_ahead = 16;

// To sum up ten million keys takes some seconds, beside all else that a member does.
constexpr Duration patience = std::chrono::seconds(30);

using Past = std::pair<std::int64_t, std::int64_t>;
Past past_of(const HashOfPast& sum) { return {sum.revision, sum.compacted}; }

// What comes most often, and how often.
template <class What, class Of>
std::pair<What, std::size_t> commonest(const Sums& sums, Of of) {
  std::map<What, std::size_t> counts;
  for (const auto& [member, sum] : sums)
    if (const std::optional<What> one = of(sum)) ++counts[*one];
  const auto most =
      std::ranges::max_element(counts, {}, [](const auto& one) { return one.second; });
  if (most == counts.end()) return {};
  return {most->first, most->second};
}

// hash u32, revision u64, compacted u64
std::string encode(const HashOfPast& sum) {
  std::string said;
  put(said, sum.hash);
  put(said, static_cast<std::uint64_t>(sum.revision));
  put(said, static_cast<std::uint64_t>(sum.compacted));
  return said;
}

std::optional<HashOfPast> sum_in(const std::string& said) {
  Cursor in(said);
  HashOfPast sum;
  sum.hash = in.u32();
  sum.revision = static_cast<std::int64_t>(in.u64());
  sum.compacted = static_cast<std::int64_t>(in.u64());
  return in.good() && in.at_end() ? std::optional(sum) : std::nullopt;
}

}  // namespace

std::vector<NodeId> who_differs(const Sums& sums, std::size_t members) {
  const auto [past, compared] =
      commonest<Past>(sums, [](const HashOfPast& sum) { return std::optional(past_of(sum)); });
  const auto [right, agree] = commonest<std::uint32_t>(
      sums, [&past](const HashOfPast& sum) -> std::optional<std::uint32_t> {
        if (past_of(sum) != past) return std::nullopt;
        return sum.hash;
      });
  if (agree == compared) return {};
  if (agree <= members / 2) return {NodeId{}};
  std::vector<NodeId> others;
  for (const auto& [member, sum] : sums)
    if (past_of(sum) == past && sum.hash != right) others.push_back(member);
  return others;
}

bool all_were_compared(const Sums& sums, std::size_t members) {
  const auto is_of_the_same = [&sums](const auto& one) {
    return past_of(one.second) == past_of(sums.begin()->second);
  };
  return sums.size() >= members && std::ranges::all_of(sums, is_of_the_same);
}

Comparison::Comparison(Here& here)
    : here_(here),
      hashes_(here),
      timer_(here.loop.timer([this] { look(); })),
      patience_(here.loop.timer([this] { end(); })) {
  here_.quorum.serve_any(std::string(asks_for),
                         [this](std::string_view what, env::Done<std::string> answer) {
                           serve(what, std::move(answer));
                         });
  const Time now = here_.clock.now();
  const Comparisons& when = here_.settings.comparisons;
  if (when.every > Duration(0)) next_all_ = now + when.every;
  if (when.compacted_every > Duration(0)) next_compacted_ = now + when.compacted_every;
  here_.loop.set(timer_, std::min(next_all_, next_compacted_));
}

Comparison::~Comparison() {
  here_.loop.drop(timer_);
  here_.loop.drop(patience_);
}

void Comparison::look() {
  const Time now = here_.clock.now();
  const Comparisons& when = here_.settings.comparisons;
  if (now >= next_all_) {
    next_all_ = now + when.every;
    compare(Over::all);
  }
  if (now >= next_compacted_) {
    next_compacted_ = now + when.compacted_every;
    compare(Over::compacted);
  }
  here_.loop.set(timer_, std::min(next_all_, next_compacted_));
}

// Only the leader: its read shows all that was done, and so what it asks the others for is there or
// will be at once.
void Comparison::compare(Over what) {
  if (round_.told || !here_.quorum.leads()) return;
  const std::int64_t compacted = here_.store().compacted();
  if (what == Over::compacted && (compacted <= 0 || compacted == compared_compaction_)) return;
  here_.quorum.read(life_.guard([this, what](const std::optional<Wrong>& wrong) {
    if (wrong || round_.told || !here_.quorum.leads()) return;
    const kv::Store& store = here_.store();
    if (what == Over::all)
      return begin(store.revision(), [this](const Sums& sums) { judge(sums); });
    begin(store.compacted(), [this, compacted = store.compacted()](const Sums& sums) {
      judge(sums);
      const raft::Membership* const members = here_.members();
      if (members != nullptr && all_were_compared(sums, members->members.size()))
        compared_compaction_ = compacted;  // else it is tried again
    });
  }));
}

// Ours comes first: meanwhile the others have applied as much.
void Comparison::begin(std::int64_t revision, env::Done<Sums> told) {
  const raft::Membership* const members = here_.members();
  if (members == nullptr) return told({});
  round_ = {.number = round_.number + 1,
            .asked = members->members.size(),
            .heard = 0,
            .sums = {},
            .told = std::move(told)};
  here_.loop.set(patience_, here_.clock.now() + patience);
  hashes_.ask(revision, life_.guard([this, number = round_.number,
                                     revision](const std::expected<HashOfPast, Wrong>& sum) {
    if (number != round_.number || !round_.told) return;
    const raft::Membership* const now = here_.members();
    if (!sum || now == nullptr) return end();
    std::string what;
    put(what, static_cast<std::uint64_t>(revision));
    for (const raft::Member& one : now->members)
      if (one.id != here_.self())
        here_.quorum.ask_member(one.id, asks_for, what,
                                life_.guard([this, number, id = one.id](const std::string& said) {
                                  heard(number, id, said);
                                }));
    heard(number, here_.self(), encode(*sum));
  }));
}

void Comparison::heard(std::uint64_t number, NodeId member, const std::string& said) {
  if (number != round_.number || !round_.told) return;
  if (const std::optional<HashOfPast> sum = sum_in(said)) round_.sums[member] = *sum;
  if (++round_.heard >= round_.asked) end();
}

// Those who did not say anything are asked another time.
void Comparison::end() {
  if (!round_.told) return;
  here_.loop.set(patience_, never);
  ++rounds_;
  std::exchange(round_.told, {})(std::exchange(round_.sums, {}));
  if (at_start_ && !round_.told) compare_at_start(std::exchange(at_start_, {}));
}

void Comparison::judge(const Sums& sums) {
  const raft::Membership* const members = here_.members();
  if (members == nullptr) return;
  for (const NodeId one : who_differs(sums, members->members.size())) raise(one);
}

void Comparison::raise(NodeId member) {
  const kv::Alarm alarm{.member = member.value, .kind = kv::Alarm::Kind::corrupt};
  if (here_.machine.alarms().contains(alarm)) return;
  const std::string raised =
      "the alarm CORRUPT is raised, and nothing is written until it is cleared. ";
  here_.tell(member ? "the data of member " + hex_of(member.value) +
                          " are not those of the others: " + raised +
                          "Remove that member, and add it anew with an empty data directory"
                    : "the members have different data, and no majority agrees on any: " + raised +
                          "Compare them with HashKV, and restore those that are wrong");
  const kv::AlarmChange change{.action = kv::AlarmChange::Action::raise, .alarm = alarm};
  // If it comes to nothing, the next comparison raises it again.
  here_.quorum.propose(kv::encode(kv::Command(change)),
                       [](const std::expected<std::string, Wrong>&) {});
}

void Comparison::compare_at_start(env::Done<bool> told) {
  if (round_.told) {
    at_start_ = std::move(told);  // after the round that is under way
    return;
  }
  begin(here_.store().revision(), [this, told = std::move(told)](const Sums& sums) mutable {
    const auto ours = sums.find(here_.self());
    if (ours == sums.end()) return told(true);
    std::size_t same = 0;
    std::size_t different = 0;
    for (const auto& [member, sum] : sums) {
      if (member == here_.self() || past_of(sum) != past_of(ours->second)) continue;
      ++(sum.hash == ours->second.hash ? same : different);
    }
    told(different <= same);
  });
}

void Comparison::serve(std::string_view what, env::Done<std::string> answer) {
  Cursor in(what);
  const auto revision = static_cast<std::int64_t>(in.u64());
  if (!in.good() || revision <= 0) return answer({});
  if (revision <= here_.store().revision()) return sum_up(revision, std::move(answer));
  ahead_.push_back({revision, std::move(answer)});
  if (ahead_.size() <= most_ahead) return;
  Asked oldest = std::move(ahead_.front());
  ahead_.erase(ahead_.begin());
  oldest.answer({});
}

void Comparison::applied() {
  const std::int64_t revision = here_.store().revision();
  const auto is_behind = [revision](const Asked& one) { return one.revision > revision; };
  if (std::ranges::all_of(ahead_, is_behind)) return;
  for (Asked& one : std::exchange(ahead_, {})) {
    if (is_behind(one)) {
      ahead_.push_back(std::move(one));
    } else {
      sum_up(one.revision, std::move(one.answer));
    }
  }
}

// Nothing, if this member has forgotten as much.
void Comparison::sum_up(std::int64_t revision, env::Done<std::string> answer) {
  hashes_.ask(revision,
              [answer = std::move(answer)](const std::expected<HashOfPast, Wrong>& sum) mutable {
                answer(sum ? encode(*sum) : std::string());
              });
}

}  // namespace bowline::etcd
