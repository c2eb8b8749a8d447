// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace bowline {

// Bugs that we plant on purpose, one at a time, to prove that the simulator finds them. The first
// forty have the numbers of well-known bugs of Raft systems; those from 60 on break one rule each
// that a review of our own design asked for. A release build has none of them: there planted() is
// the constant false.
enum class Bug : std::uint8_t {
  none = 0,
  p01_vote_not_persisted = 1,
  p02_asks_for_votes_before_sync = 2,
  p03_vote_write_error_ignored = 3,
  p04_vote_forgotten_at_restart = 4,
  p05_counts_votes_of_older_term = 5,
  p06_votes_for_shorter_log = 6,
  p07_commits_old_terms_by_counting = 7,
  p08_no_previous_term_check = 8,
  p09_cuts_on_any_stale_append = 9,
  p10_commits_the_unverified = 10,
  p11_commit_goes_back = 11,
  p12_match_without_max = 12,
  p13_leader_counts_unsynced = 13,
  p14_acks_before_sync = 14,
  p15_single_voter_acks_before_sync = 15,
  p16_applies_the_uncommitted = 16,
  p17_place_apart_from_the_data = 17,
  p18_snapshot_without_membership = 18,
  p19_snapshot_with_current_term = 19,
  p20_snapshot_without_sessions = 20,
  p21_installs_older_snapshot = 21,
  p22_names_not_synced = 22,
  p23_any_bad_batch_is_torn = 23,
  p24_checksum_ignored = 24,
  p25_sync_error_ignored = 25,
  p26_damaged_hard_state_is_none = 26,
  p27_wiped_node_counts = 27,
  p28_changes_members_before_own_commit = 28,
  p29_second_change_while_one_pending = 29,
  p30_membership_taken_when_applied = 30,
  p31_joint_counts_only_the_new = 31,
  p32_learners_count = 32,
  p33_cut_keeps_the_cut_membership = 33,
  p34_read_before_own_commit = 34,
  p35_read_round_reused = 35,
  p36_lease_ignores_drift = 36,
  p37_no_check_quorum = 37,
  p38_no_pre_vote = 38,
  p39_timer_not_reset_on_grant = 39,
  p40_timeouts_not_random = 40,
  p41_sent_again_without_session = 41,
  p42_sessions_in_memory_only = 42,
  p43_sessions_expire_by_local_clock = 43,
  p44_lease_expires_by_an_old_leader = 44,
  p45_watch_drops_when_slow = 45,
  p46_compares_after_writes = 46,
  p47_no_op_counts_as_revision = 47,
  p48_victim_by_unordered_iteration = 48,
  p49_window_leaks = 49,
  p50_commits_over_compacted_prefix = 50,
  p51_refuses_inside_snapshot = 51,
  p52_cut_forgets_writes_in_flight = 52,
  p53_heartbeats_wait_for_the_disk = 53,
  p54_foreign_messages_accepted = 54,
  p60_suspicion_breaks_leases = 60,
  p61_base_without_membership = 61,
  p62_rebase_counts_too_early = 62,
  p63_silent_below_base = 63,
  p64_transfer_keeps_the_lease = 64,
  p65_restart_forgets_the_lease = 65,
  p66_pre_vote_moves_the_term = 66,
  p67_span_of_an_old_term_sent = 67,
  p68_damaged_replica_leads = 68,
  p70_moves_what_was_replaced = 70,
  p71_doubtful_batch_is_torn = 71,
  p72_cut_goes_before_what_it_killed = 72,
  p73_checksum_without_place = 73,
  p74_last_batch_mended_at_once = 74,
  p75_scrubber_does_not_report = 75,
  p76_scrubber_mends_without_checking = 76,
  p77_recycled_before_its_old_name_is_gone = 77,
  p78_sleeps_through_a_suspicion = 78,
  p79_sleeps_uncommitted = 79,
  p80_age_counts_from_the_answer = 80,
  p81_watch_starts_late = 81,
  p82_watch_told_twice = 82,
  p83_watch_splits_a_revision = 83,
  p84_watch_progress_too_early = 84,
  p85_new_leader_forgets_checkpoints = 85,
  p86_kept_alive_before_the_log_has_it = 86,
  p87_other_branch_is_begun = 87,
  p88_loads_the_revision_of_what_lives = 88,
  p89_late_answers_open_the_stream = 89,
  p99_canary = 99,
};

#ifdef BOWLINE_MUTANTS
inline Bug the_planted_bug = Bug::none;
inline bool planted(Bug bug) { return the_planted_bug == bug; }
#else
constexpr bool planted(Bug) { return false; }
#endif

}  // namespace bowline
