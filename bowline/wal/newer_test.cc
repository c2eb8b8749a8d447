// SPDX-License-Identifier: Apache-2.0
#include "bowline/wal/newer.h"

#include <gtest/gtest.h>

namespace bowline::wal {
namespace {

raft::Entry entry(std::uint64_t index) {
  return {{Term{1}, Index{index}}, raft::Kind::command, {}};
}

raft::Persist asked() { return {.hard_state = {}, .base = {}, .cut_after = {}, .repaired = {}}; }

TEST(Newer, an_append_replaces_nothing) {
  raft::Persist append = asked();
  append.entries = {entry(7)};
  EXPECT_FALSE(Newer::matters(append));
  Newer newer;
  newer.add(append);
  EXPECT_FALSE(newer.replaces(Index{7}));
  EXPECT_FALSE(newer.hard_state() || newer.base());
}

TEST(Newer, a_base_and_a_cut_replace_what_lies_before_and_behind) {
  raft::Persist base = asked();
  base.base = raft::Base{{Term{1}, Index{5}}, nullptr, {}, Term{1}};
  raft::Persist cut = asked();
  cut.cut_after = Index{8};
  raft::Persist higher = asked();
  higher.cut_after = Index{9};
  Newer newer;
  for (const raft::Persist& what : {base, cut, higher}) {
    EXPECT_TRUE(Newer::matters(what));
    newer.add(what);
  }
  EXPECT_TRUE(newer.base());
  EXPECT_FALSE(newer.hard_state());
  EXPECT_TRUE(newer.replaces(Index{5}));
  EXPECT_FALSE(newer.replaces(Index{6}));
  EXPECT_FALSE(newer.replaces(Index{8}));
  EXPECT_TRUE(newer.replaces(Index{9}));
}

TEST(Newer, a_repair_replaces_its_entries_in_whatever_order_they_came) {
  raft::Persist later = asked();
  later.repaired = {entry(9), entry(7)};
  raft::Persist earlier = asked();
  earlier.repaired = {entry(3), entry(4)};
  Newer newer;
  newer.add(later);
  newer.add(earlier);
  for (const std::uint64_t index : {3, 4, 7, 9}) EXPECT_TRUE(newer.replaces(Index{index}));
  for (const std::uint64_t index : {2, 5, 6, 8, 10}) EXPECT_FALSE(newer.replaces(Index{index}));
}

TEST(Newer, nothing_of_a_group_that_is_forgotten_or_begins_anew_may_come_back) {
  Newer forgotten;
  forgotten.add_forget();
  EXPECT_TRUE(forgotten.replaces(Index{1}));
  EXPECT_TRUE(forgotten.hard_state() && forgotten.base());
  raft::Persist discard = asked();
  discard.discard = true;
  EXPECT_TRUE(Newer::matters(discard));
  Newer anew;
  anew.add(discard);
  EXPECT_TRUE(anew.replaces(Index{1}));
  EXPECT_FALSE(anew.hard_state());
}

}  // namespace
}  // namespace bowline::wal
