// SPDX-License-Identifier: Apache-2.0
#include "bowline/raft/progress.h"

#include <gtest/gtest.h>

#include "bowline/base/prng.h"

namespace bowline::raft {
namespace {

using enum Progress::Mode;

constexpr Progress::Window wide{.messages = 4, .bytes = 1000};
constexpr Duration second{1'000'000'000};
constexpr Round newest{1'000};

Progress streaming_from(std::uint64_t match) {
  Progress peer({2}, {match + 1});
  peer.matched({match}, newest);
  return peer;
}

TEST(Progress, asks_one_question_at_a_time_until_a_match_is_found) {
  Progress peer({2}, {10});
  EXPECT_EQ(peer.mode(), probing);
  EXPECT_TRUE(peer.may_send(wide));
  peer.probed();
  EXPECT_FALSE(peer.may_send(wide));
  peer.matched({9}, newest);
  EXPECT_EQ(peer.mode(), streaming);
  EXPECT_TRUE(peer.may_send(wide));
}

// What is lost of one window must not let the next one go for each answer that is still on its way.
TEST(Progress, a_late_answer_that_brings_nothing_new_does_not_begin_to_stream) {
  Progress peer = streaming_from(9);
  peer.begin_stream({5});
  peer.sent({10}, 50);
  EXPECT_TRUE(peer.lost());
  peer.begin_stream({6});
  peer.matched({9}, {5});
  EXPECT_EQ(peer.mode(), probing);
  EXPECT_TRUE(peer.may_send(wide));  // it was not asked yet
  peer.probed();
  peer.matched({9}, {5});
  EXPECT_EQ(peer.mode(), probing);
  peer.matched({10}, {5});  // what was lost had come
  EXPECT_EQ(peer.mode(), streaming);
  EXPECT_TRUE(peer.lost());
  peer.begin_stream({7});
  peer.matched({10}, {7});
  EXPECT_EQ(peer.mode(), streaming);
}

TEST(Progress, a_first_span_is_a_question_too) {
  Progress peer({2}, {10});
  peer.sent({12}, 50);
  EXPECT_FALSE(peer.may_send(wide));
  EXPECT_EQ(peer.next(), Index{10});
  peer.matched({9}, newest);
  EXPECT_EQ(peer.next(), Index{13});  // what came along need not be sent again
  EXPECT_EQ(peer.in_flight_messages(), 1U);
  peer.matched({12}, newest);
  EXPECT_TRUE(peer.idle());
}

TEST(Progress, entries_of_a_question_that_was_asked_anew_may_be_lost) {
  Progress peer({2}, {10});
  peer.sent({12}, 50);
  peer.probed();  // a heartbeat
  peer.matched({9}, newest);
  EXPECT_EQ(peer.next(), Index{10});
  EXPECT_TRUE(peer.idle());
}

TEST(Progress, entries_of_a_question_that_was_refused_are_sent_again) {
  Progress peer({2}, {10});
  peer.sent({12}, 50);
  peer.rejected({9}, {4}, {});
  peer.matched({4}, newest);
  EXPECT_EQ(peer.next(), Index{5});
}

TEST(Progress, sends_ahead_up_to_a_window_of_messages) {
  Progress peer = streaming_from(9);
  for (std::uint64_t i = 0; i < 4; ++i) {
    EXPECT_TRUE(peer.may_send(wide));
    peer.sent({10 + i}, 1);
  }
  EXPECT_FALSE(peer.may_send(wide));
  EXPECT_EQ(peer.next(), Index{14});
  peer.matched({11}, newest);
  EXPECT_EQ(peer.in_flight_messages(), 2U);
  EXPECT_TRUE(peer.may_send(wide));
}

TEST(Progress, sends_ahead_up_to_a_window_of_bytes) {
  Progress peer = streaming_from(9);
  peer.sent({10}, 1000);
  EXPECT_FALSE(peer.may_send(wide));
  EXPECT_EQ(peer.in_flight_bytes(), 1000U);
  peer.matched({10}, newest);
  EXPECT_TRUE(peer.may_send(wide));
  EXPECT_TRUE(peer.idle());
}

TEST(Progress, sends_nothing_to_a_peer_that_is_full_but_asks_it) {
  Progress peer = streaming_from(9);
  peer.set_full(true);
  EXPECT_FALSE(peer.may_send(wide));
  peer.set_full(false);
  EXPECT_TRUE(peer.may_send(wide));
}

TEST(Progress, a_late_ack_takes_nothing_back) {
  Progress peer = streaming_from(9);
  peer.matched({20}, newest);
  peer.matched({12}, newest);
  EXPECT_EQ(peer.match(), Index{20});
  EXPECT_EQ(peer.next(), Index{21});
}

TEST(Progress, a_refusal_backs_up_to_what_may_match) {
  Progress peer({2}, {10});
  peer.probed();
  peer.rejected({9}, {4}, {});
  EXPECT_EQ(peer.next(), Index{5});
  EXPECT_TRUE(peer.may_send(wide));
}

TEST(Progress, a_refusal_backs_up_at_least_by_one) {
  Progress peer({2}, {10});
  peer.rejected({9}, {30}, {});
  EXPECT_EQ(peer.next(), Index{9});
}

TEST(Progress, a_refusal_of_another_question_is_stale) {
  Progress peer({2}, {10});
  peer.probed();
  peer.rejected({7}, {2}, {});
  EXPECT_EQ(peer.next(), Index{10});
  EXPECT_FALSE(peer.may_send(wide));
}

TEST(Progress, a_refusal_of_what_was_matched_is_stale) {
  Progress peer = streaming_from(9);
  peer.sent({12}, 1);
  peer.rejected({8}, {2}, {});
  EXPECT_EQ(peer.mode(), streaming);
  EXPECT_EQ(peer.next(), Index{13});
}

TEST(Progress, a_refusal_in_the_stream_starts_over_and_frees_the_window) {
  Progress peer = streaming_from(9);
  peer.sent({12}, 1);
  peer.sent({15}, 1);
  peer.rejected({12}, {10}, {});
  EXPECT_EQ(peer.mode(), probing);
  EXPECT_EQ(peer.next(), Index{11});
  EXPECT_EQ(peer.in_flight_messages(), 0U);
}

TEST(Progress, a_refusal_of_an_older_stream_is_stale) {
  Progress peer = streaming_from(9);
  peer.sent({12}, 1);
  EXPECT_TRUE(peer.rejected({12}, {10}, Round{3}));
  peer.begin_stream({4});
  peer.matched({10}, newest);
  peer.sent({12}, 1);
  EXPECT_FALSE(peer.rejected({12}, {10}, Round{3}));  // sent before the first one was heard
  EXPECT_EQ(peer.mode(), streaming);
  EXPECT_TRUE(peer.rejected({12}, {10}, Round{4}));
  EXPECT_EQ(peer.mode(), probing);
}

TEST(Progress, what_a_damaged_disk_forgot_no_longer_matches) {
  Progress peer = streaming_from(9);
  peer.sent({12}, 1);
  EXPECT_TRUE(peer.forgotten({4}, {}));
  EXPECT_EQ(peer.match(), Index{4});
  EXPECT_EQ(peer.next(), Index{5});
  EXPECT_EQ(peer.mode(), probing);
  EXPECT_TRUE(peer.idle());
}

TEST(Progress, old_news_of_a_damaged_disk_is_stale) {
  Progress peer = streaming_from(9);
  EXPECT_TRUE(peer.forgotten({4}, {}));
  peer.begin_stream({7});
  peer.matched({9}, newest);
  EXPECT_FALSE(peer.forgotten({4}, {6}));  // it has been mended since
  EXPECT_EQ(peer.match(), Index{9});
  EXPECT_FALSE(peer.forgotten({30}, {7}));  // nothing of what was sent
}

TEST(Progress, what_was_acknowledged_before_it_was_forgotten_does_not_match_again) {
  Progress peer = streaming_from(9);
  EXPECT_TRUE(peer.forgotten({4}, {}));
  peer.begin_stream({7});
  peer.matched({9}, {6});  // said before the loss, and late
  EXPECT_EQ(peer.match(), Index{4});
  EXPECT_EQ(peer.mode(), probing);
  peer.matched({6}, {7});
  EXPECT_EQ(peer.match(), Index{6});
}

TEST(Progress, a_loss_starts_over_from_the_match) {
  Progress peer = streaming_from(9);
  peer.sent({12}, 1);
  peer.lost();
  EXPECT_EQ(peer.mode(), probing);
  EXPECT_EQ(peer.next(), Index{10});
  EXPECT_TRUE(peer.idle());
}

TEST(Progress, a_lost_question_may_be_asked_again) {
  Progress peer({2}, {10});
  peer.probed();
  peer.lost();
  EXPECT_TRUE(peer.may_send(wide));
  EXPECT_EQ(peer.next(), Index{10});
}

TEST(Progress, while_a_snapshot_is_sent_nothing_else_is) {
  Progress peer({2}, {3});
  peer.snapshot_begun({50});
  EXPECT_FALSE(peer.may_send(wide));
  peer.rejected({2}, {0}, {});
  peer.lost();
  EXPECT_EQ(peer.mode(), snapshot);
}

TEST(Progress, only_a_match_past_the_snapshot_ends_it) {
  Progress peer({2}, {3});
  peer.snapshot_begun({50});
  peer.matched({20}, newest);
  EXPECT_EQ(peer.mode(), snapshot);
  EXPECT_EQ(peer.match(), Index{20});
  peer.matched({50}, newest);
  EXPECT_EQ(peer.mode(), streaming);
  EXPECT_EQ(peer.next(), Index{51});
}

TEST(Progress, after_a_snapshot_it_asks_as_if_it_had_gone_well) {
  Progress peer({2}, {3});
  peer.snapshot_begun({50});
  peer.snapshot_ended();
  EXPECT_EQ(peer.mode(), probing);
  EXPECT_EQ(peer.next(), Index{51});
  EXPECT_TRUE(peer.may_send(wide));
  peer.rejected({50}, {2}, {});
  EXPECT_EQ(peer.next(), Index{3});
}

TEST(Progress, the_end_of_no_snapshot_changes_nothing) {
  Progress peer = streaming_from(9);
  peer.snapshot_ended();
  EXPECT_EQ(peer.mode(), streaming);
}

TEST(Progress, an_answer_to_an_old_round_takes_nothing_back) {
  Progress peer({2}, {1});
  peer.answered({5}, Time{second});
  peer.answered({3}, Time{});
  EXPECT_EQ(peer.round(), Round{5});
  EXPECT_EQ(peer.heard(), Time{second});
}

TEST(Progress, has_caught_up_when_a_round_took_less_than_an_election_timeout) {
  Progress peer({2}, {1});
  peer.begin_catching_up({100}, Time{});
  peer.matched({100}, newest);
  peer.note_catching_up({180}, Time{second}, second);  // too slow: the next round is to 180
  EXPECT_FALSE(peer.caught_up());
  peer.matched({179}, newest);
  peer.note_catching_up({190}, Time{second + second / 2}, second);
  EXPECT_FALSE(peer.caught_up());
  peer.matched({180}, newest);
  peer.note_catching_up({200}, Time{second + second / 2}, second);
  EXPECT_TRUE(peer.caught_up());
}

TEST(Progress, a_snapshot_on_the_way_does_not_end_catching_up) {
  Progress peer({2}, {1});
  peer.begin_catching_up({100}, Time{});
  peer.snapshot_begun({90});
  peer.matched({90}, newest);
  peer.note_catching_up({120}, Time{second / 2}, second);
  EXPECT_FALSE(peer.caught_up());
  peer.matched({100}, newest);
  peer.note_catching_up({120}, Time{second / 2}, second);
  EXPECT_TRUE(peer.caught_up());
  peer.snapshot_begun({150});
  peer.matched({120}, newest);
  EXPECT_EQ(peer.mode(), Progress::Mode::snapshot);
  peer.matched({150}, newest);
  EXPECT_EQ(peer.mode(), Progress::Mode::streaming);
}

TEST(Progress, has_not_caught_up_before_anybody_asked) {
  Progress peer({2}, {1});
  peer.note_catching_up({}, Time{}, second);
  EXPECT_FALSE(peer.caught_up());
}

// Whatever is called in whatever order, with whatever a peer may claim.
TEST(Progress, keeps_its_invariants) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    SCOPED_TRACE(seed);
    Prng prng(seed);
    Progress peer({2}, {1 + prng.below(20)});
    for (int i = 0; i < 100; ++i) {
      Index match = peer.match();
      switch (prng.below(8)) {
        case 0: peer.matched({prng.below(40)}, newest); break;
        case 1: peer.rejected({prng.below(40)}, {prng.below(40)}, {}); break;
        case 2: peer.lost(); break;
        case 3: prng.chance(20) ? peer.snapshot_begun({prng.below(40)}) : peer.probed(); break;
        case 4: peer.snapshot_ended(); break;
        case 5:
          if (peer.forgotten({prng.below(40)}, {})) match = {};
          break;
        default:
          if (peer.may_send(wide)) peer.sent(peer.next() + prng.below(3), prng.below(400));
      }
      ASSERT_LT(peer.match(), peer.next());
      ASSERT_GE(peer.match(), match);
      ASSERT_LE(peer.in_flight_messages(), wide.messages);
      ASSERT_EQ(peer.idle(), peer.in_flight_messages() == 0);
      ASSERT_TRUE(peer.mode() != snapshot || peer.idle());
    }
    // Wherever it got to, one honest answer gets it going again.
    peer.matched({60}, newest);
    ASSERT_TRUE(peer.may_send(wide));
  }
}

}  // namespace
}  // namespace bowline::raft
