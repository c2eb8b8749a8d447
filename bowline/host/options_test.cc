// SPDX-License-Identifier: Apache-2.0
#include "bowline/host/options.h"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::host {
namespace {

using std::chrono::milliseconds;

constexpr Duration too_short = milliseconds(1) - Duration{1};
constexpr Duration too_long = std::chrono::hours(24 * 365) + Duration{1};

template <class Of>
struct Case {
  std::string fault;
  std::function<void(Of&)> spoil;
};

Options good() {
  Options options;
  options.self = NodeId{1};
  options.listen = "127.0.0.1:0";
  return options;
}

std::shared_ptr<raft::Options> copy_of(const GroupOptions& options) {
  return std::make_shared<raft::Options>(*options.raft);
}

void expect_faults(const std::vector<Case<Options>>& cases) {
  for (const auto& [fault, spoil] : cases) {
    Options options = good();
    spoil(options);
    EXPECT_TRUE(options.fault().starts_with(fault)) << fault << ": " << options.fault();
    EXPECT_GT(options.fault().size(), std::string("log: ").size());
  }
}

TEST(HostOptions, say_what_to_change) {
  EXPECT_EQ(good().fault(), "");
  expect_faults(
      {{"self must not be 0: each node has an id of its own", [](Options& o) { o.self = {}; }},
       {"listen must be an address: \"host:port\"", [](Options& o) { o.listen = ""; }},
       {"name must be at most 255 letters", [](Options& o) { o.name = std::string(256, 'x'); }},
       {"name must be at most 255 letters, all of them printable ASCII",
        [](Options& o) { o.name = "the\x1b[2Jnode"; }},
       {"name must be at most 255 letters, all of them printable ASCII",
        [](Options& o) { o.name = "knoten-\xc3\xbc"; }},
       {"advertise must be at most 255 letters",
        [](Options& o) { o.advertise = std::string(251, 'x') + ":4567"; }},
       {"boot must not be 0: draw it at random at each start", [](Options& o) { o.boot = 0; }},
       {"log: ", [](Options& o) { o.log.segment_bytes = 1; }},
       {"log: ", [](Options& o) { o.log.batch_bytes = 0; }},
       {"log: ahead must be at most 64", [](Options& o) { o.log.ahead = 65; }},
       {"log: retry_full_after must be at least 1 ms",
        [](Options& o) { o.log.retry_full_after = too_short; }},
       {"snapshots: ", [](Options& o) { o.snapshots.piece_bytes = 0; }},
       {"snapshots: ", [](Options& o) { o.snapshots.takes_at_once = 0; }},
       {"snapshots: ", [](Options& o) { o.snapshots.loads_at_once = 0; }},
       {"detector.pulse must be at least 1 ms", [](Options& o) { o.detector.pulse = {}; }},
       {"detector.pulse must be at least 1 ms", [](Options& o) { o.detector.pulse = too_short; }},
       {"detector.silence must be at least four times detector.pulse",
        [](Options& o) { o.detector.silence = 4 * o.detector.pulse - Duration{1}; }},
       {"balance_every must be 0 or at least 1 ms",
        [](Options& o) { o.balance_every = milliseconds(-1); }},
       {"balance_every must be 0 or at least 1 ms",
        [](Options& o) { o.balance_every = too_short; }},
       {"backlog_bytes must be at least 1 MiB", [](Options& o) { o.backlog_bytes = 1048575; }},
       {"balance_at_once must be above zero", [](Options& o) { o.balance_at_once = 0; }}});
}

TEST(HostOptions, say_what_to_change_of_what_is_between_nodes) {
  expect_faults(
      {{"links.hello_within must be above zero", [](Options& o) { o.links.hello_within = {}; }},
       {"links.retry_floor must be at least 1 ms",
        [](Options& o) { o.links.retry_floor = too_short; }},
       {"links.retry_most must be at least links.retry_floor",
        [](Options& o) { o.links.retry_most = milliseconds(1); }},
       {"links.short_life must not be negative",
        [](Options& o) { o.links.short_life = milliseconds(-1); }},
       {"links.spare_lives must not be negative",
        [](Options& o) { o.links.spare_lives = milliseconds(-1); }},
       {"links.most_frame_bytes must be at least 1 MiB",
        [](Options& o) { o.links.most_frame_bytes = 1000; }},
       {"links.most_strangers must be above zero", [](Options& o) { o.links.most_strangers = 0; }},
       {"links.most_peers must be above zero", [](Options& o) { o.links.most_peers = 0; }},
       {"courier.part_bytes must be above zero", [](Options& o) { o.courier.part_bytes = 0; }},
       {"courier.frame_bytes must be above zero", [](Options& o) { o.courier.frame_bytes = 0; }},
       {"courier.queued_bytes must be at least courier.frame_bytes",
        [](Options& o) { o.courier.queued_bytes = 1; }},
       {"courier.frame_bytes and courier.part_bytes must be smaller",
        [](Options& o) { o.links.most_frame_bytes = 1 << 20, o.courier.part_bytes = 1 << 20; }},
       {"courier.part_bytes must be at most links.most_frame_bytes",
        [](Options& o) { o.courier.part_bytes = ~std::uint64_t{0}; }},
       {"courier.part_bytes must be at most links.most_frame_bytes",
        [](Options& o) { o.courier.part_bytes = o.links.most_frame_bytes + std::uint64_t{1}; }},
       {"courier.frame_bytes must be at most links.most_frame_bytes",
        [](Options& o) { o.courier.frame_bytes = o.courier.queued_bytes = ~std::uint64_t{0}; }},
       {"courier.queued_bytes must be at most 1 TiB",
        [](Options& o) { o.courier.queued_bytes = ~std::uint64_t{0}; }},
       {"operators.admit must be one of those",
        [](Options& o) { o.operators.admit = static_cast<Admit>(3); }},
       {"operators.most must be above zero", [](Options& o) { o.operators.most = 0; }},
       {"operators.most_asks must be above zero", [](Options& o) { o.operators.most_asks = 0; }},
       {"newest_version must be from 1 to 4", [](Options& o) { o.newest_version = 0; }},
       {"newest_version must be from 1 to 4", [](Options& o) { o.newest_version = 5; }},
       {"transfers.most_givings must be above zero",
        [](Options& o) { o.transfers.most_givings = 0; }},
       {"transfers.fetches_at_once must be above zero",
        [](Options& o) { o.transfers.fetches_at_once = 0; }},
       {"transfers.stalled_after must be above zero",
        [](Options& o) { o.transfers.stalled_after = {}; }},
       {"transfers.again_after must be at least 1 ms",
        [](Options& o) { o.transfers.again_after = too_short; }},
       {"transfers.rounds must be above zero", [](Options& o) { o.transfers.rounds = 0; }}});
}

TEST(HostOptions, take_names_as_long_as_others_hear_them) {
  Options options = good();
  options.name = std::string(255, '~');
  options.advertise = std::string(250, 'x') + ":4567";
  EXPECT_EQ(options.fault(), "");
}

// Times are added to each other, and compared. Beyond some hundred years their sums would wrap.
TEST(HostOptions, take_no_time_of_more_than_a_year) {
  const std::vector<Case<Options>> cases{
      {"detector.pulse", [](Options& o) { o.detector.pulse = Duration::max() / 2; }},
      {"detector.silence", [](Options& o) { o.detector.silence = too_long; }},
      {"balance_every", [](Options& o) { o.balance_every = Duration::max(); }},
      {"links.hello_within", [](Options& o) { o.links.hello_within = too_long; }},
      {"links.retry_floor",
       [](Options& o) { o.links.retry_floor = o.links.retry_most = too_long; }},
      {"links.retry_most", [](Options& o) { o.links.retry_most = too_long; }},
      {"links.short_life", [](Options& o) { o.links.short_life = too_long; }},
      {"links.spare_lives", [](Options& o) { o.links.spare_lives = too_long; }},
      {"transfers.stalled_after", [](Options& o) { o.transfers.stalled_after = Duration::max(); }},
      {"transfers.again_after", [](Options& o) { o.transfers.again_after = too_long; }},
      {"log.mark_after", [](Options& o) { o.log.mark_after = too_long; }},
      {"log.retry_full_after", [](Options& o) { o.log.retry_full_after = too_long; }},
      {"log.scrub_every", [](Options& o) { o.log.scrub_every = too_long; }}};
  for (const auto& [name, spoil] : cases) {
    Options options = good();
    spoil(options);
    EXPECT_EQ(options.fault(), name + " must be at most a year");
  }
  Options patient = good();
  patient.detector.silence = patient.balance_every = std::chrono::hours(24 * 365);
  EXPECT_EQ(patient.fault(), "");
  Options hasty = good();
  hasty.balance_every = hasty.detector.pulse = milliseconds(1);
  hasty.links.retry_floor = hasty.transfers.again_after = milliseconds(1);
  EXPECT_EQ(hasty.fault(), "");
}

TEST(GroupOptions, say_what_to_change) {
  EXPECT_EQ(GroupOptions{}.fault(), "");
  const std::vector<Case<GroupOptions>> cases{
      {"raft must be given", [](GroupOptions& o) { o.raft = nullptr; }},
      {"raft: heartbeat must not be negative",
       [](GroupOptions& o) {
         auto raft = copy_of(o);
         raft->heartbeat = Duration{-1};
         o.raft = raft;
       }},
      {"raft: heartbeat must be at least 1 ms",
       [](GroupOptions& o) {
         auto raft = copy_of(o);
         raft->heartbeat = too_short;
         o.raft = raft;
       }},
      {"raft: heartbeat_factor must be smaller, or election longer: heartbeats must be at least 1 "
       "ms apart",
       [](GroupOptions& o) {
         auto raft = copy_of(o);
         raft->heartbeat_factor = 1001;
         o.raft = raft;
       }},
      {"raft: retry must be at least 1 ms",
       [](GroupOptions& o) {
         auto raft = copy_of(o);
         raft->retry = too_short;
         o.raft = raft;
       }},
      {"slice_bytes must be above zero", [](GroupOptions& o) { o.slice_bytes = 0; }},
      {"unapplied_bytes must be above zero", [](GroupOptions& o) { o.unapplied_bytes = 0; }},
      {"raft: hibernate_after must be at most a year",
       [](GroupOptions& o) {
         auto raft = copy_of(o);
         raft->hibernate_after = Duration::max();
         o.raft = raft;
       }},
      {"snapshot_permille must be at most 1000000",
       [](GroupOptions& o) { o.snapshot_permille = 1'000'001; }},
      {"snapshot_every must be 0 or at least 1 ms",
       [](GroupOptions& o) { o.snapshot_every = Duration{-1}; }},
      {"snapshot_every must be 0 or at least 1 ms",
       [](GroupOptions& o) { o.snapshot_every = too_short; }},
      {"snapshot_every must be at most a year",
       [](GroupOptions& o) { o.snapshot_every = Duration::max(); }}};
  for (const auto& [fault, spoil] : cases) {
    GroupOptions options;
    spoil(options);
    EXPECT_EQ(options.fault(), fault);
  }
}

TEST(GroupOptions, change_while_a_group_runs_unless_somebody_counts_on_them) {
  const auto with = [](const std::function<void(raft::Options&)>& change) {
    GroupOptions options;
    auto raft = copy_of(options);
    change(*raft);
    options.raft = raft;
    return options;
  };
  const auto has = [](const std::string& text, const std::string& what) {
    return text.find(what) != std::string::npos;
  };
  const GroupOptions plain;
  const GroupOptions slow = with([](raft::Options& o) { o.election = milliseconds(3000); });
  const GroupOptions leases = with([](raft::Options& o) { o.lease_reads = true; });
  EXPECT_EQ(plain.cannot_become(slow), "");
  EXPECT_TRUE(has(plain.cannot_become(leases), "lease_reads cannot change"));
  EXPECT_TRUE(has(leases.cannot_become(plain), "lease_reads cannot change"));
  EXPECT_TRUE(has(leases.cannot_become(with([](raft::Options& o) {
    o.lease_reads = true;
    o.election = milliseconds(3000);
  })),
                  "while lease_reads are on"));
  EXPECT_TRUE(has(leases.cannot_become(with([](raft::Options& o) {
    o.lease_reads = true;
    o.drift_permille = 10;
  })),
                  "while lease_reads are on"));
  EXPECT_EQ(leases.cannot_become(with([](raft::Options& o) {
    o.lease_reads = true;
    o.inflight_messages = 7;
  })),
            "");
  EXPECT_TRUE(has(plain.cannot_become(with([](raft::Options& o) { o.inflight_messages = 0; })),
                  "inflight_messages must be above zero"));
  GroupOptions renamed;
  renamed.cluster = ClusterId{5};
  EXPECT_TRUE(has(plain.cannot_become(renamed), "cluster cannot change"));
}

TEST(GroupOptions, of_the_protocol_change_and_the_usual_ones_stay) {
  const GroupOptions quick =
      GroupOptions::with([](raft::Options& o) { o.election = milliseconds(300); });
  EXPECT_EQ(quick.raft->election, milliseconds(300));
  EXPECT_EQ(quick.raft->hibernate_after, GroupOptions::usual()->hibernate_after);
  EXPECT_EQ(quick.fault(), "");
}

TEST(GroupOptions, that_share_those_of_the_protocol_are_changed_one_by_one) {
  GroupOptions one = GroupOptions::with([](raft::Options& o) { o.pre_vote = false; });
  one.snapshot_entries = 7;
  const GroupOptions other = one;
  one.adjust([](raft::Options& o) { o.election = milliseconds(300); });
  EXPECT_EQ(one.raft->election, milliseconds(300));
  EXPECT_FALSE(one.raft->pre_vote);
  EXPECT_EQ(one.snapshot_entries, 7U);
  EXPECT_EQ(other.raft->election, GroupOptions::usual()->election);
}

}  // namespace
}  // namespace bowline::host
