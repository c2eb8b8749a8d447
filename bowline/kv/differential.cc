// SPDX-License-Identifier: Apache-2.0
#include "bowline/kv/differential.h"

#include <algorithm>
#include <utility>

#include "bowline/kv/snapshot.h"

namespace bowline::kv {
namespace {

Range everything() { return {.keys = {.key = std::string_view(), .range_end = {"\0", 1}}}; }

// Small, so that many of them are filled and cleaned; and at times there is no room.
std::shared_ptr<env::MemoryExtents> extents_of(std::uint64_t seed) {
  return std::make_shared<env::MemoryExtents>(
      env::MemoryExtents::Options{.extent_bytes = 256,
                                  .extents = seed % 3 == 0 ? 12U : 1000U,
                                  .later_every = static_cast<std::uint32_t>(seed % 5)});
}

// Next to nothing stays in memory. Half of the followers keep all there, and are the same.
ValueMemory memory_of(std::uint64_t seed, std::shared_ptr<env::MemoryExtents> extents) {
  return {.extents = std::move(extents), .bytes = seed % 4 * 20, .least_bytes = 1};
}

// So that what it views may go.
std::string bytes_of(RangeAnswer answer) {
  return encode(Answer{.said = TxnAnswer{.responses = {{.what = std::move(answer)}}}});
}

}  // namespace

std::string all_of(machine::Reader& reader, std::size_t most) {
  std::string all;
  while (true) {
    const Result<std::string> part = reader.next(most);
    if (!part) return "error: " + part.error().what;
    if (part->empty()) return all;
    all += *part;
  }
}

Differential::Differential(std::uint64_t seed)
    : random_(seed),
      asks_(seed % 3 != 0),
      extents_(extents_of(seed)),
      leader_(memory_of(seed, extents_)),
      follower_(seed % 2 == 0 ? ValueMemory{} : memory_of(seed, extents_)) {
  for (Twin* const twin : {&leader_, &follower_})
    for (std::uint64_t i = 0; i < 3; ++i) {
      auto checker = std::make_unique<WatchChecker>(twin->model, seed + i);
      const StreamId id = twin->machine.watches().open(*checker);
      twin->streams.push_back({id, std::move(checker)});
    }
}

void Differential::expect(bool holds, const std::string& what) {
  if (!holds && fault_.empty()) fault_ = what;
}

std::string Differential::run(std::uint64_t steps) {
  for (std::uint64_t i = 0; i < steps && fault_.empty(); ++i) step();
  apply(follower_, log_.size());
  for (Twin* const twin : {&leader_, &follower_}) {
    compare(*twin);
    finish(*twin);
  }
  compare_snapshots();
  return fault_;
}

void Differential::step() {
  random_.now_at(leader_.model.revision(), leader_.model.compacted());
  const std::uint64_t dice = random_.prng().below(100);
  if (dice < 40) {
    propose();
  } else if (dice < 55) {
    apply(follower_, 1 + random_.prng().below(12));
  } else if (dice < 70) {
    any().machine.step(1 + random_.prng().below(12));
  } else if (dice < 80) {
    read(any());
  } else if (dice < 95) {
    watch(any());
  } else if (dice < 98) {
    compare(any());
  } else {
    take_snapshot();
  }
  if (taken_ != nullptr) install();
  for (Twin* const twin : {&leader_, &follower_}) read_on(*twin);
  for (const Twin* const twin : {&leader_, &follower_})
    for (const Twin::Stream& stream : twin->streams)
      expect(stream.checker->fault().empty(), stream.checker->fault());
}

void Differential::propose() {
  if (random_.prng().chance(3)) ++term_;
  const std::uint64_t count = 1 + random_.prng().below(6);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string command = encode(random_.command(term_));
    if (random_.prng().chance(2)) command.resize(random_.prng().below(command.size()));
    log_.push_back({term_, std::move(command)});
  }
  apply(leader_, log_.size());
}

void Differential::apply(Twin& twin, std::uint64_t most) {
  const std::uint64_t end = std::min<std::uint64_t>(log_.size(), twin.applied + most);
  std::vector<machine::Command> commands;
  std::vector<std::string> wanted;
  for (; twin.applied < end; ++twin.applied) {
    const Entry& entry = log_[twin.applied];
    commands.push_back({{{entry.term}, {twin.applied + 1}}, Bytes::copy(entry.command)});
    const auto command = decode_command(entry.command);
    if (command) {
      expect(encode(*command) == entry.command, "a command that is written otherwise again");
      wanted.push_back(encode(twin.model.run(*command, entry.term)));
    } else {
      wanted.push_back(encode(Answer{twin.model.revision(), Refusal::malformed, {}}));
    }
  }
  std::vector<std::string> answers(commands.size());
  twin.machine.apply(commands, answers);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    expect(answers[i] == wanted[i],
           "the answer to one of the commands up to " + std::to_string(twin.applied));
    const auto decoded = decode_answer(answers[i]);
    expect(decoded.has_value() && encode(*decoded) == answers[i], "an answer written otherwise");
  }
}

void Differential::read(Twin& twin) {
  random_.now_at(twin.model.revision(), twin.model.compacted());
  const Range range = random_.range();
  const auto found = twin.machine.store().range(range);
  const auto wanted = twin.model.range(range);
  expect(found == wanted, "a range at " + std::to_string(range.revision));
  const auto now = twin.model.range({.keys = range.keys});
  expect(twin.machine.store().count(range.keys) == now->count, "a count");
  if (!wanted || range.keys.is_empty() || twin.slow) return;
  twin.slow.emplace(LongRange(twin.machine.store(), range, {}), bytes_of(*wanted));
}

// A slice, in which it may not come far.
void Differential::read_on(Twin& twin) {
  if (!twin.slow) return;
  LongRange& range = twin.slow->range;
  std::uint64_t most = 1 + slices_++ % 3;
  if (!range.step(most)) return twin.slow.reset();  // the state was replaced
  if (!range.is_ready()) return;
  RangeAnswer answer{.more = range.more(), .count = range.count()};
  while (const auto item = range.next()) answer.items.push_back(*item);
  expect(bytes_of(std::move(answer)) == twin.slow->wanted, "a range in slices");
  ++slow_reads_;
  twin.slow.reset();
}

void Differential::watch(Twin& twin) {
  Prng& prng = random_.prng();
  Twin::Stream& stream = twin.streams[prng.below(twin.streams.size())];
  Watches& watches = twin.machine.watches();
  const std::uint64_t dice = prng.below(10);
  if (dice < 3) {
    random_.now_at(twin.model.revision(), twin.model.compacted());
    const WatchRequest request = random_.watch();
    const auto id = static_cast<WatchId>(prng.below(6));
    const bool is_new = watches.create(stream.id, id, request);
    expect(is_new != stream.checker->has(id), "a watcher is created, or not");
    if (is_new) stream.checker->created(id, request);
  } else if (dice < 4) {
    const auto id = static_cast<WatchId>(prng.below(6));
    expect(watches.cancel(stream.id, id) == stream.checker->has(id), "a watcher is cancelled");
    stream.checker->canceled(id);
  } else if (dice < 7) {
    if (stream.checker->was_full()) watches.drained(stream.id);
  } else if (dice < 8) {
    stream.checker->reads(prng.chance(75));
  } else if (dice < 9) {
    if (const auto revision = watches.progress(stream.id)) stream.checker->told_progress(*revision);
  } else {
    watches.progress_due();
  }
}

void Differential::take_snapshot() {
  if (taken_ != nullptr) return;
  taken_ = std::make_unique<Taken>(
      Taken{snapshot_of(leader_.machine.state(), 200), leader_.model, leader_.applied, {}});
}

// A piece of it, and when it is whole, it may replace what an older follower has.
void Differential::install() {
  if (asks_ && !taken_->reader->is_ready()) return;
  Result<std::string> part = taken_->reader->next(1 + random_.prng().below(400));
  if (!part) return expect(false, part.error().what);
  if (!part->empty()) {
    taken_->bytes += *part;
    return;
  }
  const std::unique_ptr<Taken> taken = std::move(taken_);
  if (taken->index < follower_.applied) return;
  ++installed_;
  const std::unique_ptr<machine::Writer> writer = follower_.machine.restore();
  for (std::string_view rest = taken->bytes; !rest.empty();) {
    const std::string_view piece = rest.substr(0, 1 + random_.prng().below(2000));
    const Result<void> added = writer->add(piece);
    if (!added) return expect(false, added.error().what);
    rest.remove_prefix(piece.size());
  }
  const Result<void> done = writer->commit();
  if (!done) return expect(false, done.error().what);
  follower_.model = taken->model;
  follower_.applied = taken->index;
  compare(follower_);
}

void Differential::compare(const Twin& twin) {
  const Store& store = twin.machine.store();
  store.check();
  expect(store.revision() == twin.model.revision(), "the revision");
  expect(store.compacted() == twin.model.compacted(), "what is compacted");
  const std::int64_t oldest = std::max(first_revision, twin.model.compacted());
  for (std::int64_t at = oldest; at <= store.revision(); ++at) {
    Range range = everything();
    range.revision = at;
    expect(store.range(range) == twin.model.range(range), "all at " + std::to_string(at));
    if (store.revision() - at > 20) at += static_cast<std::int64_t>(random_.prng().below(20));
  }
  expect(twin.machine.alarms() == twin.model.alarms(), "the alarms");
  expect(twin.machine.leases().all().size() == twin.model.leases().size(), "how many leases");
  for (const auto& [id, lease] : twin.model.leases()) {
    const Lease* const found = twin.machine.leases().find(id);
    if (found == nullptr) return expect(false, "a lease is missing");
    std::vector<std::string> keys;
    keys.reserve(found->keys.size());
    for (const Key* const key : found->keys) keys.emplace_back(key->view());
    expect(found->tenure == lease.tenure, "which lease of its id it is");
    expect(found->ttl == lease.ttl && found->left == lease.left, "what a lease has");
    expect(keys == twin.model.keys_of(id), "the keys of a lease");
  }
}

// Everyone reads, until all has been told.
void Differential::finish(Twin& twin) {
  Watches& watches = twin.machine.watches();
  for (const Twin::Stream& stream : twin.streams) {
    stream.checker->reads(true);
    watches.drained(stream.id);
  }
  for (int i = 0; i < 100'000 && (twin.machine.can_step() || watches.behind() > 0); ++i) {
    twin.machine.step(7);
    for (const Twin::Stream& stream : twin.streams)
      if (stream.checker->was_full()) watches.drained(stream.id);
  }
  expect(watches.behind() == 0, "a watcher never catches up");
  for (const Twin::Stream& stream : twin.streams) {
    stream.checker->expect_all();
    expect(stream.checker->fault().empty(), stream.checker->fault());
  }
  twin.machine.store().check();
}

// Whatever each of them has forgotten already.
void Differential::compare_snapshots() {
  taken_.reset();
  leader_.machine.step(1000);
  const std::string one = all_of(*leader_.machine.snapshot(), 1000);
  expect(one == all_of(*follower_.machine.snapshot(), 777), "replicas differ");
}

std::uint64_t Differential::events() const {
  std::uint64_t sum = 0;
  for (const Twin* const twin : {&leader_, &follower_})
    for (const Twin::Stream& stream : twin->streams) sum += stream.checker->events_seen();
  return sum;
}

std::uint64_t Differential::ended() const {
  std::uint64_t sum = 0;
  for (const Twin* const twin : {&leader_, &follower_})
    for (const Twin::Stream& stream : twin->streams) sum += stream.checker->ended();
  return sum;
}

}  // namespace bowline::kv
