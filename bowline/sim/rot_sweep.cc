// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/rot_sweep.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/sim/cohort_load.h"
#include "bowline/sim/hash.h"
#include "bowline/wal/identity.h"
#include "bowline/wal/names.h"
#include "bowline/wal/survey.h"

namespace bowline::sim {
namespace {

using namespace std::chrono_literals;

constexpr Duration long_enough = 60s;
constexpr std::uint64_t nodes = 3;
constexpr NodeId third{3};
constexpr std::uint64_t alone_after = 150;  // operations; the third node has none after that
constexpr std::uint64_t reads_every = 64;   // of the flips: all is read back
constexpr std::uint64_t most_sectors = 16;

// A file of the disk that is damaged, and how much of it counts.
struct Target {
  std::string name;
  std::uint64_t bytes = 0;
  std::uint64_t covered = 0;  // from the beginning on
  std::string content;
};

// Where the log ends in each segment: as a start would see it, from the newest to the oldest.
std::uint64_t covered_by(const Target& target, Incarnation disk, std::optional<wal::Seal>& seal) {
  if (target.name == wal::identity_name) return target.bytes;
  const auto number = wal::segment_number(target.name);
  if (!number) return 0;
  std::string copy = target.content;
  const Result<wal::Survey> survey = wal::survey(copy, {disk.value, *number, 0}, seal);
  ensure(survey.has_value());
  if (survey->batches.empty()) return 0;
  const wal::Table& front = survey->batches.front().table;
  seal = wal::Seal{*front.follows, front.echo};
  return survey->end * env::block_bytes;
}

std::vector<Target> targets_on(const Platter& platter, Incarnation disk) {
  std::vector<Target> targets;
  for (const env::Listed& file : platter.list_durable())
    targets.push_back({.name = file.name,
                       .bytes = file.bytes,
                       .covered = 0,
                       .content = *platter.durable(file.name, 0, file.bytes)});
  std::optional<wal::Seal> seal;
  for (auto target = targets.rbegin(); target != targets.rend(); ++target)
    target->covered = covered_by(*target, disk, seal);
  return targets;
}

std::string without_numbers(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool digit = c >= '0' && c <= '9';
    if (!digit) out += c;
    if (digit && !out.ends_with('#')) out += '#';
  }
  return out;
}

class Sweep {
 public:
  Sweep(const RotSweep& sweep, RotSweepEnd& end)
      : sweep_(sweep), end_(end), options_(sweep_options(nodes)) {
    log_only_ = options_;
    log_only_.whole = false;
  }

  void run() {
    prepare();
    if (!fine()) return;
    std::uint64_t number = 0;
    for (const Target& target : targets_) {
      for (std::uint64_t at = 0; at < target.bytes && fine(); ++at) {
        if (!sweep_.part.mine(++number, end_.bytes)) continue;
        number_ = number;
        flip(target, at);
        if (fine() && number % sweep_.late_every == 0) flip_late(target, at);
        if (sweep_.part.ticks) sweep_.part.ticks();
      }
    }
    for (const Harm rot : {Harm::sectors, Harm::unreadable, Harm::misdirected, Harm::latent})
      for (std::uint64_t i = 1; i <= sweep_.each_large && fine(); ++i) large(rot, i);
    judge_refusals();
  }

 private:
  bool fine() const { return end_.wrong.empty(); }
  void fail(Harm rot, std::string what) {
    if (!fine()) return;
    end_.wrong = std::move(what);
    end_.kind = rot;
    end_.at = number_;
  }
  void count(Harm rot, Cure cure) {
    ++end_.cured[static_cast<std::size_t>(rot)][static_cast<std::size_t>(cure)];
  }
  std::uint64_t seed_of(std::uint64_t number) const { return mixed(sweep_.part.seed, number); }

  // The third node goes, the others go on; then the power of all fails just after the last
  // acknowledgement (or a little later, when nothing was left to do).
  void prepare() {
    Cohort cohort(options_, sweep_.part.seed);
    if (!go(cohort)) return fail(Harm::flip, "without any damage: " + cohort.wrong);
    record_ = cohort.record;
    victim_ = cohort.leader() == NodeId{1} ? NodeId{2} : NodeId{1};
    fresh_ = remains_of(cohort);
    cohort.run(200ms);
    record_late_ = cohort.record;
    marked_ = remains_of(cohort);
    targets_ = targets_on(fresh_[victim_.value - 1].platter, {1000 + victim_.value});
    targets_late_ = targets_on(marked_[victim_.value - 1].platter, {1000 + victim_.value});
    for (const Target& target : targets_) end_.bytes += target.bytes;
    Cohort calm(log_only_, 1);
    calm.adopt(victim_, fresh_[victim_.value - 1]);
    if (!opens(calm, victim_)) return fail(Harm::flip, "without any damage: " + why_not(calm));
    calm_ = *calm.account(victim_);
  }

  bool go(Cohort& cohort) const {
    cohort.start_all();
    CohortLoad load(cohort, sweep_.part.seed, sweep_operations);
    if (!load.run(alone_after)) return false;
    load.calm();
    cohort.hold(third, true);
    if (!cohort.all_vote() || !cohort.settles(long_enough)) return false;
    cohort.lose_power(third);
    return load.run(sweep_operations - alone_after);
  }

  static std::vector<Remains> remains_of(const Cohort& cohort) {
    std::vector<Remains> all;
    for (std::uint64_t id = 1; id <= nodes; ++id) {
      Decisions decisions(id);
      Chance chance(decisions, {.part = Part::plan});
      all.push_back(cohort.remains({id}));
      all.back().platter.lose_power(chance, Loss::everything);
    }
    return all;
  }

  static bool opens(Cohort& cohort, NodeId id) {
    cohort.start(id);
    cohort.run_until([&] { return cohort.open(id) || !cohort.running(id); }, long_enough);
    return cohort.open(id) && cohort.wrong.empty();
  }
  std::string why_not(const Cohort& cohort) const {
    if (!cohort.wrong.empty()) return cohort.wrong;
    return "it does not start: " + cohort.refused(victim_);
  }

  unsigned bit_of(std::uint64_t number) const { return static_cast<unsigned>(seed_of(number) % 8); }

  // --- one bit

  void flip(const Target& target, std::uint64_t at) {
    Cohort cohort(log_only_, seed_of(number_));
    cohort.adopt(victim_, fresh_[victim_.value - 1]);
    cohort.platter(victim_).flip(target.name, at, bit_of(number_));
    if (!opens(cohort, victim_)) return fail(Harm::flip, why_not(cohort));
    if (number_ % reads_every == 0) cohort.read_back(victim_);
    if (!cohort.wrong.empty()) return fail(Harm::flip, cohort.wrong);
    const wal::Account& account = *cohort.account(victim_);
    const bool noticed = account.mended > 0 || account.damaged > 0 || account.torn != calm_.torn;
    if (at >= target.covered) {
      ++end_.bare;
      if (noticed) return fail(Harm::flip, "a byte that nothing covers has an effect");
      return count(Harm::flip, Cure::unhurt);
    }
    ++end_.covered;
    if (!noticed) return fail(Harm::flip, "it was not noticed");
    ++end_.detected;
    const bool whole =
        cohort.platter(victim_).durable(target.name, 0, target.bytes) == target.content;
    if (account.damaged == 0 && account.torn == calm_.torn && whole)
      return count(Harm::flip, Cure::mended);
    heal(Harm::flip, fresh_, record_,
         [&](Platter& platter) { return platter.flip(target.name, at, bit_of(number_)); });
  }

  // The log is open already: whoever reads meets it.
  void flip_late(const Target& target, std::uint64_t at) {
    Cohort cohort(log_only_, seed_of(number_));
    cohort.adopt(victim_, fresh_[victim_.value - 1]);
    if (!opens(cohort, victim_)) return fail(Harm::flip_late, why_not(cohort));
    cohort.platter(victim_).flip(target.name, at, bit_of(number_));
    cohort.read_back(victim_);
    if (!cohort.wrong.empty()) return fail(Harm::flip_late, cohort.wrong);
    ++end_.late;
    count(Harm::flip_late, at < target.covered ? Cure::mended : Cure::unhurt);
  }

  // --- more than one block

  void large(Harm rot, std::uint64_t number) {
    const std::uint64_t only = sweep_.part.only;
    if (only == 0 ? number % sweep_.part.parts != sweep_.part.part - 1 : number != only) return;
    number_ = number;
    if (rot == Harm::misdirected) {
      misdirect();
    } else if (rot == Harm::latent) {
      scrub();
    } else {
      spread(rot);
    }
    if (sweep_.part.ticks) sweep_.part.ticks();
  }

  void spread(Harm rot) {
    Prng prng(mixed(seed_of(number_), static_cast<std::uint64_t>(rot)));
    std::vector<const Target*> hit;
    for (const Target& target : targets_late_)
      if (target.covered > 0) hit.push_back(&target);
    const Target& target = *hit[prng.below(hit.size())];
    const std::uint64_t count = 2 + prng.below(most_sectors - 1);
    const std::uint64_t all = target.covered / sector_bytes;
    const std::uint64_t first = prng.below(all - std::min(all - 1, count));
    heal(rot, marked_, record_late_, [&](Platter& platter) {
      return rot == Harm::sectors
                 ? platter.rot(target.name, first, std::min(count, all), prng.next())
                 : platter.spoil(target.name, first, std::min(count, all));
    });
  }

  // All three run, one of its writes goes astray, and later it starts again.
  void misdirect() {
    const std::uint64_t seed = seed_of(number_);
    Prng prng(seed);
    Cohort cohort(options_, seed);
    cohort.start_all();
    CohortLoad load(cohort, seed, sweep_operations);
    load.calm();  // all of them vote
    const std::uint64_t before = 20 + prng.below(sweep_operations - 60);
    if (!load.run(before)) return fail(Harm::misdirected, "before it: " + cohort.wrong);
    const NodeId victim{1 + prng.below(nodes)};
    cohort.platter(victim).arrange(Mishap::misdirected_write);
    if (!load.run(1 + prng.below(30))) return fail(Harm::misdirected, cohort.stuck());
    cohort.run(100ms);
    cohort.kill(victim);
    cohort.start(victim);
    go_on(Harm::misdirected, cohort, victim);
  }

  // All three run, and one's disk rots where nobody reads any more. Once it was scrubbed, whoever
  // does finds everything.
  void scrub() {
    Prng prng(mixed(seed_of(number_), static_cast<std::uint64_t>(Harm::latent)));
    CohortOptions options = options_;
    options.log.scrub_every = 20ms;
    options.log.scrub_bytes_per_second = 32 << 20;
    Cohort cohort(options, seed_of(number_));
    cohort.record = record_late_;
    for (std::uint64_t id = 1; id <= nodes; ++id) cohort.adopt({id}, marked_[id - 1]);
    cohort.start_all();
    if (!cohort.settles(long_enough)) return fail(Harm::latent, cohort.stuck());
    if (!rot_behind(cohort, prng)) return count(Harm::latent, Cure::unhurt);
    wal::Log& log = cohort.log(victim_);
    const std::uint64_t goal = log.scrubbed().rounds + 2;
    cohort.run_until([&] { return log.scrubbed().rounds >= goal; }, long_enough);
    if (!cohort.settles(long_enough)) return fail(Harm::latent, cohort.stuck());
    cohort.read_back(victim_);
    const bool mended = log.scrubbed().mended > 0;
    cohort.kill(victim_);
    cohort.start(victim_);
    if (!cohort.settles(long_enough)) return fail(Harm::latent, cohort.stuck());
    cohort.audit();
    if (!cohort.wrong.empty()) return fail(Harm::latent, cohort.wrong);
    if (cohort.mended(victim_) > 0) return count(Harm::latent, Cure::entries);
    count(Harm::latent, mended ? Cure::mended : Cure::unhurt);
  }

  bool rot_behind(Cohort& cohort, Prng& prng) {
    std::vector<const Target*> cold;
    for (const Target& target : targets_late_)
      if (const auto number = wal::segment_number(target.name);
          number && *number < cohort.log(victim_).landed_at().segment && target.covered > 0)
        cold.push_back(&target);
    if (cold.empty()) return false;
    const Target& target = *cold[prng.below(cold.size())];
    const std::uint64_t all = target.covered / sector_bytes;
    const std::uint64_t sectors = 1 + prng.below(most_sectors);
    const std::uint64_t first = prng.below(all - std::min(all - 1, sectors));
    Platter& platter = cohort.platter(victim_);
    return prng.chance(50) ? platter.rot(target.name, first, std::min(sectors, all), prng.next())
                           : platter.spoil(target.name, first, std::min(sectors, all));
  }

  // A write that went astray must not pass for one that belongs there. A start is refused only
  // where nobody can know any more what was lost, and that is rare.
  void judge_refusals() {
    std::uint64_t tries = 0;
    for (std::size_t i = 0; i < cures; ++i)
      tries += end_.of(Harm::misdirected, static_cast<Cure>(i));
    if (end_.of(Harm::misdirected, Cure::refused) > 2 + tries / 20)
      fail(Harm::misdirected, "too many starts are refused after a write went astray");
  }

  template <class Hurt>
  void heal(Harm rot, const std::vector<Remains>& all, const Record& record, Hurt hurt) {
    Cohort cohort(options_, seed_of(number_));
    cohort.record = record;
    for (std::uint64_t id = 1; id <= nodes; ++id) cohort.adopt({id}, all[id - 1]);
    if (!hurt(cohort.platter(victim_))) return fail(rot, "it cannot be damaged there");
    cohort.start_all();
    go_on(rot, cohort, victim_);
  }

  // Whatever was lost is there again in the end, and by whose doing?
  void go_on(Harm rot, Cohort& cohort, NodeId victim) {
    std::optional<wal::Account> account;
    cohort.run_until(
        [&] {
          if (cohort.open(victim)) account = cohort.account(victim);
          return account.has_value() || !cohort.running(victim);
        },
        long_enough);
    if (!cohort.settles(long_enough)) return fail(rot, cohort.stuck());
    cohort.audit();
    if (!cohort.wrong.empty()) return fail(rot, cohort.wrong);
    if (const std::string& why = cohort.refused(victim); !why.empty()) {
      ++end_.refusals[without_numbers(why)];
      return count(rot, Cure::refused);
    }
    if (cohort.mended(victim) > 0) return count(rot, Cure::entries);
    if (cohort.restored(victim) > 0) return count(rot, Cure::snapshot);
    count(rot, account && account->mended > 0 ? Cure::mended : Cure::unhurt);
  }

  RotSweep sweep_;
  RotSweepEnd& end_;
  CohortOptions options_;
  CohortOptions log_only_;
  NodeId victim_;
  std::vector<Remains> fresh_;   // right after the last acknowledgement
  std::vector<Remains> marked_;  // a little later
  Record record_;
  Record record_late_;
  std::vector<Target> targets_;
  std::vector<Target> targets_late_;
  wal::Account calm_;
  std::uint64_t number_ = 0;
};

}  // namespace

const char* name(Harm rot) {
  constexpr std::array<const char*, rots> names{"one bit",
                                                "one bit, met by a read",
                                                "2 to 16 sectors garbage",
                                                "2 to 16 sectors unreadable",
                                                "a write astray",
                                                "1 to 16 sectors, scrubbed"};
  return names[static_cast<std::size_t>(rot)];
}

void run(const RotSweep& sweep, RotSweepEnd& end) { Sweep(sweep, end).run(); }

}  // namespace bowline::sim
