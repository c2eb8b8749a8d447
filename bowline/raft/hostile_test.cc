// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <variant>

#include <gtest/gtest.h>

#include "bowline/base/prng.h"
#include "bowline/raft/core.h"
#include "bowline/raft/membership_codec.h"
#include "bowline/words/describe.h"

// Whatever comes from outside, in whatever role it finds us: it is dropped and counted, or taken as
// what a member may say; it never reaches an ensure(), which would end this process and fail here.
namespace bowline::raft {
namespace {

constexpr ClusterId our_cluster{77};
constexpr ClusterId recovered_cluster{78};
constexpr ClusterId foreign_cluster{79};

// A liar that is to be heard must at least know this.
ClusterId cluster_of(const Core& core) { return core.memberships().latest().membership->cluster; }

Membership three_voters(bool named) {
  Membership membership{.cluster = our_cluster, .members = {}};
  for (std::uint64_t id = 1; id <= 3; ++id) {
    Member member;
    member.id = {id};
    if (named) member.incarnation = {100 + id};
    membership.members.push_back(member);
  }
  return membership;
}

// One real core among liars: node 1 is real, and everything that it hears is made up here.
class Target {
 public:
  explicit Target(std::uint64_t seed) : dice_(seed) {
    Options options;
    options.lease_reads = dice_.chance(30);
    options.pre_vote = dice_.chance(70);
    options.uncommitted_bytes = options.entry_bytes = 4096;
    options_ = std::make_shared<const Options>(options);
    start();
  }

  void start() {
    Found found;
    const auto membership = std::make_shared<const Membership>(three_voters(dice_.chance(50)));
    found.base = {{}, membership, {}};
    if (dice_.chance(40)) add_past(found);
    if (dice_.chance(10)) found = {};  // a new node, of which no group knows yet
    core_ = std::make_unique<Core>(options_, Identity{{1}, our_cluster, {101}, dice_.next()},
                                   std::move(found), now_);
    writes_.clear();
  }

  Core& core() { return *core_; }
  Prng& dice() { return dice_; }
  Time now() const { return now_; }

  void step(Input input) {
    Effects effects;
    core_->step(now_, std::move(input), effects);
    perform(effects);
  }

  // Time passes, the disk works or rots, somebody asks: what makes us a follower, a candidate, a
  // leader, and in need of repair.
  void live() {
    switch (dice_.below(14)) {
      case 0: now_ = std::max(now_, core_->deadline() == never ? now_ : core_->deadline()); break;
      case 1: now_ = now_ + Duration(dice_.below(300'000'000)); break;
      case 2: return step(Propose{{next_ticket_++}, {Bytes::copy("x")}, {}});
      case 3: return step(Read{{next_ticket_++}, static_cast<ReadKind>(dice_.below(3))});
      case 4: return step(Transfer{{next_ticket_++}, {dice_.below(5)}});
      case 5: return step(Suspect{{dice_.below(5)}});
      case 6:
        return step(Reconfigure{
            {next_ticket_++}, {{.id = {1 + dice_.below(4)}, .address = {}, .metadata = {}}}, {}});
      case 7: return compact();
      case 8: return rot();
      case 9: return step(CancelChange{{next_ticket_++}});
      case 10: return step(Fullness{dice_.chance(30)});
      case 12: return step(Stalled{dice_.chance(30)});
      case 11:
        if (dice_.chance(2)) return step(Recover{{next_ticket_++}, recovered_cluster});
        break;
      default: break;
    }
    if (!writes_.empty() && dice_.chance(80)) {
      const Seq seq = writes_.front();
      writes_.pop_front();
      return step(Persisted{seq});
    }
    step(Woken{});
  }

  // The one honest answer among the lies, or no node would ever lead.
  std::optional<Received> honest_vote() {
    if (!asked_) return std::nullopt;
    const VoteRequest& request = std::get<VoteRequest>(asked_->message.body);
    Message m{.cluster = cluster_of(*core_),
              .from = {100 + asked_->to.value},
              .to = {101},
              .term = asked_->message.term,
              .body = VoteReply{request.campaign, request.pre, true, Denial::none}};
    const NodeId from = asked_->to;
    asked_.reset();
    return Received{from, std::move(m)};
  }

  // Somebody leads our term, and we follow.
  void hear_of_a_leader() {
    if (core_->role() != Role::follower || core_->leader() || !core_->term()) return;
    const std::uint64_t id = 2 + dice_.below(2);
    Message m{.cluster = cluster_of(*core_),
              .from = {100 + id},
              .to = {101},
              .term = core_->term(),
              .body = AppendRequest{}};
    step(Received{{id}, std::move(m)});
  }

  std::uint64_t impossible = 0;
  std::uint64_t repaired = 0;  // entries that were sent to us again
  std::uint64_t fetched = 0;   // snapshots instead of lost entries, or of far too many

 private:
  // What an earlier life left on the disk, some of it lost.
  void add_past(Found& found) {
    found.hard_state.term = {3};
    if (dice_.chance(50)) found.base = {{{1}, {4}}, found.base.membership, {2}};
    Index at = found.base.id.index;
    for (std::uint64_t n = dice_.below(6); n > 0; --n) {
      at = at.next();
      found.entries.push_back({{{2}, at}});
    }
    if (found.entries.empty() || dice_.chance(40)) return;
    const Index first = found.entries.front().last.index;
    found.damaged.push_back({first, first});
  }

  void compact() {  // lost entries were never applied, so no snapshot covers them
    const Index base = core_->outline().base().index;
    if (core_->commit() > base && !core_->damage().any()) step(Compacted{base.next()});
  }

  void rot() {
    const Index first{dice_.below(core_->outline().last().index.value + 3)};
    step(Unreadable{first, {first.value + dice_.below(3)}});
  }

  void perform(Effects& effects) {
    std::optional<Base> wanted;
    for (Effect& effect : effects) {
      EXPECT_FALSE(text(effect).empty());
      if (const auto* persist = std::get_if<Persist>(&effect)) {
        writes_.push_back(persist->seq);
        repaired += persist->repaired.size();
      }
      if (const auto* restore = std::get_if<Restore>(&effect)) wanted = restore->base;
      if (std::holds_alternative<Impossible>(effect)) ++impossible;
      if (auto* sent = std::get_if<Send>(&effect))
        if (std::holds_alternative<VoteRequest>(sent->message.body)) asked_ = std::move(*sent);
    }
    if (!wanted) return;
    ++fetched;
    if (dice_.chance(50)) return step(RestoreFailed{});
    step(Restored{*wanted});
  }

  Prng dice_;
  std::shared_ptr<const Options> options_;
  std::unique_ptr<Core> core_;
  std::deque<Seq> writes_;
  std::optional<Send> asked_;
  Time now_;
  std::uint64_t next_ticket_ = 1;
};

// Numbers that a person would not think of, and some that are just right.
std::uint64_t number(Prng& dice, std::uint64_t near) {
  switch (dice.below(8)) {
    case 0: return 0;
    case 1: return ~0ULL;
    case 2: return absurd;
    case 3: return absurd + dice.below(3);
    case 4: return dice.next();
    case 5: return near + dice.below(4);
    case 6: return near > 2 ? near - dice.below(3) : near;
    default: return near;
  }
}

LogId log_id(Prng& dice, const Core& core) {
  const LogId last = core.outline().last();
  if (dice.chance(60)) return last;
  return {{number(dice, last.term.value)}, {number(dice, last.index.value)}};
}

Batch entries(Prng& dice, LogId prev, Term term) {
  Batch batch;
  for (std::uint64_t n = dice.below(4); n > 0; --n) {
    const bool right = dice.chance(85);
    prev = {right ? term : Term{number(dice, term.value)},
            right ? prev.index.next() : Index{number(dice, prev.index.value)}};
    Entry entry{prev, static_cast<Kind>(dice.below(dice.chance(90) ? 3 : 256)), Bytes::copy("y")};
    if (entry.kind == Kind::membership && dice.chance(80))
      entry.payload = encode(three_voters(dice.chance(50)));
    batch.push_back(entry);
  }
  return batch;
}

// Of our own log, so that some are just what we miss; and a snapshot, if that is all there is left.
EntriesReply made_up_repair(Prng& dice, const Core& core, Term term) {
  EntriesReply reply;
  if (dice.chance(30)) reply.entries = entries(dice, log_id(dice, core), term);
  const Outline& outline = core.outline();
  const bool ours = dice.chance(70);
  for (Index i = outline.base().index.next(); ours && i <= outline.last().index; i = i.next()) {
    if (dice.chance(30)) continue;
    Entry entry{{*outline.term_at(i), i}, static_cast<Kind>(dice.below(3)), Bytes::copy("y")};
    if (entry.kind == Kind::membership && dice.chance(80))
      entry.payload = encode(three_voters(dice.chance(50)));
    reply.entries.push_back(std::move(entry));
  }
  if (dice.chance(40)) return reply;
  MembershipPtr membership;
  if (dice.chance(90))
    membership = std::make_shared<const Membership>(three_voters(dice.chance(50)));
  reply.base =
      Base{log_id(dice, core), std::move(membership), {number(dice, 1)}, {number(dice, 1)}};
  return reply;
}

Body made_up_body(Prng& dice, const Core& core, Term term) {
  const std::uint64_t last = core.outline().last().index.value;
  switch (dice.below(10)) {
    case 0: return VoteRequest{log_id(dice, core), {dice.next()}, dice.chance(50), dice.chance(50)};
    case 1:
      return VoteReply{{dice.next()},
                       dice.chance(50),
                       dice.chance(50),
                       static_cast<Denial>(dice.below(dice.chance(90) ? 5 : 256))};
    case 2: {
      const LogId prev = log_id(dice, core);
      return AppendRequest{.prev = prev,
                           .commit = {number(dice, last)},
                           .round = {number(dice, 3)},
                           .news = dice.chance(20),
                           .entries = entries(dice, prev, term)};
    }
    case 3:
      return AppendReply{.round = {number(dice, 2)},
                         .matched = dice.chance(50),
                         .full = dice.chance(10),
                         .installing = dice.chance(10),
                         .lost = dice.chance(10),
                         .match = {number(dice, last)},
                         .refused = {number(dice, last)},
                         .hint = log_id(dice, core)};
    case 4: {
      MembershipPtr membership;
      if (dice.chance(80)) membership = std::make_shared<const Membership>(three_voters(true));
      if (dice.chance(10)) membership = std::make_shared<const Membership>();
      return SnapshotOffer{{log_id(dice, core), membership, {number(dice, 1)}, {number(dice, 1)}},
                           {number(dice, last)},
                           {number(dice, 3)}};
    }
    case 5: return TimeoutNow{};
    case 6: return ReadRequest{{dice.next()}};
    case 7: return ReadReply{{dice.next()}, dice.chance(50), {number(dice, last)}};
    case 8: return EntriesRequest{{log_id(dice, core), log_id(dice, core)}};
    default: return made_up_repair(dice, core, term);
  }
}

Received made_up(Prng& dice, const Core& core) {
  Message m;
  if (dice.chance(5)) m.version = static_cast<std::uint8_t>(dice.next());
  m.cluster = dice.chance(90) ? cluster_of(core) : ClusterId{dice.next()};
  const std::uint64_t from = dice.chance(90) ? 2 + dice.below(2) : number(dice, 1);
  m.from = {dice.chance(90) ? 100 + from : dice.below(200)};
  m.to = {dice.chance(90) ? (dice.chance(50) ? 101ULL : 0ULL) : dice.next()};
  const std::uint64_t term = core.term().value;
  m.term = {dice.chance(85) ? term + dice.below(2) : number(dice, term)};
  m.body = made_up_body(dice, core, m.term);
  return {{from}, std::move(m)};
}

TEST(Hostile, made_up_messages_never_stop_the_process_in_any_role) {
  std::array<std::uint64_t, 3> met{};  // by role
  std::uint64_t stopped = 0;
  std::uint64_t told = 0;
  std::uint64_t repaired = 0;
  std::uint64_t fetched = 0;
  Drops all;
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    Target target(seed);
    for (int i = 0; i < 500; ++i) {
      ++met[static_cast<std::size_t>(target.core().role())];
      std::optional<Received> vote = target.honest_vote();
      if (vote && target.dice().chance(90)) {
        target.step(std::move(*vote));
      } else if (target.dice().chance(40)) {
        target.live();
      } else {
        target.step(made_up(target.dice(), target.core()));
      }
      // Terms only ever rise: one that nothing is above would be the last.
      ASSERT_LE(target.core().term().value, absurd + 1) << "seed " << seed;
      if (!target.core().stopped()) continue;
      ++stopped;
      const Drops& drops = target.core().drops();
      all.malformed += drops.malformed;
      target.start();
    }
    const Drops& drops = target.core().drops();
    all.version += drops.version;
    all.cluster += drops.cluster;
    all.identity += drops.identity;
    all.stranger += drops.stranger;
    all.malformed += drops.malformed;
    told += target.impossible;
    repaired += target.repaired;
    fetched += target.fetched;
  }
  for (const std::uint64_t times : met) EXPECT_GT(times, 200U);
  EXPECT_GT(stopped, 0U);    // a member that lies about leading stops us ...
  EXPECT_EQ(told, stopped);  // ... and we say why, once
  EXPECT_GT(repaired, 200U);
  EXPECT_GT(fetched, 200U);
  EXPECT_GT(all.version, 0U);
  EXPECT_GT(all.cluster, 0U);
  EXPECT_GT(all.identity, 0U);
  EXPECT_GT(all.stranger, 0U);
  EXPECT_GT(all.malformed, 0U);
}

std::string state_of(const Core& core) {
  std::string all = text(core);
  const std::size_t drops = all.find(" dropped");
  if (drops == std::string::npos) return all;
  const std::size_t end = std::min(all.find('\n', drops), all.size());
  return all.substr(0, drops) + all.substr(end);
}

std::uint64_t dropped(const Core& core) {
  const Drops& drops = core.drops();
  return std::uint64_t{drops.version} + drops.cluster + drops.identity + drops.stranger +
         drops.malformed;
}

// Each takes a message that may be one of ours, and makes it one that is not; or says that this one
// cannot be made so.
bool of_another_version(Received& in, const Core&) {
  in.message.version = protocol_version + 1;
  return true;
}
bool of_another_cluster(Received& in, const Core&) {
  in.message.cluster = foreign_cluster;
  return true;
}
bool beyond_all_terms(Received& in, const Core&) {
  in.message.term = Term{absurd + 1};
  return true;
}
// One such term after the other would use them up.
bool far_ahead(Received& in, const Core& core) {
  in.message.term = Term{core.term().value + (1ULL << 32) + 1};
  return true;
}
bool of_the_last_term(Received& in, const Core&) {
  in.message.term = Term{absurd};
  return true;
}
bool beyond_all_indexes(Received& in, const Core&) {
  const LogId far{in.message.term, {absurd + 1}};
  Body& body = in.message.body;
  if (auto* vote = std::get_if<VoteRequest>(&body)) {
    vote->last = far;
  } else if (auto* append = std::get_if<AppendRequest>(&body)) {
    append->prev = far;
  } else if (auto* answer = std::get_if<AppendReply>(&body)) {
    answer->match = far.index;
  } else if (auto* offer = std::get_if<SnapshotOffer>(&body)) {
    offer->base.id = far;
  } else if (auto* read = std::get_if<ReadReply>(&body)) {
    read->index = far.index;
  } else if (auto* request = std::get_if<EntriesRequest>(&body)) {
    request->wanted.push_back(far);
  } else if (auto* reply = std::get_if<EntriesReply>(&body)) {
    const auto membership = std::make_shared<const Membership>(three_voters(true));
    reply->base = {{in.message.term, far.index}, membership, {}, {}};
  } else {
    return false;
  }
  return true;
}
// Those who lead, and those who might, may be newer than our membership: see heard_of().
bool may_be_newer(const Body& body) {
  return std::holds_alternative<AppendRequest>(body) ||
         std::holds_alternative<SnapshotOffer>(body) || std::holds_alternative<VoteRequest>(body);
}
bool of_a_stranger(Received& in, const Core&) {
  in.from = {99};
  in.message.from = {199};
  return !may_be_newer(in.message.body);
}
bool of_another_life(Received& in, const Core& core) {
  const Member* const member = core.memberships().latest().membership->find({2});
  in.from = {2};
  in.message.from = {999};
  return member != nullptr && member->incarnation && !may_be_newer(in.message.body);
}
// Somebody leads already.
bool of_a_stranger_that_leads(Received& in, const Core& core) {
  in.from = {99};
  in.message.from = {199};
  in.message.term = core.term();
  if (!std::holds_alternative<SnapshotOffer>(in.message.body)) in.message.body = AppendRequest{};
  return bool(core.leader());
}
bool of_another_life_that_leads(Received& in, const Core& core) {
  const Member* const member = core.memberships().latest().membership->find({2});
  of_a_stranger_that_leads(in, core);
  in.from = {2};
  in.message.from = {999};
  return member != nullptr && member->incarnation && core.leader();
}

struct Spoiled {
  const char* name;
  bool (*spoil)(Received&, const Core&);
  bool to_candidates = true;
};
class WhatIsDropped : public testing::TestWithParam<Spoiled> {};

TEST_P(WhatIsDropped, changes_nothing_and_says_nothing) {
  std::array<std::uint64_t, 3> checked{};  // by role
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    Target target(seed);
    for (int i = 0; i < 100; ++i) {
      target.live();
      if (std::optional<Received> vote = target.honest_vote()) target.step(std::move(*vote));
      if (target.dice().chance(10)) target.hear_of_a_leader();
      if (target.core().stopped()) break;
      Received spoiled = made_up(target.dice(), target.core());
      spoiled.message.version = protocol_version;
      spoiled.message.cluster = cluster_of(target.core());
      spoiled.message.to = {};
      if (!GetParam().spoil(spoiled, target.core())) continue;
      const std::string before = state_of(target.core());
      const std::uint64_t drops = dropped(target.core());
      Effects effects;
      target.core().step(target.now(), std::move(spoiled), effects);
      EXPECT_TRUE(effects.empty());
      EXPECT_EQ(dropped(target.core()), drops + 1);
      EXPECT_EQ(state_of(target.core()), before);
      ++checked[static_cast<std::size_t>(target.core().role())];
    }
  }
  for (const Role role : {Role::follower, Role::candidate, Role::leader}) {
    if (role == Role::candidate && !GetParam().to_candidates) continue;
    EXPECT_GT(checked[static_cast<std::size_t>(role)], 100U);
  }
}

INSTANTIATE_TEST_SUITE_P(
    , WhatIsDropped,
    testing::Values(Spoiled{"version", of_another_version}, Spoiled{"cluster", of_another_cluster},
                    Spoiled{"term", beyond_all_terms}, Spoiled{"ahead", far_ahead},
                    Spoiled{"last_term", of_the_last_term}, Spoiled{"index", beyond_all_indexes},
                    Spoiled{"stranger", of_a_stranger}, Spoiled{"life", of_another_life},
                    Spoiled{"second", of_a_stranger_that_leads, false},
                    Spoiled{"leader", of_another_life_that_leads, false}),
    [](const auto& each) { return std::string(each.param.name); });

TEST(Hostile, a_stopped_replica_refuses_every_request) {
  Target target(5);
  while (!target.core().stopped()) {
    target.live();
    target.step(made_up(target.dice(), target.core()));
  }
  Effects effects;
  target.core().step(Time{Duration{1'000'000'000'000}}, Propose{{9}, {Bytes::copy("z")}, {}},
                     effects);
  ASSERT_EQ(effects.size(), 1U);
  EXPECT_EQ(std::get<Refused>(effects[0]).why, Refusal::stopped);
  EXPECT_EQ(target.core().deadline(), never);
}

}  // namespace
}  // namespace bowline::raft
