// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "bowline/sim/log_rig.h"
#include "bowline/sim/log_trial.h"
#include "bowline/wal/inspect.h"
#include "bowline/wal/names.h"

// What an inspection says of a log's files is what the log itself then does with them.
namespace bowline::sim {
namespace {

constexpr std::uint64_t segment_bytes = 32 * env::block_bytes;
constexpr std::uint64_t groups = 3;

wal::Options options() {
  return {.segment_bytes = segment_bytes,
          .batch_bytes = segment_bytes / 4,
          .tail_bytes = 1 << 16,
          .ahead = 1};
}

// Some writes, and then a crash amid others.
void live(LogRig& rig, Chance& chance, std::vector<Writes>& writes) {
  for (std::uint64_t i = 20 + chance.below("writes", 60); i > 0; --i) {
    const GroupId group{1 + chance.below("group", groups)};
    const std::uint64_t most = chance.happens("large", 200'000) ? 6'000 : 300;
    rig.submit(group, writes[group.value - 1].next(rig.shadow(group).written(), most));
    if (chance.happens("flush", 700'000)) rig.flush();
    if (chance.happens("run", 300'000)) rig.run(Duration(chance.below("for", 3'000'000)));
  }
  rig.submit({1}, writes[0].next(rig.shadow({1}).written(), 9'000));
  rig.flush();
  rig.run(Duration(chance.below("after", 200'000)));
  rig.crash(chance);
}

std::vector<std::uint64_t> segments_of(const LogRig& rig) {
  std::vector<std::uint64_t> segments;
  for (const env::Listed& file : rig.platter.list())
    if (const auto number = wal::segment_number(file.name)) segments.push_back(*number);
  return segments;
}

// In one or two neighbouring blocks, or in more than a log can bear.
void harm(LogRig& rig, Chance& chance) {
  const auto segments = segments_of(rig);
  for (std::uint64_t i = chance.below("flips", 4); i > 0 && !segments.empty(); --i) {
    const std::string name = wal::segment_name(segments[chance.below("where", segments.size())]);
    const std::uint64_t block = chance.below("block", 12);
    rig.platter.flip(name, block * env::block_bytes + chance.below("byte", env::block_bytes), 3);
    if (chance.happens("wreck", 50'000)) rig.platter.rot(name, block * 8, 48);
    if (chance.happens("two", 500'000))
      rig.platter.flip(name, (block + 1) * env::block_bytes + 77, 5);
  }
}

wal::Findings inspect(const LogRig& rig) {
  std::string identity = *rig.platter.durable(wal::identity_name, 0, wal::identity_bytes);
  wal::Inspector inspector(wal::decode_identity(identity)->disk);
  const auto segments = segments_of(rig);
  for (auto number = segments.rbegin(); number != segments.rend(); ++number) {
    auto bytes = rig.platter.durable(wal::segment_name(*number), 0, segment_bytes);
    if (!bytes) bytes.emplace();
    inspector.judge(*number, *bytes);
  }
  return inspector.finish();
}

struct Seen {
  std::uint64_t refused = 0;
  std::uint64_t mended = 0;
  std::uint64_t damaged = 0;
  std::uint64_t torn = 0;
};

void compare(LogRig& rig, const wal::Findings& findings, Seen& seen) {
  const bool started = rig.start();
  ASSERT_EQ(started, !findings.refused()) << rig.refused;
  if (!started) {
    ++seen.refused;
    return;
  }
  wal::Account account;
  for (const wal::SegmentReport& segment : findings.segments) {
    account.batches += segment.batches.size();
    account.mended += segment.with(wal::State::mended);
    account.damaged += segment.with(wal::State::damaged);
    account.torn = account.torn || segment.torn;
  }
  EXPECT_EQ(rig.opened()->segments, findings.segments.size());
  EXPECT_EQ(rig.opened()->batches, account.batches);
  EXPECT_EQ(rig.opened()->mended, account.mended);
  EXPECT_EQ(rig.opened()->damaged, account.damaged);
  EXPECT_EQ(rig.opened()->torn, account.torn);
  EXPECT_EQ(rig.shadows().size(), findings.groups.size());
  seen.mended += account.mended;
  seen.damaged += account.damaged;
  seen.torn += account.torn ? 1 : 0;
}

TEST(LogInspection, says_what_a_start_then_does) {
  Seen seen;
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    Decisions decisions(seed);
    Chance chance(decisions, {.part = Part::node});
    LogRig rig(seed, options());
    ASSERT_TRUE(rig.start()) << rig.refused;
    std::vector<Writes> writes(groups, Writes(chance));
    live(rig, chance, writes);
    harm(rig, chance);
    SCOPED_TRACE("seed " + std::to_string(seed));
    compare(rig, inspect(rig), seen);
  }
  EXPECT_GT(seen.refused, 5U);
  EXPECT_GT(seen.mended, 50U);
  EXPECT_GT(seen.damaged, 10U);
  EXPECT_GT(seen.torn, 20U);
}

}  // namespace
}  // namespace bowline::sim
