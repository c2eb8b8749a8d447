// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bowline/base/ensure.h"
#include "bowline/sim/hash.h"
#include "bowline/sim/log_rig.h"
#include "bowline/wal/inspect.h"
#include "bowline/wal/names.h"

// A log that has some segments behind it, for tests of what is done about rot in them.
namespace bowline::sim {

inline wal::Options scrub_options() {
  using namespace std::chrono_literals;
  wal::Options options;
  options.segment_bytes = 32 * env::block_bytes;
  options.batch_bytes = 8 * env::block_bytes;
  options.tail_bytes = 1;  // all entries are read from the disk
  options.move_below_permille = 0;
  options.most_segments = 1000;
  options.scrub_every = 1s;
  return options;
}

// What can go wrong with one block.
enum class Decay : std::uint8_t { bit, head, sector, block, unreadable_sector, unreadable };
inline constexpr std::uint64_t decays = 6;

class ScrubRig {
 public:
  static constexpr std::uint64_t groups = 3;
  static constexpr Duration period = std::chrono::seconds(3);  // more than a round takes

  explicit ScrubRig(std::uint64_t seed, wal::Options options = scrub_options())
      : rig(seed, options) {
    ensure(rig.start());
    while (cold().size() < 4) write_some();
    rig.run(std::chrono::milliseconds(100));
  }

  // On a disk that was copied.
  explicit ScrubRig(LogRig other) : rig(std::move(other)) {}

  void write(GroupId group, std::uint64_t entries, std::uint64_t bytes) {
    const Image& image = rig.shadow(group).written();
    Write write;
    write.seq = next();
    if (seqs_ % 7 == 0) write.hard = raft::HardState{{seqs_}, {2}, {3}};
    Index at = image.last();
    std::uint64_t prefix = image.lines.empty() ? image.base_prefix : image.lines.back().prefix;
    for (; entries > 0; --entries) {
      at = at.next();
      raft::Entry entry{{{1}, at}, raft::Kind::command, Bytes::own(value(bytes))};
      prefix = extended(prefix, entry);
      write.entries.push_back({std::move(entry), prefix});
    }
    rig.submit(group, std::move(write));
    ensure(rig.drain(std::chrono::seconds(60)));
  }
  void write_some() {
    const std::uint64_t n = next().value;
    write({1 + n % groups}, 1 + n % 5, n % 4 == 0 ? 9'000 : 700);
  }
  // Nothing through here is needed any more.
  void compact(GroupId group, Index through) {
    const Image& image = rig.shadow(group).written();
    const Line* line = image.at(through);
    ensure(line != nullptr);
    Write write;
    write.seq = next();
    write.hard = raft::HardState{{write.seq.value}, {1}, {1}};
    raft::Membership members;
    members.cluster = ClusterId{77};
    members.members.emplace_back().id = {1};
    write.base = raft::Base{
        line->entry.id, std::make_shared<const raft::Membership>(std::move(members)), {}, {}};
    write.base_prefix = line->prefix;
    rig.submit(group, std::move(write));
  }
  Seq next() { return {++seqs_}; }

  std::vector<std::uint64_t> cold() {
    std::vector<std::uint64_t> found;
    for (const env::Listed& file : rig.platter.list())
      if (const auto number = wal::segment_number(file.name))
        if (*number < rig.log().landed_at().segment) found.push_back(*number);
    return found;
  }
  std::string content(std::uint64_t segment) const {
    return *rig.platter.durable(wal::segment_name(segment), 0, scrub_options().segment_bytes);
  }
  std::vector<wal::Batch> batches(std::uint64_t segment) const {
    std::string bytes = content(segment);
    return wal::salvage(bytes, {rig.opened()->identity.disk.value, segment, 0});
  }

  void hurt(std::uint64_t segment, std::uint64_t block, Decay decay) {
    const std::string name = wal::segment_name(segment);
    Platter& platter = rig.platter;
    const std::uint64_t sector = block * block_sectors;
    const bool done = [&] {
      switch (decay) {
        case Decay::bit: return platter.flip(name, block * env::block_bytes + 1234, 3);
        case Decay::sector: return platter.rot(name, sector + 5, 1);
        case Decay::block: return platter.rot(name, sector, block_sectors);
        case Decay::head: return platter.flip(name, block * env::block_bytes + 17, 0);
        case Decay::unreadable_sector: return platter.spoil(name, sector + 2, 1);
        case Decay::unreadable: return platter.spoil(name, sector, block_sectors);
      }
      return false;
    }();
    ensure(done);
  }

  // Until a whole round is over that began after this.
  void scrub() {
    const std::uint64_t goal = rig.log().scrubbed().rounds + 2;
    rig.loop().run_until([&] { return rig.log().scrubbed().rounds >= goal; },
                         std::chrono::seconds(100));
  }
  // False: there were not so many operations until all was mended.
  bool lose_power_at(std::uint64_t point, std::uint64_t way) {
    const auto loss = way < losses ? std::optional(static_cast<Loss>(way)) : std::nullopt;
    bool failed = false;
    rig.platter.crash_at(rig.platter.points() + point, [&] {
      rig.platter.lose_power(rig.chance(), loss);
      failed = true;
    });
    rig.loop().run_until([&] { return failed || rig.log().scrubbed().mended > 0; }, period);
    if (failed) rig.crash(Loss::nothing);
    return failed;
  }

  // Everything can be read, and is what was written, now and after a start.
  std::string audit() {
    check_all();
    if (!rig.wrong.empty()) return rig.wrong;
    rig.crash(Loss::everything);
    if (!rig.start()) return rig.refused;
    check_all();
    return rig.wrong;
  }
  void check_all() {
    for (std::uint64_t group = 1; group <= groups; ++group) rig.check({group});
  }

  LogRig rig;

 private:
  std::string value(std::uint64_t bytes) const {
    return std::to_string(seqs_) + std::string(bytes, static_cast<char>('a' + seqs_ % 26));
  }
  std::uint64_t seqs_ = 0;
};

}  // namespace bowline::sim
