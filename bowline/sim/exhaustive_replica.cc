// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/exhaustive_replica.h"

#include <algorithm>
#include <memory>
#include <utility>
#include <variant>

#include "bowline/base/ensure.h"
#include "bowline/base/mutant.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/sim/abstraction.h"
#include "bowline/sim/exhaustive_promises.h"
#include "bowline/sim/hash.h"

namespace bowline::sim::small {
namespace {

constexpr ClusterId cluster{7};
Incarnation incarnation_of(NodeId id) { return {100 + id.value}; }

std::shared_ptr<const raft::Options> options_of(bool pre_vote) {
  raft::Options options;
  options.pre_vote = pre_vote;
  options.hasty_tries = 0;  // haste only moves moments, and we have none
  return std::make_shared<const raft::Options>(options);
}

raft::Found found_on(const Image& disk) {
  raft::Found found{
      .hard_state = disk.hard, .base = disk.base, .entries = {}, .configs = {}, .damaged = {}};
  for (const Line& line : disk.lines) {
    found.entries.push_back({.last = line.entry.id});
    if (line.entry.kind == raft::Kind::membership)
      found.configs.push_back(
          {line.entry.id.index, raft::decode_membership(line.entry.payload.view())});
  }
  return found;
}

raft::Core booted(std::shared_ptr<const raft::Options> options, NodeId id, const Image& disk,
                  std::uint8_t life) {
  // The seed names the campaigns of a life, and these must differ from life to life.
  const raft::Identity who{.self = id,
                           .cluster = cluster,
                           .incarnation = incarnation_of(id),
                           .seed = 16 * id.value + life};
  raft::Core core(std::move(options), who, found_on(disk), Time{});
  raft::Abstraction::forget_times(core);
  return core;
}

std::uint64_t sum(std::uint64_t hash, const raft::HardState& hard) {
  hash = mixed(hash, hard.term.value);
  hash = mixed(hash, hard.voted_for.value);
  hash = mixed(hash, hard.blank);
  return mixed(hash, hard.voted_incarnation.value);
}

std::uint64_t sum(std::uint64_t hash, const std::vector<Line>& lines) {
  hash = mixed(hash, lines.size());
  return lines.empty() ? hash : mixed(hash, lines.back().prefix);
}

std::uint64_t sum(std::uint64_t hash, const Write& write) {
  hash = mixed(hash, write.hard.has_value());
  if (write.hard) hash = sum(hash, *write.hard);
  hash = mixed(hash, write.cut_after ? 1 + write.cut_after->value : 0);
  return sum(hash, write.entries);
}

// ---- a crash

void lose_power(Replica& r, const Act& what, std::shared_ptr<const raft::Options> options) {
  for (std::size_t i = 0; i < what.count; ++i) apply(r.writes[i], r.durable);
  if (what.count < r.writes.size()) apply(r.writes[what.count], what.parts, r.durable);
  r.writes.clear();
  r.written = r.durable;
  ++r.life;
  r.campaign = {};
  r.core = booted(std::move(options), r.id(), r.durable, r.life);
}

// ---- a step

Time moment(const Replica& r, Act::Kind kind) {
  const Duration timeout = raft::Options{}.election;
  switch (kind) {
    case Act::Kind::hear_late: return Time{2 * timeout};
    case Act::Kind::lose_touch: return Time{timeout};
    case Act::Kind::time_out:
    case Act::Kind::beat: return r.core.deadline();
    default: return Time{};
  }
}

raft::Input input_of(Replica& r, const Act& what, const Letter* letter) {
  switch (what.kind) {
    case Act::Kind::hear:
    case Act::Kind::hear_late: return raft::Received{letter->from, letter->message};
    case Act::Kind::propose: {
      const LogId next{r.core.term(), r.core.outline().last().index.next()};
      return raft::Propose{ticket_of(next), {Bytes::copy(std::to_string(r.id().value))}, {}};
    }
    case Act::Kind::finish: {
      const Seq last = r.writes[what.count - 1U].seq;
      for (std::size_t i = 0; i < what.count; ++i) apply(r.writes[i], r.durable);
      r.writes.erase(r.writes.begin(), r.writes.begin() + what.count);
      return raft::Persisted{last};
    }
    case Act::Kind::time_out:
    case Act::Kind::lose_touch:
    case Act::Kind::beat: return raft::Woken{};
    case Act::Kind::crash: break;
  }
  ensure(false);
  return raft::Woken{};
}

// ---- what the host does with the effects

std::uint64_t prefix_through(const Image& image, Index index) {
  const Line* line = image.at(index);
  return line == nullptr ? image.base_prefix : line->prefix;
}

std::string perform(const raft::Persist& persist, Replica& r) {
  if (persist.base || persist.discard || !persist.repaired.empty())
    return "a write that nobody could ask for here";
  Write write{.seq = persist.seq,
              .hard = persist.hard_state,
              .base = {},
              .base_prefix = 0,
              .discard = false,
              .cut_after = persist.cut_after,
              .repaired = {},
              .entries = {}};
  const Index after = persist.cut_after.value_or(r.written.last());
  std::uint64_t prefix = prefix_through(r.written, after);
  for (const raft::Entry& entry : persist.entries) {
    prefix = extended(prefix, entry);
    write.entries.push_back({entry, prefix});
  }
  if (!apply(write, r.written)) return "the log would have a hole";
  r.writes.push_back(std::move(write));
  return {};
}

std::string perform(const raft::SendSpan& span, const Replica& r, std::vector<Letter>& sent) {
  Letter letter{r.id(), span.to, span.head};
  auto& request = std::get<raft::AppendRequest>(letter.message.body);
  for (Index i = request.prev.index.next(); i <= span.last; i = i.next()) {
    const Line* line = r.written.at(i);
    if (line == nullptr)
      return "a span names entry " + std::to_string(i.value) + ", which the log does not have";
    request.entries.push_back(line->entry);
  }
  sent.push_back(std::move(letter));
  return {};
}

std::string perform(const raft::Effect& effect, Taken& taken) {
  Replica& r = taken.after;
  if (const auto* persist = std::get_if<raft::Persist>(&effect)) return perform(*persist, r);
  if (const auto* span = std::get_if<raft::SendSpan>(&effect)) return perform(*span, r, taken.sent);
  if (const auto* send = std::get_if<raft::Send>(&effect))
    taken.sent.push_back({r.id(), send->to, send->message});
  if (const auto* wrong = std::get_if<raft::Impossible>(&effect))
    return "node " + std::to_string(r.id().value) + " stopped itself: " + wrong->evidence;
  return {};
}

// A failed ensure() of the core is a finding like others: the core that failed is thrown away.
struct Failed {
  std::string where;
};

[[noreturn]] void fail(const char* file, unsigned line, const char* function) {
  throw Failed{std::string(file) + ":" + std::to_string(line) + ": ensure failed in " + function};
}

std::string step(Time at, raft::Input&& input, Taken& taken) {
  const EnsureListener former = on_ensure_failure(fail);
  std::string failure;
  try {
    taken.after.core.step(at, std::move(input), taken.effects);
  } catch (const Failed& failed) {
    failure = failed.where;
  }
  on_ensure_failure(former);
  return failure;
}

}  // namespace

Replica newborn(NodeId id, const Limits& limits) {
  raft::Membership group{.cluster = cluster, .members = {}};
  for (std::uint64_t i = 1; i <= nodes; ++i)
    group.members.push_back(
        {.id = {i}, .incarnation = incarnation_of({i}), .address = {}, .metadata = {}});
  Image disk;
  disk.base.membership = std::make_shared<const raft::Membership>(std::move(group));
  return {.core = booted(options_of(limits.pre_vote), id, disk, 1),
          .durable = disk,
          .written = disk,
          .writes = {},
          .campaign = {}};
}

std::uint64_t digest_of_kind(const Replica& r) {
  std::uint64_t hash = mixed(r.id().value, r.life);
  hash = mixed(hash, static_cast<std::uint64_t>(r.core.role()));
  hash = sum(sum(hash, r.durable.hard), r.durable.lines);
  hash = mixed(hash, r.writes.size());
  for (const Write& write : r.writes) hash = sum(hash, write);
  hash = mixed(hash, r.voted_in);
  hash = mixed(hash, r.voted_for);
  return mixed(hash, r.campaign.value);
}

std::uint64_t digest(const Replica& r) {
  constexpr auto answers = raft::Abstraction::Answers::do_not;  // nobody reads or hands over
  return mixed(digest_of_kind(r), raft::Abstraction::digest(r.core, answers));
}

Marks marks(const Image& image, Index through) {
  Marks out;
  for (const Line& line : image.lines) {
    if (line.entry.id.index > through) break;
    out.push_back({line.prefix, static_cast<std::uint8_t>(line.entry.id.term.value)});
  }
  return out;
}

std::vector<Act> acts_of(const Replica& r, const Limits& limits) {
  std::vector<Act> acts;
  const auto add = [&acts](Act::Kind kind, std::size_t count = 0, std::size_t parts = 0) {
    acts.push_back({kind, static_cast<std::uint8_t>(count), static_cast<std::uint8_t>(parts), 0});
  };
  const bool leads = r.core.leads(r.core.term());
  add(leads ? Act::Kind::lose_touch : Act::Kind::time_out);
  if (leads) add(Act::Kind::beat);
  for (std::size_t n = 1; n <= r.writes.size(); ++n) add(Act::Kind::finish, n);
  if (leads && limits.entries > 0) add(Act::Kind::propose);
  if (limits.crashes == 0) return acts;
  for (std::size_t n = 0; n <= r.writes.size(); ++n) {
    const std::size_t parts = n < r.writes.size() ? r.writes[n].parts() : 1;
    for (std::size_t part = 0; part < parts; ++part) add(Act::Kind::crash, n, part);
  }
  return acts;
}

Taken act(const Replica& before, const Act& what, const Letter* letter, const Limits& limits) {
  Taken taken{.after = before, .effects = {}, .sent = {}, .broken = {}};
  Replica& r = taken.after;
  if (what.kind == Act::Kind::crash) {
    lose_power(r, what, options_of(limits.pre_vote));
    return taken;
  }
  const Time at = moment(r, what.kind);
  taken.broken = step(at, input_of(r, what, letter), taken);
  for (const raft::Effect& effect : taken.effects) {
    if (!taken.broken.empty()) return taken;
    taken.broken = perform(effect, taken);
  }
  if (!taken.broken.empty()) return taken;
  raft::Abstraction::forget_times(r.core);
  taken.broken = broken_promise(before, taken);
  // Of a term that is past for good nobody can be promised anything any more.
  if (r.durable.hard.term.value > r.voted_in) r.voted_in = r.voted_for = 0;
  return taken;
}

}  // namespace bowline::sim::small
