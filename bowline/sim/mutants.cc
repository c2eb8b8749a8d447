// SPDX-License-Identifier: Apache-2.0
#include "bowline/sim/mutants.h"

#include <algorithm>
#include <array>

#include "bowline/host/bugs.h"

namespace bowline::sim {
namespace {

constexpr std::array table{
    Mutant{Bug::p01_vote_not_persisted, "the vote is kept in memory only", "I9 I8"},
    Mutant{Bug::p02_asks_for_votes_before_sync, "votes are asked for before the own one is synced",
           "I9"},
    Mutant{Bug::p03_vote_write_error_ignored, "an error while writing the vote is ignored", "I9"},
    Mutant{Bug::p04_vote_forgotten_at_restart, "a restart forgets the vote", "I8 I1"},
    Mutant{Bug::p05_counts_votes_of_older_term, "votes of an older term are counted", "I1 I26"},
    Mutant{Bug::p06_votes_for_shorter_log, "votes go to candidates with a shorter log", "I4"},
    Mutant{Bug::p07_commits_old_terms_by_counting,
           "entries of older terms are committed by counting", "I10 I4"},
    Mutant{Bug::p08_no_previous_term_check, "the term of the previous entry is not compared",
           "I3 I5"},
    Mutant{Bug::p09_cuts_on_any_stale_append, "a late append cuts what came after it", "I9 I10"},
    Mutant{Bug::p10_commits_the_unverified, "a follower commits what was not compared", "I5"},
    Mutant{Bug::p11_commit_goes_back, "a follower's commit goes back", "I6"},
    Mutant{Bug::p12_match_without_max, "a late answer lowers a match", "I11"},
    Mutant{Bug::p13_leader_counts_unsynced, "a leader counts its own entries before their sync",
           "I10"},
    Mutant{Bug::p14_acks_before_sync, "a follower acknowledges before the sync", "I9"},
    Mutant{Bug::p15_single_voter_acks_before_sync, "a group of one commits before the sync", "I10"},
    Mutant{Bug::p16_applies_the_uncommitted, "entries are applied before they are committed",
           "I6 I5"},
    Mutant{Bug::p17_place_apart_from_the_data,
           "a durable machine learns where it is apart from what it did", "I13 I14 I21",
           Ground::nodes},
    Mutant{Bug::p18_snapshot_without_membership, "a snapshot carries an old membership", "I13"},
    Mutant{Bug::p19_snapshot_with_current_term, "a snapshot carries the current term", "I13"},
    Mutant{Bug::p20_snapshot_without_sessions, "a snapshot is made without the sessions", "I13 I15",
           Ground::nodes},
    Mutant{Bug::p21_installs_older_snapshot, "an older snapshot replaces a newer state", "I6 I14"},
    Mutant{Bug::p22_names_not_synced, "the name of a new segment is not synced", "crash power",
           Ground::log},
    Mutant{Bug::p23_any_bad_batch_is_torn, "a bad batch ends the log, whatever follows it", "rot",
           Ground::log},
    Mutant{Bug::p24_checksum_ignored, "a checksum that is wrong is ignored", "rot", Ground::log},
    Mutant{Bug::p25_sync_error_ignored, "a write that failed counts as durable", "power",
           Ground::log},
    Mutant{Bug::p26_damaged_hard_state_is_none,
           "a hard state in a batch that was mended or damaged is left out", "rot power",
           Ground::log},
    Mutant{Bug::p27_wiped_node_counts, "a node that lost its disk counts as before", "I26 I10"},
    Mutant{Bug::p28_changes_members_before_own_commit,
           "a new leader changes the members before it committed anything", "I12"},
    Mutant{Bug::p29_second_change_while_one_pending, "a second change while one is pending", "I12"},
    Mutant{Bug::p30_membership_taken_when_applied,
           "a membership counts when it is committed, not when it is appended", "I26 I10"},
    Mutant{Bug::p31_joint_counts_only_the_new, "of a joint membership only the new half is asked",
           "I10 I26"},
    Mutant{Bug::p32_learners_count, "learners count in quorums", "I10 I26"},
    Mutant{Bug::p33_cut_keeps_the_cut_membership, "a cut log keeps acting on the cut membership",
           "I12"},
    Mutant{Bug::p34_read_before_own_commit, "a new leader serves reads before its first commit",
           "I18"},
    Mutant{Bug::p35_read_round_reused, "a read trusts a round that began before it", "I18"},
    Mutant{Bug::p36_lease_ignores_drift, "a lease does not allow for clocks that drift", "I18"},
    Mutant{Bug::p37_no_check_quorum, "a leader without a quorum does not step down", "I22"},
    Mutant{Bug::p38_no_pre_vote, "elections begin without a pre-vote", "I22"},
    Mutant{Bug::p39_timer_not_reset_on_grant, "granting a vote does not reset the timer", "I22"},
    Mutant{Bug::p40_timeouts_not_random, "election timeouts are not random", "I22"},
    Mutant{Bug::p41_sent_again_without_session, "a call is sent again without its session",
           "I14 I15", Ground::nodes},
    Mutant{Bug::p42_sessions_in_memory_only, "sessions are in the memory of a process only",
           "I13 I15", Ground::nodes},
    Mutant{Bug::p43_sessions_expire_by_local_clock, "sessions end by what a node counts by itself",
           "I21", Ground::nodes},
    Mutant{Bug::p44_lease_expires_by_an_old_leader,
           "a lease is revoked by what an old leader knew of it", "I17", Ground::kv},
    Mutant{Bug::p45_watch_drops_when_slow, "what a slow watcher was not told is left out", "I16",
           Ground::kv},
    Mutant{Bug::p46_compares_after_writes, "a transaction compares with what it wrote itself",
           "I15 I23", Ground::kv},
    Mutant{Bug::p47_no_op_counts_as_revision, "to delete nothing makes a revision", "I23",
           Ground::kv},
    Mutant{Bug::p48_victim_by_unordered_iteration,
           "the session that a hash table names first makes room", "I21", Ground::nodes},
    Mutant{Bug::p49_window_leaks, "the window of a follower leaks", "I19 I22"},
    Mutant{Bug::p50_commits_over_compacted_prefix,
           "an empty append over a compacted prefix commits anything", "I5"},
    Mutant{Bug::p51_refuses_inside_snapshot, "entries that a snapshot covers are refused", "I22"},
    Mutant{Bug::p52_cut_forgets_writes_in_flight,
           "a cut leaves the writes in flight as far-reaching as they were", "I9"},
    Mutant{Bug::p53_heartbeats_wait_for_the_disk, "heartbeats wait until the disk is done", "I22",
           Ground::nodes},
    Mutant{Bug::p54_foreign_messages_accepted, "messages of other lives and clusters are taken",
           "I24 I26 I10"},
    Mutant{Bug::p60_suspicion_breaks_leases, "a suspicion breaks a lease", "I18"},
    Mutant{Bug::p61_base_without_membership, "the base of a log loses the membership", "I13"},
    Mutant{Bug::p62_rebase_counts_too_early, "a base counts as durable before it is", "I9"},
    Mutant{Bug::p63_silent_below_base, "appends below the own base are not answered", "I22"},
    Mutant{Bug::p64_transfer_keeps_the_lease, "a transfer leaves the lease in force", "I18"},
    Mutant{Bug::p65_restart_forgets_the_lease, "a restarted follower forgets the leader's lease",
           "I18"},
    Mutant{Bug::p66_pre_vote_moves_the_term, "a pre-vote moves the term of who is asked", "I7"},
    Mutant{Bug::p67_span_of_an_old_term_sent, "a courier sends for a leader of the past", "I3"},
    Mutant{Bug::p68_damaged_replica_leads, "a replica with a damaged log leads", "I4"},
    Mutant{Bug::p70_moves_what_was_replaced,
           "what is copied out of a segment may be replaced since", "trial", Ground::log},
    Mutant{Bug::p71_doubtful_batch_is_torn, "a last batch with one bad block counts as torn", "rot",
           Ground::log},
    Mutant{Bug::p72_cut_goes_before_what_it_killed, "segments go in any order", "trial",
           Ground::log},
    Mutant{Bug::p73_checksum_without_place, "the checksum does not cover where a block lies", "rot",
           Ground::log},
    Mutant{Bug::p74_last_batch_mended_at_once, "a start writes the last batch again in one piece",
           "crash", Ground::log},
    Mutant{Bug::p75_scrubber_does_not_report, "the scrubber does not report what it cannot mend",
           "rot", Ground::log},
    Mutant{Bug::p76_scrubber_mends_without_checking,
           "the scrubber mends a batch of which it lacks too much", "rot", Ground::log},
    Mutant{Bug::p77_recycled_before_its_old_name_is_gone,
           "a segment is used again before its old name is gone", "trial", Ground::log},
    Mutant{Bug::p78_sleeps_through_a_suspicion,
           "a follower that sleeps does not mind that its leader's node is gone", "I22"},
    Mutant{Bug::p79_sleeps_uncommitted,
           "a group falls asleep though not all have committed everything", "I22"},
    Mutant{Bug::p80_age_counts_from_the_answer,
           "the age of a state is counted from the answer that it is fresh, not from the question",
           "I18", Ground::nodes},
    Mutant{Bug::p81_watch_starts_late, "a watcher is told all but the first revision", "I16",
           Ground::kv},
    Mutant{Bug::p82_watch_told_twice, "a watcher that was behind is told something twice", "I16",
           Ground::kv},
    Mutant{Bug::p83_watch_splits_a_revision, "a watcher is told a revision in two pieces", "I16",
           Ground::kv},
    Mutant{Bug::p84_watch_progress_too_early, "a stream is told of progress that not all have made",
           "I16", Ground::kv},
    Mutant{Bug::p85_new_leader_forgets_checkpoints,
           "a new leader gives a lease all of its time again, whatever a checkpoint left", "I17",
           Ground::kv},
    Mutant{Bug::p86_kept_alive_before_the_log_has_it,
           "a lease is kept alive before the log has more of it than a checkpoint left", "I17",
           Ground::kv},
    Mutant{Bug::p87_other_branch_is_begun, "a transaction that fails begins with the other branch",
           "I15 I16 I23", Ground::kv},
    Mutant{Bug::p88_loads_the_revision_of_what_lives,
           "a snapshot is loaded with the revision of the newest key that lives", "I13 I21",
           Ground::kv},
    Mutant{Bug::p89_late_answers_open_the_stream,
           "each late answer lets a window go, though it tells nothing of the link as it is",
           "I19"},
    Mutant{Bug::p90_votes_by_length,
           "logs are compared by their length, and not by their last term", "I2 I4 I5 I10"},
    Mutant{Bug::p91_votes_by_last_term,
           "logs are compared by their last term, and not by their length", "I2 I4 I5 I10"},
    Mutant{Bug::p92_keeps_what_conflicts, "an entry that conflicts with the leader's stays",
           "I3 I9 I11"},
    Mutant{Bug::p93_acks_its_whole_log, "all of the own log is acknowledged, and not what matched",
           "I9 I11"},
    Mutant{Bug::p94_votes_by_what_is_readable,
           "of a damaged log only what is readable counts when logs are compared", "I2 I4 I5 I10"},
    Mutant{host::p95_destroy_leaves_the_log,
           "of a group that is destroyed the log stays on the disk", "I27", Ground::nodes},
    Mutant{host::p96_old_read_waits_for_ever,
           "a read that may be old waits for the answer that it is not, however long", "I22",
           Ground::nodes},
    Mutant{host::p97_snapshot_names_not_synced,
           "a snapshot counts as durable before its names are synced", "I10", Ground::nodes},
    Mutant{host::p98_frames_wait_for_the_disk, "what is to be sent waits until the disk is done",
           "I22", Ground::nodes},
    Mutant{Bug::p99_canary, "the machine counts wrong at index 100", "I21"},
};

}  // namespace

std::span<const Mutant> mutants() { return table; }

std::string_view name(Ground ground) {
  switch (ground) {
    case Ground::world: return "world";
    case Ground::nodes: return "nodes";
    case Ground::kv: return "kv";
    case Ground::log: return "log";
  }
  return {};
}

std::optional<Ground> ground_named(std::string_view text) {
  const auto* const at =
      std::ranges::find_if(grounds, [&](Ground ground) { return name(ground) == text; });
  return at == grounds.end() ? std::nullopt : std::optional(*at);
}

std::string number_of(Bug bug) {
  const unsigned number = static_cast<unsigned>(bug);
  return std::string(number < 10 ? "P0" : "P") + std::to_string(number);
}

std::optional<Mutant> find_mutant(std::string_view number) {
  if (!number.empty() && (number.front() == 'P' || number.front() == 'p')) number.remove_prefix(1);
  while (number.size() > 1 && number.front() == '0') number.remove_prefix(1);
  const auto same = [&](const Mutant& mutant) {
    return std::to_string(static_cast<unsigned>(mutant.bug)) == number;
  };
  const auto at = std::ranges::find_if(table, same);
  return at == table.end() ? std::nullopt : std::optional(*at);
}

}  // namespace bowline::sim
