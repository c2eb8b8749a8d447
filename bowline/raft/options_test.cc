// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/options.h"

#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace bowline::raft {
namespace {

using std::chrono::milliseconds;

TEST(Options, work_as_they_are) { EXPECT_EQ(Options{}.fault(), ""); }

TEST(Options, say_what_to_change) {
  struct Case {
    std::string fault;
    std::function<void(Options&)> spoil;
  };
  const std::vector<Case> cases{
      {"heartbeat must not be negative", [](Options& o) { o.heartbeat = Duration{-1}; }},
      {"heartbeat_factor must be at least 2, or heartbeat be given",
       [](Options& o) { o.heartbeat_factor = 1; }},
      {"election must be above zero", [](Options& o) { o.election = Duration{0}; }},
      {"election must be above zero",
       [](Options& o) { o.election = Duration{0}, o.heartbeat = milliseconds(1); }},
      {"heartbeat_factor must be smaller: election has no room for so many heartbeats",
       [](Options& o) { o.heartbeat_factor = 4'000'000'000; }},
      {"hibernate_after must be at most a year",
       [](Options& o) { o.hibernate_after = std::chrono::hours(24 * 365) + Duration{1}; }},
      {"hibernate_after must be 0 or at least heartbeat",
       [](Options& o) { o.hibernate_after = milliseconds(-1); }},
      {"heartbeat must be at most half of election",
       [](Options& o) { o.heartbeat = milliseconds(501); }},
      {"election must be at most a day", [](Options& o) { o.election = std::chrono::hours(25); }},
      {"stagger must not be negative", [](Options& o) { o.stagger = milliseconds(-1); }},
      {"stagger must be at most election", [](Options& o) { o.stagger = milliseconds(1001); }},
      {"retry must be above zero", [](Options& o) { o.retry = Duration{0}; }},
      {"retry must be at most election", [](Options& o) { o.retry = milliseconds(1001); }},
      {"drift_permille must be below 500", [](Options& o) { o.drift_permille = 500; }},
      {"lease_reads need check_quorum",
       [](Options& o) { o.lease_reads = true, o.check_quorum = false; }},
      {"inflight_messages must be above zero", [](Options& o) { o.inflight_messages = 0; }},
      {"inflight_bytes must be above zero", [](Options& o) { o.inflight_bytes = 0; }},
      {"span_entries must be above zero", [](Options& o) { o.span_entries = 0; }},
      {"span_entries must be at most 65536", [](Options& o) { o.span_entries = 65'537; }},
      {"span_bytes must be above zero", [](Options& o) { o.span_bytes = 0; }},
      {"span_bytes must be at most inflight_bytes",
       [](Options& o) { o.span_bytes = o.inflight_bytes + 1; }},
      {"entry_bytes must be above zero", [](Options& o) { o.entry_bytes = 0; }},
      {"uncommitted_bytes must be at least entry_bytes",
       [](Options& o) { o.uncommitted_bytes = o.entry_bytes - 1; }},
      {"pending_reads must be above zero", [](Options& o) { o.pending_reads = 0; }},
  };
  for (const Case& one : cases) {
    Options options;
    one.spoil(options);
    EXPECT_EQ(options.fault(), one.fault);
  }
}

TEST(Options, heartbeats_follow_the_election_timeout_unless_they_are_given) {
  Options options;
  EXPECT_EQ(options.heartbeat_every(), milliseconds(100));
  options.election = milliseconds(150);
  EXPECT_EQ(options.heartbeat_every(), milliseconds(15));
  options.heartbeat_factor = 2;
  EXPECT_EQ(options.heartbeat_every(), milliseconds(75));
  EXPECT_EQ(options.fault(), "");
  options.heartbeat = milliseconds(20);
  options.heartbeat_factor = 0;
  EXPECT_EQ(options.heartbeat_every(), milliseconds(20));
  EXPECT_EQ(options.fault(), "");
}

TEST(Options, at_their_bounds_still_work) {
  Options options;
  options.heartbeat = milliseconds(500);
  options.drift_permille = 499;
  options.lease_reads = true;
  options.span_bytes = options.inflight_bytes;
  options.span_entries = most_entries;
  options.uncommitted_bytes = options.entry_bytes;
  EXPECT_EQ(options.fault(), "");
}

}  // namespace
}  // namespace bowline::raft
